namespace Phoenix.Telemetry;

/// <summary>In minus out of a group's buckets and sums.</summary>
internal sealed class DistributionBalance
{
    private readonly List<(UInt128 Bounds, long[] Difference)> explicitBuckets = [];
    private ExponentialBalance? exponential;
    private RunningTotal sum;
    private double sumMagnitude, sumIn;
    private bool sumUnknownIn, sumUnknownOut, sumKnownIn;

    public ExponentialBalance Exponential => exponential ??= new ExponentialBalance();

    /// <summary>Observations in another bucket than they came in, or missing, or too many.</summary>
    public double Moved
    {
        get
        {
            double moved = exponential?.Moved ?? 0;
            foreach (var (_, difference) in explicitBuckets)
            {
                foreach (var bucket in difference)
                    moved += Math.Abs((double)bucket);
            }

            return moved / 2;
        }
    }

    /// <summary>
    /// How far the sum out is from the sum in, relative to the absolute increments in; 1 where the sums were lost on the way.
    /// Where an input says no sum there is none to compare.
    /// </summary>
    public double SumError
    {
        get
        {
            if (sumUnknownIn)
                return 0;
            if (sumUnknownOut)
                return sumKnownIn ? 1 : 0;
            var difference = Math.Abs(sum.Value);
            return difference <= LedgerGroup.Tolerance * sumMagnitude ? 0 : sumIn == 0 ? 1 : difference / sumIn;
        }
    }

    /// <param name="increment">What the point adds to the sum; null where it says none.</param>
    public void AddSum(bool isInput, double? increment)
    {
        if (increment is not { } known || !double.IsFinite(known))
        {
            sumUnknownIn |= isInput || increment is not null;
            sumUnknownOut |= !isInput;
            return;
        }

        sumKnownIn |= isInput;
        sumIn += isInput ? Math.Abs(known) : 0;
        sumMagnitude += Math.Abs(known);
        sum.Add(isInput ? known : -known);
    }

    /// <summary>Adds what one bucket gained, of those with the same bounds.</summary>
    public Span<long> Buckets(UInt128 bounds, int count)
    {
        foreach (var (known, difference) in explicitBuckets)
        {
            if (known == bounds && difference.Length == count)
                return difference;
        }

        explicitBuckets.Add((bounds, new long[count]));
        return explicitBuckets[^1].Difference;
    }
}
