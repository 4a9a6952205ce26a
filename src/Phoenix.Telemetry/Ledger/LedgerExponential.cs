namespace Phoenix.Telemetry;

/// <summary>What an exponential histogram point says beside count and sum; the buckets are decoded into reused arrays.</summary>
/// <remarks>opentelemetry-proto 1.x, <c>ExponentialHistogramDataPoint</c>.</remarks>
internal sealed class LedgerExponential
{
    // The specification's SDK default is 160 buckets; a sender that makes up more cannot make this grow without end.
    private const int MostBuckets = 1 << 16;

    public int Scale { get; private set; }

    public ulong Zero { get; private set; }

    public double ZeroThreshold { get; private set; }

    public LedgerBuckets Positive { get; } = new();

    public LedgerBuckets Negative { get; } = new();

    /// <returns>False where the buckets are not such that they can be compared: malformed ones too, which no decoder before this looks into.</returns>
    public bool Read(ReadOnlySpan<byte> point)
    {
        try
        {
            return ReadPoint(point);
        }
        catch (OtlpFormatException)
        {
            return false;
        }
    }

    public void CopyFrom(LedgerExponential other)
    {
        (Scale, Zero, ZeroThreshold) = (other.Scale, other.Zero, other.ZeroThreshold);
        Positive.CopyFrom(other.Positive);
        Negative.CopyFrom(other.Negative);
    }

    private bool ReadPoint(ReadOnlySpan<byte> point)
    {
        (Scale, Zero, ZeroThreshold) = (0, 0, 0);
        Positive.Clear();
        Negative.Clear();
        var cursor = new ProtoCursor(point, 0);
        while (cursor.Next())
        {
            switch (cursor.Field, cursor.Wire)
            {
                case (6, WireType.Varint):
                    Scale = ZigZag(cursor.Scalar);
                    break;
                case (7, WireType.Fixed64):
                    Zero = cursor.Scalar;
                    break;
                case (14, WireType.Fixed64):
                    ZeroThreshold = BitConverter.UInt64BitsToDouble(cursor.Scalar);
                    break;
                case (8 or 9, WireType.Bytes):
                    if (!ReadBuckets(cursor.Content, cursor.Field == 8 ? Positive : Negative))
                        return false;
                    break;
            }
        }

        return Scale is >= -10 and <= 20 && ZeroThreshold >= 0 && double.IsFinite(ZeroThreshold);
    }

    private static int ZigZag(ulong value) => (int)(uint)(value >> 1) ^ -(int)(value & 1);

    private static bool ReadBuckets(ReadOnlySpan<byte> message, LedgerBuckets target)
    {
        var cursor = new ProtoCursor(message, 0);
        while (cursor.Next())
        {
            switch (cursor.Field, cursor.Wire)
            {
                case (1, WireType.Varint):
                    target.Offset = ZigZag(cursor.Scalar);
                    break;
                case (2, WireType.Varint):
                    target.Append(cursor.Scalar);
                    break;
                case (2, WireType.Bytes):
                    for (var position = 0; position < cursor.Content.Length;)
                    {
                        ulong value = 0;
                        for (var shift = 0; ; shift += 7)
                        {
                            if (position >= cursor.Content.Length || shift > 63)
                                return false;
                            var b = cursor.Content[position++];
                            value |= (ulong)(b & 0x7F) << shift;
                            if (b < 0x80)
                                break;
                        }

                        if (target.Count >= MostBuckets)
                            return false;
                        target.Append(value);
                    }

                    break;
            }
        }

        return target.Count <= MostBuckets && Math.Abs((long)target.Offset) < int.MaxValue / 2;
    }
}

/// <summary>One run of buckets of an exponential histogram.</summary>
internal sealed class LedgerBuckets
{
    private ulong[] counts = [];

    /// <summary>Index of the first bucket.</summary>
    public int Offset { get; set; }

    public int Count { get; private set; }

    public ReadOnlySpan<ulong> Counts => counts.AsSpan(0, Count);

    public void Clear() => (Offset, Count) = (0, 0);

    public void Append(ulong count)
    {
        if (Count == counts.Length)
            Array.Resize(ref counts, Math.Max(16, counts.Length * 2));
        counts[Count++] = count;
    }

    public void CopyFrom(LedgerBuckets other)
    {
        if (counts.Length < other.Count)
            counts = new ulong[other.Count];
        other.Counts.CopyTo(counts);
        (Offset, Count) = (other.Offset, other.Count);
    }
}
