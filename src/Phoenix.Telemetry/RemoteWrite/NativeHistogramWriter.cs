namespace Phoenix.Telemetry;

/// <summary>Writes an OTLP exponential histogram point as a <c>prometheus.Histogram</c> of remote write. Reused.</summary>
internal sealed class NativeHistogramWriter
{
    private const int LowestSchema = -4, HighestSchema = 8;

    // Two buckets without observations cost less within a span than a new span does.
    private const int LongestGap = 2;

    private readonly ExponentialLayout point = new();
    private readonly List<(int Offset, uint Length)> spans = [];
    private readonly List<long> deltas = [];

    /// <returns>Null, or why Prometheus cannot hold it.</returns>
    public string? Read(ReadOnlySpan<byte> otlpPoint)
    {
        point.Read(otlpPoint);
        if (point.Scale < LowestSchema)
            return "an exponential histogram of a scale below -4";
        point.Downscale(HighestSchema);
        return null;
    }

    /// <param name="field">Of the histogram in its series.</param>
    public void Write(ProtoBuffer buffer, int field, in PointFields fields, long milliseconds)
    {
        var message = buffer.Begin(field);
        if (fields.NoRecordedValue)
        {
            buffer.Fixed64(3, StaleMarker.Bits);
        }
        else
        {
            Scalar(buffer, 1, fields.Count);
            // A sum that is not known is not zero.
            buffer.Double(3, fields.HasSum ? fields.Sum : double.NaN);
            buffer.Tag(4, WireType.Varint);
            buffer.SignedVarint(point.Scale);
            buffer.Double(5, point.ZeroThreshold);
            Scalar(buffer, 6, point.ZeroCount);
            Side(buffer, 8, point.Negative);
            Side(buffer, 11, point.Positive);
        }

        Scalar(buffer, 15, (ulong)milliseconds);
        buffer.End(message);
    }

    private void Side(ProtoBuffer buffer, int field, ExponentialSide buckets)
    {
        Sparse(buckets);
        foreach (var (offset, length) in spans)
        {
            var span = buffer.Begin(field);
            buffer.Tag(1, WireType.Varint);
            buffer.SignedVarint(offset);
            Scalar(buffer, 2, length);
            buffer.End(span);
        }

        if (deltas.Count == 0)
            return;
        var packed = buffer.Begin(field + 1);
        foreach (var delta in deltas)
            buffer.SignedVarint(delta);
        buffer.End(packed);
    }

    private void Sparse(ExponentialSide buckets)
    {
        spans.Clear();
        deltas.Clear();
        var counts = buckets.Counts;
        var end = counts.Count;
        while (end > 0 && counts[end - 1] == 0)
            end--;
        long previous = 0;
        // Prometheus names a bucket by its upper bound, and the first span's offset is absolute.
        long next = -(long)buckets.Offset - 1;
        for (var i = 0; i < end;)
        {
            var zeros = i;
            while (counts[i] == 0)
                i++;
            if (spans.Count > 0 && i - zeros <= LongestGap)
            {
                for (; zeros < i; zeros++)
                    Add(0);
            }
            else
            {
                spans.Add(((int)(i - next), 0));
            }

            for (; i < end && counts[i] != 0; i++)
                Add(counts[i]);
            next = i;
        }

        void Add(ulong count)
        {
            deltas.Add(unchecked((long)count - previous));
            previous = (long)count;
            var last = spans[^1];
            spans[^1] = (last.Offset, last.Length + 1);
        }
    }

    private static void Scalar(ProtoBuffer buffer, int field, ulong value)
    {
        if (value == 0)
            return;
        buffer.Tag(field, WireType.Varint);
        buffer.Varint(value);
    }
}
