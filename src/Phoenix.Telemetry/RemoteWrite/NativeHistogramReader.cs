using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Reads a <c>prometheus.Histogram</c> of remote write and writes it as an OTLP data point: exponential for the standard
/// schemas, explicit for custom bounds (schema -53). Reused.
/// </summary>
/// <remarks>
/// OTLP lays buckets out densely. Where a sparse histogram would take more than <see cref="MostDenseBuckets"/>, its scale is
/// lowered until it does not, which merges neighbours exactly.
/// </remarks>
internal sealed class NativeHistogramReader
{
    public const int MostDenseBuckets = 2048;

    private const int CustomBounds = -53;
    private const ulong GaugeHint = 3;

    private readonly Side positive = new();
    private readonly Side negative = new();
    private readonly List<double> bounds = [];
    private int schema;
    private double sum, zeroThreshold;
    private ulong count, zeroCount;

    public MetricType Form => schema == CustomBounds ? MetricType.Histogram : MetricType.ExponentialHistogram;

    public bool Stale => BitConverter.DoubleToUInt64Bits(sum) == StaleMarker.Bits;

    public long Milliseconds { get; private set; }

    /// <returns>Null, or why it cannot be carried on.</returns>
    /// <exception cref="OtlpFormatException">It is not protobuf.</exception>
    public string? Read(ReadOnlySpan<byte> content, int origin)
    {
        positive.Clear();
        negative.Clear();
        bounds.Clear();
        (schema, sum, zeroThreshold, count, zeroCount, Milliseconds) = (0, 0, 0, 0, 0, 0);
        bool floats = false, gauge = false;
        var cursor = new ProtoCursor(content, origin);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 1:
                    count = Scalar(ref cursor, WireType.Varint, "count");
                    break;
                case 2 or 7 or 10 or 13:
                    floats = true;
                    break;
                case 3:
                    sum = BitConverter.UInt64BitsToDouble(Scalar(ref cursor, WireType.Fixed64, "sum"));
                    break;
                case 4:
                    schema = (int)ZigZag(Scalar(ref cursor, WireType.Varint, "schema"));
                    break;
                case 5:
                    zeroThreshold = BitConverter.UInt64BitsToDouble(Scalar(ref cursor, WireType.Fixed64, "zero threshold"));
                    break;
                case 6:
                    zeroCount = Scalar(ref cursor, WireType.Varint, "zero count");
                    break;
                case 8:
                    negative.Span(ref cursor);
                    break;
                case 9:
                    negative.Deltas(ref cursor);
                    break;
                case 11:
                    positive.Span(ref cursor);
                    break;
                case 12:
                    positive.Deltas(ref cursor);
                    break;
                case 14:
                    gauge = Scalar(ref cursor, WireType.Varint, "reset hint") == GaugeHint;
                    break;
                case 15:
                    Milliseconds = (long)Scalar(ref cursor, WireType.Varint, "timestamp");
                    break;
                case 16:
                    Bounds(ref cursor);
                    break;
            }
        }

        if (floats)
            return "a native histogram of fractional counts, which OTLP cannot carry";
        if (gauge)
            return "a native gauge histogram, which OTLP cannot carry";
        return Stale ? null : Resolve();
    }

    /// <summary>Writes what follows the attributes of the point.</summary>
    public void WriteFields(ProtoBuffer buffer)
    {
        if (Stale)
        {
            buffer.Flag(10);
            return;
        }

        buffer.Fixed64(4, count);
        buffer.Double(5, sum);
        if (Form == MetricType.Histogram)
            WriteExplicit(buffer);
        else
            WriteExponential(buffer);
    }

    private void WriteExponential(ProtoBuffer buffer)
    {
        var shift = 0;
        while (Math.Max(positive.DenseLength(shift), negative.DenseLength(shift)) > MostDenseBuckets)
            shift++;
        buffer.Tag(6, WireType.Varint);
        buffer.SignedVarint(schema - shift);
        buffer.Fixed64(7, zeroCount);
        positive.WriteDense(buffer, 8, shift);
        negative.WriteDense(buffer, 9, shift);
        if (zeroThreshold != 0)
            buffer.Double(14, zeroThreshold);
    }

    private void WriteExplicit(ProtoBuffer buffer)
    {
        var packed = buffer.Begin(6);
        Span<byte> eight = stackalloc byte[8];
        for (var i = 0; i <= bounds.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(eight, positive.At(i));
            buffer.Append(eight);
        }

        buffer.End(packed);
        packed = buffer.Begin(7);
        buffer.Append(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(bounds)));
        buffer.End(packed);
    }

    private string? Resolve()
    {
        if (schema != CustomBounds && schema is < -4 or > 8)
            return $"a native histogram of schema {schema}; known are -4 to 8 and {CustomBounds}";
        var problem = positive.Resolve() ?? negative.Resolve();
        if (problem is not null)
            return problem;
        if (schema == CustomBounds)
        {
            for (var i = 0; i < bounds.Count; i++)
            {
                if (double.IsNaN(bounds[i]) || (i > 0 && !(bounds[i] > bounds[i - 1])))
                    return "custom bounds that do not rise";
            }

            if (positive.Buckets.Count > 0 && (positive.Buckets[0].Index < 0 || positive.Buckets[^1].Index > bounds.Count))
                return $"a bucket beyond the {bounds.Count} custom bounds";
            if (negative.Buckets.Count > 0 || zeroCount > 0)
                return "negative buckets or a zero bucket beside custom bounds";
            count = positive.Total;
            return null;
        }

        // What lies above the largest finite number is infinite; OTLP has no bucket for it, and the count is of those that are there.
        var highest = schema >= 0 ? 1024L << schema : 1024L >> -schema;
        positive.DropAbove(highest);
        negative.DropAbove(highest);
        count = unchecked(zeroCount + positive.Total + negative.Total);
        return null;
    }

    private void Bounds(ref ProtoCursor cursor)
    {
        if (cursor.Wire == WireType.Fixed64)
        {
            bounds.Add(BitConverter.UInt64BitsToDouble(cursor.Scalar));
            return;
        }

        cursor.Expect(WireType.Bytes, "custom bounds");
        if (cursor.Content.Length % 8 != 0)
            throw new OtlpFormatException("custom bounds that are cut off", cursor.ContentOrigin);
        for (var at = 0; at < cursor.Content.Length; at += 8)
            bounds.Add(BinaryPrimitives.ReadDoubleLittleEndian(cursor.Content[at..]));
    }

    private static ulong Scalar(ref ProtoCursor cursor, int wireType, string what)
    {
        cursor.Expect(wireType, what);
        return cursor.Scalar;
    }

    private static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    /// <summary>The positive or the negative buckets.</summary>
    private sealed class Side
    {
        private readonly List<(int Offset, uint Length)> spans = [];
        private readonly List<long> deltas = [];

        /// <summary>Buckets that hold something, by Prometheus' index, which names the upper bound.</summary>
        public List<(long Index, ulong Count)> Buckets { get; } = [];

        public ulong Total { get; private set; }

        public void Clear()
        {
            spans.Clear();
            deltas.Clear();
            Buckets.Clear();
            Total = 0;
        }

        public void Span(ref ProtoCursor cursor)
        {
            cursor.Expect(WireType.Bytes, "bucket span");
            int offset = 0;
            uint length = 0;
            var span = new ProtoCursor(cursor.Content, cursor.ContentOrigin);
            while (span.Next())
            {
                if (span.Field == 1)
                    offset = (int)ZigZag(Scalar(ref span, WireType.Varint, "span offset"));
                else if (span.Field == 2)
                    length = (uint)Scalar(ref span, WireType.Varint, "span length");
            }

            spans.Add((offset, length));
        }

        public void Deltas(ref ProtoCursor cursor)
        {
            if (cursor.Wire == WireType.Varint)
            {
                deltas.Add(ZigZag(cursor.Scalar));
                return;
            }

            cursor.Expect(WireType.Bytes, "bucket deltas");
            var packed = new PackedVarints(cursor.Content, cursor.ContentOrigin);
            while (packed.Next(out var value))
                deltas.Add(ZigZag(value));
        }

        public string? Resolve()
        {
            long index = 0, running = 0;
            var next = 0;
            foreach (var (offset, length) in spans)
            {
                index += offset;
                if (length > deltas.Count - next)
                    return "bucket spans that name more buckets than there are";
                for (var i = 0; i < length; i++, index++)
                {
                    running = unchecked(running + deltas[next++]);
                    if (running < 0)
                        return "a bucket with a negative count";
                    if (running == 0)
                        continue;
                    if (Buckets.Count > 0 && index <= Buckets[^1].Index)
                        return "bucket spans that overlap";
                    if (index is < int.MinValue or > int.MaxValue)
                        return "a bucket index out of range";
                    Buckets.Add((index, (ulong)running));
                    Total = unchecked(Total + (ulong)running);
                }
            }

            return next < deltas.Count ? "more buckets than the spans name" : null;
        }

        public void DropAbove(long highest)
        {
            while (Buckets.Count > 0 && Buckets[^1].Index > highest)
            {
                Total = unchecked(Total - Buckets[^1].Count);
                Buckets.RemoveAt(Buckets.Count - 1);
            }
        }

        public ulong At(int index)
        {
            var low = 0;
            for (var high = Buckets.Count; low < high;)
            {
                var middle = (low + high) / 2;
                if (Buckets[middle].Index < index)
                    low = middle + 1;
                else
                    high = middle;
            }

            return low < Buckets.Count && Buckets[low].Index == index ? Buckets[low].Count : 0;
        }

        public long DenseLength(int shift) => Buckets.Count == 0 ? 0 : (Lower(Buckets[^1].Index) >> shift) - (Lower(Buckets[0].Index) >> shift) + 1;

        public void WriteDense(ProtoBuffer buffer, int field, int shift)
        {
            if (Buckets.Count == 0)
                return;
            var side = buffer.Begin(field);
            var first = Lower(Buckets[0].Index) >> shift;
            buffer.Tag(1, WireType.Varint);
            buffer.SignedVarint((int)first);
            var packed = buffer.Begin(2);
            var at = first;
            for (var i = 0; i < Buckets.Count;)
            {
                var own = Lower(Buckets[i].Index) >> shift;
                for (; at < own; at++)
                    buffer.Varint(0);
                ulong merged = 0;
                for (; i < Buckets.Count && Lower(Buckets[i].Index) >> shift == own; i++)
                    merged = unchecked(merged + Buckets[i].Count);
                buffer.Varint(merged);
                at++;
            }

            buffer.End(packed);
            buffer.End(side);
        }

        // OTLP names a bucket by its lower bound.
        private static long Lower(long index) => index - 1;
    }
}
