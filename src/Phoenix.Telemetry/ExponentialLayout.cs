namespace Phoenix.Telemetry;

/// <summary>The buckets of an OTLP exponential histogram point, read to be written with another index base or scale. Reused.</summary>
internal sealed class ExponentialLayout
{
    public int Scale { get; private set; }

    public ulong ZeroCount { get; private set; }

    public double ZeroThreshold { get; private set; }

    public ExponentialSide Positive { get; } = new();

    public ExponentialSide Negative { get; } = new();

    /// <exception cref="OtlpFormatException">The point is malformed.</exception>
    public void Read(ReadOnlySpan<byte> point)
    {
        (Scale, ZeroCount, ZeroThreshold) = (0, 0, 0);
        Positive.Clear();
        Negative.Clear();
        var cursor = new ProtoCursor(point, 0);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 6:
                    cursor.Expect(WireType.Varint, "scale");
                    Scale = (int)ExponentialSide.ZigZag(cursor.Scalar);
                    break;
                case 7:
                    cursor.Expect(WireType.Fixed64, "zero count");
                    ZeroCount = cursor.Scalar;
                    break;
                case 8:
                    cursor.Expect(WireType.Bytes, "positive buckets");
                    Positive.Read(cursor.Content, cursor.ContentOrigin);
                    break;
                case 9:
                    cursor.Expect(WireType.Bytes, "negative buckets");
                    Negative.Read(cursor.Content, cursor.ContentOrigin);
                    break;
                case 14:
                    cursor.Expect(WireType.Fixed64, "zero threshold");
                    ZeroThreshold = BitConverter.UInt64BitsToDouble(cursor.Scalar);
                    break;
            }
        }
    }

    /// <summary>Merges neighbours until the scale is no higher than given; exact.</summary>
    public void Downscale(int highest)
    {
        if (Scale <= highest)
            return;
        var shift = (int)Math.Min(31, (long)Scale - highest);
        Positive.Downscale(shift);
        Negative.Downscale(shift);
        Scale = highest;
    }
}

/// <summary>One side of an exponential histogram: counts of consecutive buckets from <see cref="Offset"/> on.</summary>
internal sealed class ExponentialSide
{
    public List<ulong> Counts { get; } = [];

    /// <summary>Index of the first bucket; the bucket at index i holds values in (base^i, base^(i+1)].</summary>
    public int Offset { get; private set; }

    public static long ZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    public void Clear()
    {
        Counts.Clear();
        Offset = 0;
    }

    public void Read(ReadOnlySpan<byte> buckets, int origin)
    {
        var cursor = new ProtoCursor(buckets, origin);
        while (cursor.Next())
        {
            if (cursor.Field == 1)
            {
                cursor.Expect(WireType.Varint, "bucket offset");
                Offset = (int)ZigZag(cursor.Scalar);
            }
            else if (cursor.Field == 2 && cursor.Wire == WireType.Varint)
            {
                Counts.Add(cursor.Scalar);
            }
            else if (cursor.Field == 2)
            {
                cursor.Expect(WireType.Bytes, "bucket counts");
                var packed = new PackedVarints(cursor.Content, cursor.ContentOrigin);
                while (packed.Next(out var count))
                    Counts.Add(count);
            }
        }
    }

    public void Downscale(int shift)
    {
        if (Counts.Count == 0)
            return;
        var first = Offset >> shift;
        var length = 0;
        for (var i = 0; i < Counts.Count; i++)
        {
            var to = (int)(((long)Offset + i) >> shift) - first;
            var count = Counts[i];
            if (to == length)
            {
                Counts[length++] = count;
                continue;
            }

            Counts[to] = unchecked(Counts[to] + count);
        }

        Counts.RemoveRange(length, Counts.Count - length);
        Offset = first;
    }
}
