namespace Phoenix.Telemetry;

/// <summary>When the first value of a cumulative stream counts.</summary>
public enum FirstSample
{
    /// <summary>Never: it is the base that later values are compared with, as <c>increase()</c> does.</summary>
    Parity,

    /// <summary>Where the stream's start time is known and lies inside the time that was watched.</summary>
    StartTime,
}

/// <summary>Applies points to tracked streams and hands what is new in them to the stream's output.</summary>
internal sealed class FoldUpdates(
    IFoldPolicy policy, StreamTable streams, FoldOutputs outputs, ProcessorCounters counters, ulong stalenessNanos, FoldEngineOptions options)
{
    private readonly ObjectSlab<ExplicitTotal> explicitStates = new();
    private readonly ObjectSlab<ExponentialTotal> exponentialStates = new();
    private readonly NativeSlab<RecentDeltas> recentDeltas = new();
    private readonly ExponentialTotal incoming = new();
    private readonly ExponentialTotal increment = new();
    private ulong watchedFrom;

    /// <summary>The watch begins with the first batch.</summary>
    public void Watch(long unixNanos) => watchedFrom = watchedFrom == 0 ? (ulong)unixNanos : watchedFrom;

    /// <summary>Streams known from before a restart or a reload that have not come again.</summary>
    public int Resuming { get; private set; }

    /// <summary>
    /// Goes on from what is held, before whoever has not seen it come about: counters are written once more, so that it is known
    /// where they stand, and the watch begins anew.
    /// </summary>
    public void Resume()
    {
        Resuming = 0;
        watchedFrom = 0;
        for (var i = 0; i < streams.End; i++)
        {
            if (!streams[i].Has(StreamFlags.InUse))
                continue;
            streams[i].Set(StreamFlags.Resumed, true);
            Resuming++;
        }

        for (var i = 0; i < outputs.End; i++)
        {
            ref var output = ref outputs[i];
            if (output.LastEmitted != 0 && output.Has(OutputFlags.InUse) && !output.Has(OutputFlags.Level | OutputFlags.Ended | OutputFlags.Retired)
                && !outputs.MetricOf(i).Plan.Kind.IsDelta())
            {
                output.Set(OutputFlags.Dirty, true);
            }
        }
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

    /// <summary>Whether a histogram can be folded at all.</summary>
    public bool CanRead(scoped in BatchReader reader, FoldPlan plan, scoped in PointFields fields) => plan.Kind.IsExplicit()
        ? !fields.Irregular || fields.NoRecordedValue
        : incoming.TryRead(reader.Point, fields);

    /// <summary>Gives a new stream its output.</summary>
    public void Place(ref BatchReader reader, in DecodedPoint point, FoldPlan plan, int number, in FoldRoute route, ulong time)
    {
        if (policy.HoldsFold)
        {
            var isNew = outputs.Find(route.Fold) < 0;
            var held = outputs.FindOrAdd(reader, plan, route.Fold, route.Group, own: false, time, since: 0);
            if (isNew)
            {
                outputs[held].Set(OutputFlags.Held, true);
                outputs.GroupOf(held).Held = held;
            }

            outputs[held].Inputs++;
        }

        var output = Target(ref reader, plan, route, time, since: 0);
        streams[number].Output = output;
        Enter(output);
        if (plan.Kind.IsDelta() && outputs[output].LastEmitted == 0 && point.StartUnixNanos != 0)
            outputs[output].Start = Math.Min(outputs[output].Start, point.StartUnixNanos);
    }

    /// <returns>Null, or why the point passes instead.</returns>
    public PassReason? Apply(
        ref BatchReader reader, in DecodedPoint point, int index, scoped in PointFields fields, FoldPlan plan, int number, long unixNanos)
    {
        ref var stream = ref streams[number];
        if (plan.Kind.IsDelta() ? IsRepeated(stream, point) : IsOld(stream, point))
            return null;
        var time = SenderClock.Bound(point.UnixNanos, unixNanos);
        ref var group = ref outputs.GroupOf(stream.Output);
        group.Watermark = Math.Max(group.Watermark, time);
        var arrival = (uint)(unixNanos / 1_000_000_000);
        if (IsEmpty(plan.Kind, point))
        {
            stream.SeenAt = arrival;
            TakeEmpty(ref stream, point, time);
            return null;
        }

        if (stream.Has(StreamFlags.Reroute | StreamFlags.Apart | StreamFlags.Resumed))
        {
            EndResume(ref stream);
            if (stream.Has(StreamFlags.Reroute | StreamFlags.Apart))
            {
                reader.MoveTo(index);
                Reroute(ref reader, plan, number, time);
            }
        }

        if (plan.Kind.IsExplicit() && !FindBounds(ref reader, index, fields, plan, number, time))
            return PassReason.OtherBounds;
        double? grew = plan.Kind switch
        {
            FoldKind.Counter => TakeCounter(ref stream, point),
            FoldKind.Level => TakeLevel(ref stream, point),
            FoldKind.Histogram => TakeHistogram(ref stream, point, fields),
            FoldKind.ExponentialHistogram => TakeExponential(ref stream, point),
            _ => TakeDelta(ref stream, point, fields, plan.Kind),
        };
        Touch(stream.Output, time);
        Remember(ref stream, point, plan.Kind, arrival);
        if (grew is { } growth && plan.Kind != FoldKind.Level)
        {
            outputs[stream.Output].Set(OutputFlags.Held, false);
            policy.Grew(number, growth, unixNanos);
        }

        return null;
    }

    /// <summary>
    /// The stream goes back to the fold of its group, without a point at hand: its own output ends, later increments go to the
    /// fold. Does nothing where it is there already or has bounds of its own.
    /// </summary>
    public void MoveToFold(int number)
    {
        ref var stream = ref streams[number];
        var held = outputs.GroupOf(stream.Output).Held;
        if (held < 0 || held == stream.Output || stream.Has(StreamFlags.Apart))
            return;
        ref var fold = ref outputs[held];
        ref var own = ref outputs[stream.Output];
        if (outputs.MetricOf(held).Plan.Kind.IsExplicit() && fold.Distribution >= 0 && own.Distribution >= 0
            && !outputs.Explicit[own.Distribution].SameBounds(outputs.Explicit[fold.Distribution]))
        {
            stream.Set(StreamFlags.Apart, true);
            return;
        }

        Move(ref stream, held);
    }

    /// <summary>Forgets a stream; what it added stays.</summary>
    public void Forget(int number)
    {
        ref var stream = ref streams[number];
        EndResume(ref stream);
        LeaveFold(ref stream);
        var held = policy.HoldsFold ? outputs.GroupOf(stream.Output).Held : -1;
        var kind = outputs.MetricOf(stream.Output).Plan.Kind;
        Leave(stream.Output);
        if (held >= 0 && --outputs[held].Inputs == 0)
            outputs.Retire(held);
        if (stream.Has(StreamFlags.Value) && kind == FoldKind.Histogram)
            explicitStates.Free((int)stream.ValueBits);
        else if (stream.Has(StreamFlags.Value) && kind == FoldKind.ExponentialHistogram)
            exponentialStates.Free((int)stream.ValueBits);
        else if (stream.Has(StreamFlags.Value) && kind.IsDelta())
            recentDeltas.Free((int)stream.ValueBits);
        policy.Forgotten(number);
        streams.Remove(number);
    }

    public void WeighLevels()
    {
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.Has(StreamFlags.Level))
                continue;
            if (IsFresh(stream))
                policy.Weigh(i, stream.Number);
            else
                LeaveFold(ref stream);
        }
    }

    public void FoldLevels()
    {
        for (var i = 0; i < streams.End; i++)
        {
            ref var stream = ref streams[i];
            if (!stream.Has(StreamFlags.Level))
                continue;
            ref var output = ref outputs[stream.Output];
            if (!output.Has(OutputFlags.Dirty) || !IsFresh(stream))
                continue;
            var value = stream.Number;
            if (output.Fresh++ == 0)
                (output.Least, output.Greatest) = (value, value);
            output.Least = Math.Min(output.Least, value);
            output.Greatest = Math.Max(output.Greatest, value);
            if (stream.Has(StreamFlags.Integer))
                output.Total.Add((long)stream.ValueBits);
            else
                output.Total.Add(value);
        }
    }

    /// <summary>A level counts while it is within the staleness limit of the newest point of its group.</summary>
    private bool IsFresh(in StreamEntry stream) =>
        stream.Has(StreamFlags.Value) && outputs.GroupOf(stream.Output).Watermark <= stream.FreshFrom + stalenessNanos;

    private bool IsOld(in StreamEntry stream, in DecodedPoint point)
    {
        if (stream.LastTime == 0 || point.UnixNanos > stream.LastTime)
            return false;
        if (point.UnixNanos < stream.LastTime)
            counters.Late++;
        else
            counters.Duplicates++;
        return true;
    }

    private bool IsRepeated(in StreamEntry stream, in DecodedPoint point)
    {
        if (!stream.Has(StreamFlags.Value) || !recentDeltas[(int)stream.ValueBits].Holds(point.StartUnixNanos, point.UnixNanos))
            return false;
        counters.Duplicates++;
        return true;
    }

    private static bool IsEmpty(FoldKind kind, in DecodedPoint point) => kind switch
    {
        FoldKind.Level => point.IsEmptyNumber,
        FoldKind.Counter or FoldKind.DeltaSum => point.IsEmptyNumber || !double.IsFinite(point.Number),
        _ => point.NoRecordedValue,
    };

    private void TakeEmpty(ref StreamEntry stream, in DecodedPoint point, ulong time)
    {
        counters.NoRecordedValue++;
        if (stream.Has(StreamFlags.Level))
        {
            stream.Set(StreamFlags.Value, false);
            stream.LastTime = point.UnixNanos;
            LeaveFold(ref stream);
            return;
        }

        ref var output = ref outputs[stream.Output];
        if (!output.Has(OutputFlags.Own))
            return;
        output.Set(OutputFlags.Ends, true);
        output.Newest = Math.Max(output.Newest, time);
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

    private static double? TakeLevel(ref StreamEntry stream, in DecodedPoint point)
    {
        stream.Set(StreamFlags.InFold, true);
        return null;
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

    /// <summary>Sees to it that the stream's output has its bounds.</summary>
    /// <returns>False where it cannot: an output under the same name has others.</returns>
    private bool FindBounds(ref BatchReader reader, int index, scoped in PointFields fields, FoldPlan plan, int number, ulong time)
    {
        ref var stream = ref streams[number];
        if (HasBounds(stream.Output, fields))
            return true;
        reader.MoveTo(index);
        ref var output = ref outputs[stream.Output];
        var isAlone = output.Inputs == 1 && !IsHeld(stream.Output);
        if (isAlone)
        {
            var (key, group, own) = (output.Key, outputs.GroupOf(stream.Output).Key, output.Has(OutputFlags.Own));
            var replaced = stream.Output;
            outputs.Replace(replaced);
            stream.Output = outputs.FindOrAdd(reader, plan, key, group, own, time, stream.FreshFrom);
            outputs[replaced].Inputs--;
            outputs[stream.Output].Inputs++;
            return HasBounds(stream.Output, fields);
        }

        policy.Route(reader, plan, number, out var route);
        if (route.Own == route.Fold)
            return false;
        if (!stream.Has(StreamFlags.Apart))
            counters.Apart++;
        stream.Set(StreamFlags.Apart, true);
        Move(ref stream, outputs.FindOrAdd(reader, plan, route.Own, route.Group, own: true, time, stream.FreshFrom));
        return HasBounds(stream.Output, fields);
    }

    private bool HasBounds(int number, scoped in PointFields fields)
    {
        ref var output = ref outputs[number];
        if (output.Distribution >= 0)
            return outputs.Explicit[output.Distribution].SameBounds(fields);
        output.Distribution = outputs.Explicit.Take();
        outputs.Explicit[output.Distribution].Begin(fields);
        return true;
    }

    private void Reroute(ref BatchReader reader, FoldPlan plan, int number, ulong time)
    {
        ref var stream = ref streams[number];
        stream.Set(StreamFlags.Reroute, false);
        if (policy.Route(reader, plan, number, out var route) is not null)
            return;
        if (stream.Has(StreamFlags.Apart) && !route.IsKept)
        {
            // Back into the fold only where that is gone or has taken on the stream's bounds.
            var fold = outputs.Find(route.Fold);
            if (fold >= 0 && fold != stream.Output && outputs[fold].Distribution >= 0 && outputs[stream.Output].Distribution >= 0
                && !outputs.Explicit[outputs[fold].Distribution].SameBounds(outputs.Explicit[outputs[stream.Output].Distribution]))
            {
                return;
            }

            stream.Set(StreamFlags.Apart, false);
        }

        Move(ref stream, Target(ref reader, plan, route, time, stream.FreshFrom));
    }

    private int Target(ref BatchReader reader, FoldPlan plan, in FoldRoute route, ulong time, ulong since) => route.IsKept
        ? outputs.FindOrAdd(reader, plan, route.Own, route.Group, own: true, time, since)
        : outputs.FindOrAdd(reader, plan, route.Fold, route.Group, own: false, time, since);

    private void Move(ref StreamEntry stream, int target)
    {
        var from = stream.Output;
        if (from == target)
            return;
        Enter(target);
        stream.Output = target;
        if (stream.Has(StreamFlags.InFold))
        {
            // Both are told in one flush: the value where it went, and that it is no longer where it was.
            Touch(from, outputs.GroupOf(from).Watermark);
            Touch(target, stream.FreshFrom);
        }

        if (options.TellsBeginAndEnd && outputs[from].Inputs == 1 && !outputs[from].Has(OutputFlags.Level))
            outputs[from].Set(OutputFlags.Ends, true);
        Leave(from);
    }

    private void Enter(int output)
    {
        if (!IsHeld(output))
            outputs[output].Inputs++;
    }

    private void Leave(int output)
    {
        if (!IsHeld(output) && --outputs[output].Inputs == 0)
            outputs.Retire(output);
    }

    // A held fold counts the streams that hold it, wherever they go.
    private bool IsHeld(int output) => policy.HoldsFold && outputs.GroupOf(output).Held == output;

    /// <summary>A level that is no longer fresh is no longer part of its output.</summary>
    private void LeaveFold(ref StreamEntry stream)
    {
        if (!stream.Has(StreamFlags.InFold))
            return;
        stream.Set(StreamFlags.InFold, false);
        Touch(stream.Output, outputs.GroupOf(stream.Output).Watermark);
    }

    private void Touch(int number, ulong time)
    {
        ref var output = ref outputs[number];
        output.Newest = Math.Max(output.Newest, time);
        output.Set(OutputFlags.Dirty, true);
        if (!output.Has(OutputFlags.Level))
            output.Set(OutputFlags.Ends, false);
    }

    private void EndResume(ref StreamEntry stream)
    {
        if (!stream.Has(StreamFlags.Resumed))
            return;
        stream.Set(StreamFlags.Resumed, false);
        Resuming--;
    }

    private void Remember(ref StreamEntry stream, in DecodedPoint point, FoldKind kind, uint arrival)
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
}
