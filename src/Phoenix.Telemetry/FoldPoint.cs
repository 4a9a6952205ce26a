using System.Buffers.Binary;

namespace Phoenix.Telemetry;

/// <summary>Encodes the data point that an output stands at.</summary>
internal static class FoldPoint
{
    private const ulong NextMillisecond = 1_000_000;

    /// <summary>Whether there is something to say: a value, or its end where one was emitted before.</summary>
    public static bool IsDue(OutputMetric metric, ref FoldOutput output)
    {
        if (output.Key != 0 && !output.Folded && metric.Kind != FoldKind.Level)
            return false;
        if (!Ending(metric, output))
            return output.Dirty;
        var due = (output.Dirty || output.Ends) && !output.Ended && output.LastEmitted != 0;
        if (!due)
            (output.Dirty, output.Ends) = (false, false);
        return due;
    }

    public static void Write(ProtoBuffer batch, OutputMetric metric, ref FoldOutput output)
    {
        var ends = Ending(metric, output);
        var point = batch.Begin(1);
        batch.Append(output.Attributes);
        if (metric.Type != MetricType.Gauge)
            batch.Fixed64(2, output.Start);

        // An input that lags behind its siblings may change an output that was emitted with a later time.
        var time = output.LastEmitted == 0 ? output.Newest : Math.Max(output.Newest, output.LastEmitted + NextMillisecond);
        time = Math.Max(time, output.Start + 1);
        batch.Fixed64(3, time);
        if (ends)
        {
            batch.Tag(metric.Type == MetricType.Histogram ? 10 : 8, WireType.Varint);
            batch.Varint(1);
        }
        else if (metric.Kind == FoldKind.Counter)
        {
            WriteNumber(batch, output.Total);
        }
        else if (metric.Kind == FoldKind.Level)
        {
            WriteLevel(batch, metric.Fold, output);
        }
        else if (output.Histogram is { } histogram)
        {
            WriteHistogram(batch, histogram);
        }

        batch.End(point);
        output.LastEmitted = time;
        output.Dirty = false;
        output.Ends &= !ends && metric.Kind != FoldKind.Level;
        output.Ended = ends;
        output.Fresh = 0;
        output.Level = default;
    }

    // Increments that came before the end are still to be told: the value first, the end at the next flush.
    private static bool Ending(OutputMetric metric, in FoldOutput output) =>
        metric.Kind == FoldKind.Level ? output.Ends || output.Fresh == 0 : output.Ends && !output.Dirty;

    private static void WriteLevel(ProtoBuffer batch, GaugeFold fold, in FoldOutput output)
    {
        switch (fold)
        {
            case GaugeFold.Sum:
                WriteNumber(batch, output.Level);
                break;
            case GaugeFold.Avg:
                batch.Double(4, output.Level.Value / output.Fresh);
                break;
            default:
                var value = fold == GaugeFold.Min ? output.Least : output.Greatest;
                if (output.Level.IsDouble)
                    batch.Double(4, value);
                else
                    batch.Fixed64(6, (ulong)(long)value);
                break;
        }
    }

    private static void WriteNumber(ProtoBuffer batch, in RunningTotal total)
    {
        if (total.IsDouble)
            batch.Double(4, total.Value);
        else
            batch.Fixed64(6, (ulong)total.Whole);
    }

    private static void WriteHistogram(ProtoBuffer batch, HistogramTotal histogram)
    {
        batch.Fixed64(4, histogram.Count);
        if (!histogram.SumUnknown)
            batch.Double(5, histogram.Sum.Value);
        var packed = batch.Begin(6);
        Span<byte> eight = stackalloc byte[8];
        foreach (var bucket in histogram.Buckets)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(eight, bucket);
            batch.Append(eight);
        }

        batch.End(packed);
        batch.Bytes(7, histogram.Bounds);
    }
}
