namespace Phoenix.Telemetry;

/// <summary>Applies points to tracked streams and hands what is new in them to the stream's output.</summary>
internal sealed class StreamUpdates(FoldOutputs outputs, Ranking ranking, ProcessorCounters counters, ulong stalenessNanos)
{
    /// <summary>A level counts while it is within the staleness limit of the newest point of its label group.</summary>
    public bool IsFresh(in TrackedStream stream) => stream.HasValue && outputs[stream.Rest].Watermark <= stream.FreshFrom + stalenessNanos;

    public void Apply(scoped in BatchReader reader, scoped in PointFields point, in MetricPlan plan, ref TrackedStream stream, long unixNanos)
    {
        if (stream.LastTime != 0 && point.UnixNanos <= stream.LastTime)
        {
            if (point.UnixNanos < stream.LastTime)
                counters.Late++;
            else
                counters.Duplicates++;
            return;
        }

        var time = SenderClock.Bound(point.UnixNanos, unixNanos);
        ref var rest = ref outputs[stream.Rest];
        rest.Watermark = Math.Max(rest.Watermark, time);
        var empty = plan.Kind switch
        {
            FoldKind.Histogram => point.NoRecordedValue,
            FoldKind.Counter => point.IsEmptyNumber || !double.IsFinite(point.Number),
            _ => point.IsEmptyNumber,
        };
        if (empty)
            TakeEmpty(ref stream, point, time);
        else if (plan.Kind == FoldKind.Counter)
            TakeCounter(reader, point, plan, ref stream, time, unixNanos);
        else if (plan.Kind == FoldKind.Level)
            TakeLevel(reader, point, plan, ref stream, time);
        else
            TakeHistogram(reader, point, plan, ref stream, time, unixNanos);
    }

    /// <summary>The stream's group is no longer kept: its own output ends, and later increments go to the rest.</summary>
    public void Leave(ref TrackedStream stream)
    {
        ref var kept = ref outputs[stream.Kept];
        if (stream.Kind == FoldKind.Level)
        {
            // Without a mark of its end, a reader's lookback would count it beside the rest that now holds it.
            kept.Ends = true;
            if (stream.InFold)
                Touch(stream.Rest, stream.FreshFrom);
        }

        outputs.Retire(stream.Kept);
        stream.Kept = -1;
    }

    /// <summary>A level that is no longer fresh is no longer part of its output.</summary>
    public void LeaveFold(ref TrackedStream stream)
    {
        if (!stream.InFold)
            return;
        stream.InFold = false;
        Touch(stream.Kept >= 0 ? stream.Kept : stream.Rest, outputs[stream.Rest].Watermark);
    }

    private void TakeEmpty(ref TrackedStream stream, scoped in PointFields point, ulong time)
    {
        counters.NoRecordedValue++;
        if (stream.Kind == FoldKind.Level)
        {
            stream.HasValue = false;
            (stream.LastTime, stream.FreshFrom) = (point.UnixNanos, time);
            LeaveFold(ref stream);
        }
        else if (stream.Kept >= 0)
        {
            ref var kept = ref outputs[stream.Kept];
            kept.Ends = true;
            kept.Newest = Math.Max(kept.Newest, time);
        }
    }

    private void TakeCounter(
        scoped in BatchReader reader, scoped in PointFields point, in MetricPlan plan, ref TrackedStream stream, ulong time, long unixNanos)
    {
        var output = Route(reader, point, plan, ref stream, time);
        ref var target = ref outputs[output];
        if (IsBase(stream, point))
        {
            if (!point.IsInteger)
                target.Total.Add(0.0);
        }
        else if (point.IsInteger && stream.IsInteger)
        {
            var (value, last) = ((long)point.ValueBits, (long)stream.ValueBits);
            var reset = CounterStep.IsReset(point.KnownStart, stream.Start, value, last);
            counters.Resets += reset ? 1 : 0;
            var increment = Math.Max(0, reset ? value : value - last);
            target.Total.Add(increment);
            target.Folded = true;
            ranking.AddWeight(stream.Member, increment, unixNanos);
        }
        else
        {
            var (value, last) = (point.Number, stream.Number);
            var reset = CounterStep.IsReset(point.KnownStart, stream.Start, value, last);
            counters.Resets += reset ? 1 : 0;
            var increment = Math.Max(0, reset ? value : value - last);
            target.Total.Add(increment);
            target.Folded = true;
            ranking.AddWeight(stream.Member, increment, unixNanos);
        }

        Touch(output, time);
        Remember(ref stream, point, time);
    }

    private void TakeLevel(scoped in BatchReader reader, scoped in PointFields point, in MetricPlan plan, ref TrackedStream stream, ulong time)
    {
        var before = stream.Kept;
        var output = Route(reader, point, plan, ref stream, time);
        if (before < 0 && stream.Kept >= 0 && stream.LastTime != 0)
            Touch(stream.Rest, time);
        Touch(output, time);
        Remember(ref stream, point, time);
        stream.InFold = true;
    }

    private void TakeHistogram(
        scoped in BatchReader reader, scoped in PointFields point, in MetricPlan plan, ref TrackedStream stream, ulong time, long unixNanos)
    {
        var state = stream.Histogram ??= new HistogramState();
        var sameBounds = !stream.HasValue || state.SameBounds(point);
        ref var rest = ref outputs[stream.Rest];
        rest.Histogram ??= new HistogramTotal(point.ExplicitBounds.ToArray(), point.BucketCounts.Length / 8);
        stream.Apart = !Fits(rest.Histogram, point);
        if (!sameBounds && stream.Kept >= 0)
        {
            // Its successor has the same identity: an end that came after would be taken for the successor's.
            outputs[stream.Kept].Ends = false;
            outputs.Retire(stream.Kept);
            stream.Kept = -1;
        }

        var output = Route(reader, point, plan, ref stream, time);
        ref var target = ref outputs[output];
        target.Histogram ??= new HistogramTotal(point.ExplicitBounds.ToArray(), point.BucketCounts.Length / 8);
        if (!IsBase(stream, point))
        {
            var reset = !sameBounds || CounterStep.IsReset(point.KnownStart, stream.Start, 0L, 0L) || state.Falls(point);
            counters.Resets += reset ? 1 : 0;
            state.AddIncrement(target.Histogram, point, reset);
            target.Folded = true;
            ranking.AddWeight(stream.Member, point.Count - (double)(reset ? 0 : state.Count), unixNanos);
        }

        state.Set(point);
        Touch(output, time);
        Remember(ref stream, point, time);
    }

    private static bool Fits(HistogramTotal total, scoped in PointFields point) =>
        point.ExplicitBounds.SequenceEqual(total.Bounds) && point.BucketCounts.Length == total.Buckets.Length * 8;

    private bool IsBase(in TrackedStream stream, scoped in PointFields point)
    {
        if (!stream.HasValue)
            return true;
        if (point.UnixNanos - stream.LastTime <= stalenessNanos)
            return false;
        counters.Returned++;
        return true;
    }

    /// <summary>The output for the stream's increments from now on; a stream whose group is kept gets one of its own.</summary>
    private int Route(scoped in BatchReader reader, scoped in PointFields point, in MetricPlan plan, ref TrackedStream stream, ulong time)
    {
        if (stream.Kept >= 0 && (stream.Apart || ranking[stream.Member].Kept))
            return stream.Kept;
        if (stream.Kept >= 0)
            Leave(ref stream);
        if (!stream.Apart && !ranking[stream.Member].Kept)
            return stream.Rest;
        return stream.Kept = outputs.Kept(reader, plan, time, stream.FreshFrom);
    }

    private void Touch(int number, ulong time)
    {
        ref var output = ref outputs[number];
        output.Dirty = true;
        output.Newest = Math.Max(output.Newest, time);
        if (output.Metric?.Kind == FoldKind.Counter || output.Metric?.Kind == FoldKind.Histogram)
            output.Ends = false;
    }

    private static void Remember(ref TrackedStream stream, scoped in PointFields point, ulong time)
    {
        (stream.LastTime, stream.FreshFrom) = (point.UnixNanos, time);
        if (point.KnownStart != 0)
            stream.Start = point.KnownStart;
        stream.ValueBits = point.ValueBits;
        stream.IsInteger = point.IsInteger;
        stream.HasValue = true;
    }
}
