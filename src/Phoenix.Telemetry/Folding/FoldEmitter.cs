using System.Buffers.Binary;

namespace Phoenix.Telemetry;

/// <summary>Writes the outputs that changed since the last flush, in batches of about 1 MB.</summary>
internal sealed class FoldEmitter(FoldOutputs outputs, bool tellsBegin)
{
    private const int PieceBytes = 1 << 20;
    private const ulong NextMillisecond = 1_000_000;

    private readonly ProtoBuffer batch = new();
    private int resourceMark = -1, scopeMark = -1, metricMark = -1, dataMark = -1;

    /// <returns>Points written.</returns>
    public long Emit(IBatchSink sink)
    {
        long points = 0;
        batch.Clear();
        foreach (var resource in outputs.Resources)
        {
            foreach (var scope in resource.Scopes)
            {
                foreach (var metric in scope.Metrics)
                    points += Emit(sink, metric);
                Close(ref scopeMark);
            }

            Close(ref resourceMark);
        }

        if (batch.Length > 0)
            sink.Write(batch.Span);
        outputs.FreeRetired();
        return points;
    }

    private long Emit(IBatchSink sink, OutputMetric metric)
    {
        long points = 0;
        for (int number = metric.First, next; number >= 0; number = next)
        {
            ref var output = ref outputs[number];
            next = output.Next;
            if (!IsDue(ref output))
                continue;
            Open(metric);
            if (tellsBegin && BeginsAboveZero(metric, output))
            {
                WriteZero(metric, ref output);
                points++;
            }

            WritePoint(metric, ref output);
            points++;
            if (batch.Length < PieceBytes)
                continue;
            CloseMetric();
            Close(ref scopeMark);
            Close(ref resourceMark);
            sink.Write(batch.Span);
            batch.Clear();
        }

        CloseMetric();
        return points;
    }

    /// <summary>Whether there is something to say: a value, or its end where one was emitted before.</summary>
    private bool IsDue(ref FoldOutput output)
    {
        if (output.Has(OutputFlags.Held) && !output.Has(OutputFlags.Level))
            return false;
        if (!IsEnding(output))
            return output.Has(OutputFlags.Dirty);
        var due = output.Has(OutputFlags.Dirty | OutputFlags.Ends) && !output.Has(OutputFlags.Ended) && output.LastEmitted != 0;
        if (!due)
            output.Set(OutputFlags.Dirty | OutputFlags.Ends, false);
        return due;
    }

    // Increments that came before the end are still to be told: the value first, the end at the next flush.
    private bool IsEnding(in FoldOutput output) => output.Has(OutputFlags.Level)
        ? output.Has(OutputFlags.Ends) || outputs.Levels[output.Distribution].Fresh == 0
        : output.Has(OutputFlags.Ends) && !output.Has(OutputFlags.Dirty);

    private void Open(OutputMetric metric)
    {
        if (metricMark >= 0)
            return;
        if (resourceMark < 0)
        {
            resourceMark = batch.Begin(1);
            batch.Append(metric.Scope.Resource.Raw);
        }

        if (scopeMark < 0)
        {
            scopeMark = batch.Begin(2);
            batch.Append(metric.Scope.Raw);
        }

        metricMark = batch.Begin(2);
        batch.Append(metric.Raw);
        dataMark = batch.Begin((int)metric.Type);
        batch.Append(metric.DataRaw);
    }

    private void CloseMetric()
    {
        Close(ref dataMark);
        Close(ref metricMark);
    }

    private void Close(ref int mark)
    {
        if (mark >= 0)
            batch.End(mark);
        mark = -1;
    }

    private bool BeginsAboveZero(OutputMetric metric, in FoldOutput output) =>
        output.LastEmitted == 0 && !IsEnding(output) && metric.Plan.Kind switch
        {
            FoldKind.Counter => output.Total.Value != 0,
            FoldKind.Histogram => output.Distribution >= 0 && outputs.Explicit[output.Distribution].Count > 0,
            FoldKind.ExponentialHistogram => output.Distribution >= 0 && outputs.Exponential[output.Distribution].Count > 0,
            _ => false,
        };

    private void WriteZero(OutputMetric metric, ref FoldOutput output)
    {
        output.LastEmitted = output.Start + NextMillisecond;
        var point = batch.Begin(1);
        outputs.WriteAttributes(batch, output);
        batch.Fixed64(2, output.Start);
        batch.Fixed64(3, output.LastEmitted);
        switch (metric.Plan.Kind)
        {
            case FoldKind.Histogram:
                WriteZero(outputs.Explicit[output.Distribution]);
                break;
            case FoldKind.ExponentialHistogram:
                WriteZero(outputs.Exponential[output.Distribution]);
                break;
            default:
                var zero = default(RunningTotal);
                if (output.Total.IsDouble)
                    zero.Add(0.0);
                WriteNumber(zero);
                break;
        }

        batch.End(point);
    }

    private void WriteZero(ExplicitTotal histogram)
    {
        batch.Fixed64(4, 0);
        if (!histogram.SumUnknown)
            batch.Double(5, 0);
        var packed = batch.Begin(6);
        foreach (var _ in histogram.Buckets)
            batch.Append([0, 0, 0, 0, 0, 0, 0, 0]);
        batch.End(packed);
        batch.Bytes(7, histogram.Bounds);
    }

    private void WriteZero(ExponentialTotal histogram)
    {
        batch.Fixed64(4, 0);
        if (!histogram.SumUnknown)
            batch.Double(5, 0);
        batch.Tag(6, WireType.Varint);
        batch.Varint(ZigZag(histogram.Scale));
        batch.Fixed64(7, 0);
        batch.Double(14, histogram.ZeroThreshold);
    }

    private void WritePoint(OutputMetric metric, ref FoldOutput output)
    {
        var ends = IsEnding(output);
        var kind = metric.Plan.Kind;
        var point = batch.Begin(1);
        outputs.WriteAttributes(batch, output);
        if (metric.Type != MetricType.Gauge)
            batch.Fixed64(2, output.Start);

        // An input that lags behind its siblings may change an output that was emitted with a later time.
        var time = output.LastEmitted == 0 ? output.Newest : Math.Max(output.Newest, output.LastEmitted + NextMillisecond);
        time = Math.Max(time, output.Start + 1);
        batch.Fixed64(3, time);
        if (ends)
        {
            batch.Tag(PointFields.FlagsFieldOf(metric.Type), WireType.Varint);
            batch.Varint(1);
        }
        else
        {
            WriteValue(metric, output);
        }

        batch.End(point);
        output.LastEmitted = time;
        output.Set(OutputFlags.Dirty, false);
        output.Set(OutputFlags.Ends, output.Has(OutputFlags.Ends) && !ends && kind != FoldKind.Level);
        output.Set(OutputFlags.Ended, ends);
        if (kind == FoldKind.Level)
            outputs.Levels[output.Distribution].Fresh = 0;
        if (kind == FoldKind.Level || kind.IsDelta())
            output.Total = default;
        if (kind.IsDelta())
            BeginWindow(kind, ref output, time);
    }

    // Windows of a delta join without a gap: the next one begins where this one ended.
    private void BeginWindow(FoldKind kind, ref FoldOutput output, ulong time)
    {
        output.Start = time;
        if (output.Distribution < 0)
            return;
        if (kind == FoldKind.DeltaHistogram)
            outputs.Explicit[output.Distribution].Clear();
        else
            outputs.Exponential[output.Distribution].Clear();
    }

    private void WriteValue(OutputMetric metric, in FoldOutput output)
    {
        switch (metric.Plan.Kind)
        {
            case FoldKind.Level:
                WriteLevel(metric.Plan.Function, output);
                break;
            case FoldKind.Counter or FoldKind.DeltaSum:
                WriteNumber(output.Total);
                break;
            case FoldKind.Histogram or FoldKind.DeltaHistogram when output.Distribution >= 0:
                WriteExplicit(outputs.Explicit[output.Distribution], metric.Plan.Kind.IsDelta());
                break;
            case FoldKind.ExponentialHistogram or FoldKind.DeltaExponentialHistogram when output.Distribution >= 0:
                WriteExponential(outputs.Exponential[output.Distribution], metric.Plan.Kind.IsDelta());
                break;
        }
    }

    private void WriteLevel(GaugeFold function, in FoldOutput output)
    {
        switch (function)
        {
            case GaugeFold.Sum:
                WriteNumber(output.Total);
                break;
            case GaugeFold.Avg:
                batch.Double(4, output.Total.Value / outputs.Levels[output.Distribution].Fresh);
                break;
            default:
                var value = outputs.Levels[output.Distribution].Extreme;
                if (output.Total.IsDouble)
                    batch.Double(4, value);
                else
                    batch.Fixed64(6, (ulong)(long)value);
                break;
        }
    }

    private void WriteNumber(in RunningTotal total)
    {
        if (total.IsDouble)
            batch.Double(4, total.Value);
        else
            batch.Fixed64(6, (ulong)total.Whole);
    }

    private void WriteExplicit(ExplicitTotal histogram, bool isDelta)
    {
        batch.Fixed64(4, histogram.Count);
        if (!histogram.SumUnknown)
            batch.Double(5, histogram.Sum);
        var packed = batch.Begin(6);
        Span<byte> eight = stackalloc byte[8];
        foreach (var bucket in histogram.Buckets)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(eight, bucket);
            batch.Append(eight);
        }

        batch.End(packed);
        batch.Bytes(7, histogram.Bounds);
        if (isDelta)
            WriteRange(11, histogram.Min, histogram.Max);
    }

    private void WriteExponential(ExponentialTotal histogram, bool isDelta)
    {
        batch.Fixed64(4, histogram.Count);
        if (!histogram.SumUnknown)
            batch.Double(5, histogram.Sum);
        batch.Tag(6, WireType.Varint);
        batch.Varint(ZigZag(histogram.Scale));
        batch.Fixed64(7, histogram.ZeroCount);
        WriteBuckets(8, histogram.Positive);
        WriteBuckets(9, histogram.Negative);
        if (isDelta)
            WriteRange(12, histogram.Min, histogram.Max);
        batch.Double(14, histogram.ZeroThreshold);
    }

    private void WriteRange(int minField, double min, double max)
    {
        if (!double.IsNaN(min))
            batch.Double(minField, min);
        if (!double.IsNaN(max))
            batch.Double(minField + 1, max);
    }

    private void WriteBuckets(int field, ExponentialBuckets buckets)
    {
        if (buckets.Length == 0)
            return;
        var side = batch.Begin(field);
        batch.Tag(1, WireType.Varint);
        batch.Varint(ZigZag(buckets.Offset));
        var packed = batch.Begin(2);
        foreach (var count in buckets.Counts)
            batch.Varint(count);
        batch.End(packed);
        batch.End(side);
    }

    private static ulong ZigZag(int value) => (uint)((value << 1) ^ (value >> 31));
}
