namespace Phoenix.Telemetry;

/// <summary>
/// In minus out of the buckets of exponential histograms, at the lowest scale that was seen. Buckets that begin below the
/// widest zero threshold seen count as zero.
/// </summary>
internal sealed class ExponentialBalance
{
    private readonly Dictionary<int, long> positive = [];
    private readonly Dictionary<int, long> negative = [];
    private long zero;
    private double zeroThreshold;
    private int scale = int.MaxValue;

    /// <summary>Adds or takes off all that a point holds.</summary>
    public void Add(LedgerExponential point, int sign)
    {
        if (point.Scale < scale)
            LowerTo(point.Scale);
        zeroThreshold = Math.Max(zeroThreshold, point.ZeroThreshold);
        zero += sign * (long)point.Zero;
        Add(positive, point.Positive, point.Scale - scale, sign);
        Add(negative, point.Negative, point.Scale - scale, sign);
    }

    /// <summary>Observations that are missing, too many, or in another bucket, each counted where it is missing and where it is too much.</summary>
    public double Moved => Moving(positive) + Moving(negative) + Math.Abs((double)(zero + Lumped(positive) + Lumped(negative)));

    /// <summary>Whether a later point of one stream holds less anywhere than an earlier one, both brought to one scale and zero threshold.</summary>
    public static bool Falls(LedgerExponential earlier, LedgerExponential later)
    {
        if (earlier.Scale == later.Scale && earlier.ZeroThreshold == later.ZeroThreshold)
            return later.Zero < earlier.Zero || Falls(earlier.Positive, later.Positive) || Falls(earlier.Negative, later.Negative);
        var balance = new ExponentialBalance();
        balance.Add(later, 1);
        balance.Add(earlier, -1);
        return balance.zero + balance.Lumped(balance.positive) + balance.Lumped(balance.negative) < 0 || balance.IsBelow(balance.positive) || balance.IsBelow(balance.negative);
    }

    private static bool Falls(LedgerBuckets earlier, LedgerBuckets later)
    {
        for (var i = 0; i < earlier.Count; i++)
        {
            var at = (long)earlier.Offset + i - later.Offset;
            if (earlier.Counts[i] > (at >= 0 && at < later.Count ? later.Counts[(int)at] : 0))
                return true;
        }

        return false;
    }

    private static void Add(Dictionary<int, long> balance, LedgerBuckets buckets, int shift, int sign)
    {
        for (var i = 0; i < buckets.Count; i++)
        {
            if (buckets.Counts[i] == 0)
                continue;
            var index = (buckets.Offset + i) >> shift;
            balance[index] = balance.GetValueOrDefault(index) + (sign * (long)buckets.Counts[i]);
        }
    }

    private void LowerTo(int lower)
    {
        var shift = scale == int.MaxValue ? 0 : scale - lower;
        scale = lower;
        if (shift == 0)
            return;
        Shift(positive, shift);
        Shift(negative, shift);
    }

    private static void Shift(Dictionary<int, long> balance, int shift)
    {
        var before = balance.ToArray();
        balance.Clear();
        foreach (var (index, count) in before)
            balance[index >> shift] = balance.GetValueOrDefault(index >> shift) + count;
    }

    // Bucket i holds what is above base^i, with base 2^(2^-scale).
    private bool BeginsInZero(int index) => zeroThreshold > 0 && Math.Pow(2, index * Math.ScaleB(1, -scale)) < zeroThreshold;

    private double Moving(Dictionary<int, long> balance)
    {
        double moved = 0;
        foreach (var (index, count) in balance)
            moved += BeginsInZero(index) ? 0 : Math.Abs((double)count);
        return moved;
    }

    private long Lumped(Dictionary<int, long> balance)
    {
        long lumped = 0;
        foreach (var (index, count) in balance)
            lumped += BeginsInZero(index) ? count : 0;
        return lumped;
    }

    private bool IsBelow(Dictionary<int, long> balance)
    {
        foreach (var (index, count) in balance)
        {
            if (count < 0 && !BeginsInZero(index))
                return true;
        }

        return false;
    }
}
