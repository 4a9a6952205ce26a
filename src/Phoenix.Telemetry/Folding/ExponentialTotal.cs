namespace Phoenix.Telemetry;

/// <summary>
/// An exponential histogram (OTel data model, "ExponentialHistogram"): the last cumulative point of a stream, or the running
/// total of an output. Two are brought to the lower scale and the wider zero bucket before they are subtracted or added;
/// both steps move whole buckets, so that no observation is lost or counted twice.
/// </summary>
internal sealed class ExponentialTotal : ISaved
{
    /// <summary>Buckets of one side at most; beyond it a total goes on at a lower scale. Twice the default of the SDKs.</summary>
    public const int MaxBuckets = 320;

    private const int LowestScale = -10;
    private const int HighestScale = 20;

    private RunningTotal sum;

    public int Scale { get; private set; }

    public double ZeroThreshold { get; private set; }

    public ulong ZeroCount { get; private set; }

    public ulong Count { get; private set; }

    public double Sum => sum.Value;

    /// <summary>Some input came without a sum, so that none can be told.</summary>
    public bool SumUnknown { get; private set; }

    /// <summary>Smallest and largest observation; NaN where not every point said so. Told of deltas only.</summary>
    public double Min { get; private set; } = double.NaN;

    public double Max { get; private set; } = double.NaN;

    public ExponentialBuckets Positive { get; } = new();

    public ExponentialBuckets Negative { get; } = new();

    public void Clear()
    {
        (Scale, ZeroThreshold, ZeroCount, Count, sum, SumUnknown) = (0, 0, 0, 0, default, false);
        (Min, Max) = (double.NaN, double.NaN);
        Positive.Clear();
        Negative.Clear();
    }

    public void Set(ExponentialTotal other)
    {
        (Scale, ZeroThreshold, ZeroCount, Count, sum, SumUnknown) =
            (other.Scale, other.ZeroThreshold, other.ZeroCount, other.Count, other.sum, other.SumUnknown);
        (Min, Max) = (other.Min, other.Max);
        Positive.Set(other.Positive);
        Negative.Set(other.Negative);
    }

    public void Save(StateWriter state)
    {
        state.Value(Scale);
        state.Value(ZeroThreshold);
        state.Value(ZeroCount);
        state.Value(Count);
        state.Value(sum);
        state.Value(SumUnknown);
        state.Value(Min);
        state.Value(Max);
        Positive.Save(state);
        Negative.Save(state);
    }

    public void Restore(StateReader state)
    {
        (Scale, ZeroThreshold, ZeroCount, Count) = (state.Value<int>(), state.Value<double>(), state.Value<ulong>(), state.Value<ulong>());
        (sum, SumUnknown, Min, Max) = (state.Value<RunningTotal>(), state.Value<bool>(), state.Value<double>(), state.Value<double>());
        Positive.Restore(state);
        Negative.Restore(state);
    }

    /// <summary>Reads a point.</summary>
    /// <returns>False where its scale, zero threshold or buckets are out of any use.</returns>
    public bool TryRead(ReadOnlySpan<byte> point, scoped in PointFields fields)
    {
        Clear();
        (Count, SumUnknown, Min, Max) = (fields.Count, !fields.HasSum, fields.Min, fields.Max);
        if (fields.HasSum)
            sum.Add(fields.Sum);
        var cursor = new ProtoCursor(point, 0);
        while (cursor.Next())
        {
            switch (cursor.Field)
            {
                case 6 when cursor.Wire == WireType.Varint:
                    Scale = Signed(cursor.Scalar);
                    break;
                case 7 when cursor.Wire == WireType.Fixed64:
                    ZeroCount = cursor.Scalar;
                    break;
                case 8 or 9 when cursor.Wire == WireType.Bytes:
                    if (!TryRead(cursor.Field == 8 ? Positive : Negative, cursor.Content))
                        return false;
                    break;
                case 14 when cursor.Wire == WireType.Fixed64:
                    ZeroThreshold = BitConverter.UInt64BitsToDouble(cursor.Scalar);
                    break;
                case 6 or 7 or 8 or 9 or 14:
                    return false;
            }
        }

        return Scale is >= LowestScale and <= HighestScale && double.IsFinite(ZeroThreshold) && ZeroThreshold >= 0;
    }

    /// <summary>Takes another point of the same stream away, so that the increment since it is left; the other is used up.</summary>
    /// <returns>False where something fell: the stream began again, and what is left here is of no use.</returns>
    public bool TrySubtract(ExponentialTotal earlier)
    {
        if (Count < earlier.Count)
            return false;
        Align(earlier);
        if (ZeroCount < earlier.ZeroCount || !Positive.TrySubtract(earlier.Positive) || !Negative.TrySubtract(earlier.Negative))
            return false;
        Count -= earlier.Count;
        ZeroCount -= earlier.ZeroCount;
        SumUnknown |= earlier.SumUnknown;
        sum.Add(-earlier.Sum);
        (Min, Max) = (double.NaN, double.NaN);
        Positive.Trim();
        Negative.Trim();
        return true;
    }

    /// <summary>Adds an increment; it is brought to the common scale on the way.</summary>
    public void Add(ExponentialTotal increment)
    {
        if (Count == 0 && Positive.Length + Negative.Length == 0 && ZeroCount == 0 && ZeroThreshold == 0 && !SumUnknown)
        {
            var before = sum;
            Set(increment);
            sum = before;
            if (!SumUnknown)
                sum.Add(increment.Sum);
            Shrink(this);
            return;
        }

        Align(increment);
        Shrink(increment);
        Positive.Add(increment.Positive);
        Negative.Add(increment.Negative);
        ZeroCount += increment.ZeroCount;
        (Min, Max) = (Math.Min(Min, increment.Min), Math.Max(Max, increment.Max));
        Count += increment.Count;
        SumUnknown |= increment.SumUnknown;
        if (!SumUnknown)
            sum.Add(increment.Sum);
    }

    private void Align(ExponentialTotal other)
    {
        var scale = Math.Min(Scale, other.Scale);
        Downscale(Scale - scale);
        other.Downscale(other.Scale - scale);
        if (ZeroThreshold == other.ZeroThreshold)
            return;

        // The wider threshold may lie inside a bucket: the zero bucket takes all of that one, at the price of a threshold at its end.
        var index = IndexOf(Math.Max(ZeroThreshold, other.ZeroThreshold), scale);
        WidenZero(index);
        other.WidenZero(index);
    }

    private void WidenZero(long index)
    {
        ZeroCount += Positive.TakeUpTo(index) + Negative.TakeUpTo(index);
        ZeroThreshold = UpperBound(index, Scale);
    }

    // Both sides go to one scale, and a cap on their width bounds the memory of a total whatever comes in.
    private void Shrink(ExponentialTotal with)
    {
        while (Positive.SpanWith(with.Positive) > MaxBuckets || Negative.SpanWith(with.Negative) > MaxBuckets)
        {
            Downscale(1);
            if (!ReferenceEquals(this, with))
                with.Downscale(1);
        }
    }

    private void Downscale(int by)
    {
        if (by == 0)
            return;
        Positive.Downscale(by);
        Negative.Downscale(by);
        Scale -= by;
    }

    /// <summary>The bucket (base^index, base^(index+1)] that a value lies in, base = 2^(2^-scale).</summary>
    private static long IndexOf(double value, int scale)
    {
        // A threshold that was put at the end of a bucket must be found there again, or it would creep upwards.
        const double Rounding = 1e-6;
        var place = Math.Log2(value) * Math.Pow(2, scale);
        var nearest = Math.Round(place);
        return (long)(Math.Abs(place - nearest) < Rounding ? nearest : Math.Ceiling(place)) - 1;
    }

    private static double UpperBound(long index, int scale) => Math.Pow(2, (index + 1) * Math.Pow(2, -scale));

    private static int Signed(ulong zigzag) => (int)(zigzag >> 1) ^ -(int)(zigzag & 1);

    private static bool TryRead(ExponentialBuckets buckets, ReadOnlySpan<byte> message)
    {
        // Far above what any SDK sends; a point that claims more is not worth the memory.
        const int Most = 1 << 14;
        var cursor = new ProtoCursor(message, 0);
        var offset = 0;
        buckets.Clear();
        while (cursor.Next())
        {
            if (cursor.Field == 1 && cursor.Wire == WireType.Varint)
            {
                offset = Signed(cursor.Scalar);
            }
            else if (cursor.Field == 2 && cursor.Wire == WireType.Varint)
            {
                buckets.Append(cursor.Scalar);
            }
            else if (cursor.Field == 2 && cursor.Wire == WireType.Bytes)
            {
                var packed = cursor.Content;
                while (!packed.IsEmpty)
                {
                    if (!TryVarint(ref packed, out var count) || buckets.Length == Most)
                        return false;
                    buckets.Append(count);
                }
            }
            else if (cursor.Field is 1 or 2)
            {
                return false;
            }
        }

        if (Math.Abs((long)offset) > 1 << 30)
            return false;
        buckets.MoveTo(offset);
        buckets.Trim();
        return true;
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int i = 0, shift = 0; i < bytes.Length && shift < 70; i++, shift += 7)
        {
            value |= (ulong)(bytes[i] & 0x7F) << shift;
            if (bytes[i] >= 0x80)
                continue;
            bytes = bytes[(i + 1)..];
            return true;
        }

        return false;
    }
}
