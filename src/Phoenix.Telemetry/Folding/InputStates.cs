namespace Phoenix.Telemetry;

/// <summary>When the first value of a cumulative stream counts.</summary>
public enum FirstSample
{
    /// <summary>Never: it is the base that later values are compared with, as <c>increase()</c> does.</summary>
    Parity,

    /// <summary>Where the stream's start time is known and lies inside the time that was watched.</summary>
    StartTime,
}

/// <summary>What is known of each stream's last points, and what is new in the next one: increments, resets, late and repeated points.</summary>
internal sealed class InputStates(FoldOutputs outputs, ProcessorCounters counters, ulong stalenessNanos, FoldEngineOptions options)
{
    private readonly ObjectSlab<ExplicitTotal> explicitStates = new();
    private readonly ObjectSlab<ExponentialTotal> exponentialStates = new();
    private readonly NativeSlab<RecentDeltas> recentDeltas = new();
    private readonly ExponentialTotal incoming = new();
    private readonly ExponentialTotal increment = new();
    private ulong watchedFrom;

    /// <summary>The watch begins with the first batch.</summary>
    public void Watch(long unixNanos) => watchedFrom = watchedFrom == 0 ? (ulong)unixNanos : watchedFrom;

    /// <summary>The watch begins anew with the next batch.</summary>
    public void WatchAnew() => watchedFrom = 0;

    /// <summary>Whether a histogram can be folded at all.</summary>
    public bool CanRead(scoped in BatchReader reader, FoldPlan plan, scoped in PointFields fields) => plan.Kind.IsExplicit()
        ? !fields.Irregular || fields.NoRecordedValue
        : incoming.TryRead(reader.Point, fields);

    public bool IsOld(in StreamEntry stream, in DecodedPoint point)
    {
        if (stream.LastTime == 0 || point.UnixNanos > stream.LastTime)
            return false;
        if (point.UnixNanos < stream.LastTime)
            counters.Late++;
        else
            counters.Duplicates++;
        return true;
    }

    public bool IsRepeated(in StreamEntry stream, in DecodedPoint point)
    {
        if (!stream.Has(StreamFlags.Value) || !recentDeltas[(int)stream.ValueBits].Holds(point.StartUnixNanos, point.UnixNanos))
            return false;
        counters.Duplicates++;
        return true;
    }

    public static bool IsEmpty(FoldKind kind, in DecodedPoint point) => kind switch
    {
        FoldKind.Level => point.IsEmptyNumber,
        FoldKind.Counter or FoldKind.DeltaSum => point.IsEmptyNumber || !double.IsFinite(point.Number),
        _ => point.NoRecordedValue,
    };

    /// <summary>Adds what is new in a point to the output of its stream.</summary>
    /// <returns>By how much it grew: its value, or its observations. Null for a base.</returns>
    public double? Take(ref StreamEntry stream, in DecodedPoint point, scoped in PointFields fields, FoldKind kind)
    {
        switch (kind)
        {
            case FoldKind.Counter:
                return TakeCounter(ref stream, point);
            case FoldKind.Level:
                stream.Set(StreamFlags.InFold, true);
                return null;
            case FoldKind.Histogram:
                return TakeHistogram(ref stream, point, fields);
            case FoldKind.ExponentialHistogram:
                return TakeExponential(ref stream, point);
            default:
                return TakeDelta(ref stream, point, fields, kind);
        }
    }

    public void Remember(ref StreamEntry stream, in DecodedPoint point, FoldKind kind, uint arrival)
    {
        stream.SeenAt = arrival;
        if (kind.IsDelta())
        {
            if (!stream.Has(StreamFlags.Value))
                stream.ValueBits = (ulong)recentDeltas.Take();
            recentDeltas[(int)stream.ValueBits].Add(point.StartUnixNanos, point.UnixNanos);
            stream.Set(StreamFlags.Value, true);
            stream.LastTime = Math.Max(stream.LastTime, point.UnixNanos);
            return;
        }

        stream.Set(StreamFlags.Value, true);
        stream.LastTime = point.UnixNanos;
        if (point.KnownStart != 0)
            stream.Start = point.KnownStart;
        if (!kind.IsNumber())
            return;
        stream.ValueBits = point.ValueBits;
        stream.Set(StreamFlags.Integer, point.IsInteger);
    }

    /// <summary>Nothing is remembered of a stream any more.</summary>
    public void Forget(in StreamEntry stream, FoldKind kind)
    {
        if (!stream.Has(StreamFlags.Value))
            return;
        if (kind == FoldKind.Histogram)
            explicitStates.Free((int)stream.ValueBits);
        else if (kind == FoldKind.ExponentialHistogram)
            exponentialStates.Free((int)stream.ValueBits);
        else if (kind.IsDelta())
            recentDeltas.Free((int)stream.ValueBits);
    }

    public void Save(StateWriter state)
    {
        explicitStates.Save(state);
        exponentialStates.Save(state);
        recentDeltas.Save(state);
    }

    public void Restore(StateReader state)
    {
        explicitStates.Restore(state);
        exponentialStates.Restore(state);
        recentDeltas.Restore(state);
    }

    private double? TakeCounter(ref StreamEntry stream, in DecodedPoint point)
    {
        ref var total = ref outputs[stream.Output].Total;
        if (IsBase(stream, point, out var fromZero))
        {
            if (!point.IsInteger)
                total.Add(0.0);
            return null;
        }

        if (point.IsInteger && (stream.Has(StreamFlags.Integer) || fromZero))
        {
            var (value, last) = ((long)point.ValueBits, fromZero ? 0 : (long)stream.ValueBits);
            var reset = CounterStep.IsReset(point.KnownStart, stream.Start, value, last);
            counters.Resets += reset ? 1 : 0;
            var step = Math.Max(0, reset ? value : value - last);
            total.Add(step);
            return step;
        }
        else
        {
            var (value, last) = (point.Number, fromZero ? 0 : stream.Number);
            var reset = CounterStep.IsReset(point.KnownStart, stream.Start, value, last);
            counters.Resets += reset ? 1 : 0;
            var step = Math.Max(0, reset ? value : value - last);
            total.Add(step);
            return step;
        }
    }

    private double? TakeHistogram(ref StreamEntry stream, in DecodedPoint point, scoped in PointFields fields)
    {
        var isNew = !stream.Has(StreamFlags.Value);
        var isBase = IsBase(stream, point, out var fromZero);
        if (isNew)
            stream.ValueBits = (ulong)explicitStates.Take();
        var state = explicitStates[(int)stream.ValueBits];
        double? grew = null;
        if (!isBase)
        {
            var reset = !fromZero && (!state.SameBounds(fields) || CounterStep.IsReset(point.KnownStart, stream.Start, 0L, 0L) || state.Falls(fields));
            counters.Resets += reset ? 1 : 0;
            var since = reset || fromZero ? null : state;
            outputs.Explicit[outputs[stream.Output].Distribution].Add(fields, since);
            grew = fields.Count - (since?.Count ?? 0);
        }

        state.Set(fields);
        return grew;
    }

    private double? TakeExponential(ref StreamEntry stream, in DecodedPoint point)
    {
        var isNew = !stream.Has(StreamFlags.Value);
        var isBase = IsBase(stream, point, out var fromZero);
        if (isNew)
            stream.ValueBits = (ulong)exponentialStates.Take();
        var state = exponentialStates[(int)stream.ValueBits];
        var total = Exponential(stream.Output);
        double? grew = null;
        if (!isBase)
        {
            increment.Set(incoming);
            if (!fromZero && (CounterStep.IsReset(point.KnownStart, stream.Start, 0L, 0L) || !increment.TrySubtract(state)))
            {
                counters.Resets++;
                increment.Set(incoming);
            }

            grew = increment.Count;
            total.Add(increment);
        }

        state.Set(incoming);
        return grew;
    }

    private double? TakeDelta(ref StreamEntry stream, in DecodedPoint point, scoped in PointFields fields, FoldKind kind)
    {
        switch (kind)
        {
            case FoldKind.DeltaSum when point.IsInteger:
                outputs[stream.Output].Total.Add((long)point.ValueBits);
                return Math.Abs((double)(long)point.ValueBits);
            case FoldKind.DeltaSum:
                outputs[stream.Output].Total.Add(point.Number);
                return Math.Abs(point.Number);
            case FoldKind.DeltaHistogram:
                outputs.Explicit[outputs[stream.Output].Distribution].Add(fields, since: null);
                return fields.Count;
            default:
                Exponential(stream.Output).Add(incoming);
                return fields.Count;
        }
    }

    private ExponentialTotal Exponential(int output)
    {
        ref var target = ref outputs[output];
        if (target.Distribution < 0)
        {
            target.Distribution = outputs.Exponential.Take();
            outputs.Exponential[target.Distribution].Clear();
        }

        return outputs.Exponential[target.Distribution];
    }

    /// <param name="fromZero">It is no base although it is the first: all of its value counts.</param>
    private bool IsBase(in StreamEntry stream, in DecodedPoint point, out bool fromZero)
    {
        fromZero = false;
        if (!stream.Has(StreamFlags.Value))
        {
            fromZero = point.KnownStart != 0
                && (stream.Has(StreamFlags.Sibling) || (options.FirstSample == FirstSample.StartTime && point.KnownStart >= watchedFrom));
            return !fromZero;
        }

        if (point.UnixNanos - stream.LastTime <= stalenessNanos || stream.Has(StreamFlags.Sibling))
            return false;
        counters.Returned++;
        return true;
    }
}
