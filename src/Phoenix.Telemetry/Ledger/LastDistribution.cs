namespace Phoenix.Telemetry;

/// <summary>The last point of one cumulative distribution on one side of the ledger.</summary>
internal sealed class LastDistribution
{
    private ulong[] buckets = [];

    public int BucketCount { get; private set; }

    public UInt128 Bounds { get; private set; }

    public double Sum { get; private set; }

    public bool HasSum { get; private set; }

    /// <summary>The last exponential point; null where the last point could not be compared or was of another kind.</summary>
    public LedgerExponential? Exponential { get; private set; }

    public ulong Bucket(int index) => buckets[index];

    public void Set(scoped in PointFields point, UInt128 bounds, LedgerExponential? exponential)
    {
        (Sum, HasSum, Bounds, BucketCount) = (point.Sum, point.HasSum, bounds, point.BucketCounts.Length / 8);
        if (buckets.Length < BucketCount)
            buckets = new ulong[BucketCount];
        for (var i = 0; i < BucketCount; i++)
            buckets[i] = point.Bucket(i);
        if (exponential is null)
            Exponential = null;
        else
            (Exponential ??= new LedgerExponential()).CopyFrom(exponential);
    }

    /// <summary>Bounds that changed, or a bucket that fell.</summary>
    public bool FallsTo(scoped in PointFields point, UInt128 bounds)
    {
        if (Bounds != bounds || BucketCount * 8 != point.BucketCounts.Length)
            return true;
        for (var i = 0; i < BucketCount; i++)
        {
            if (point.Bucket(i) < buckets[i])
                return true;
        }

        return false;
    }
}
