namespace Phoenix.Telemetry;

/// <summary>The last point of one cumulative distribution on one side of the ledger, or the last delta points of one stream.</summary>
internal sealed class LastDistribution
{
    private const int Remembered = 8;

    private ulong[] buckets = [];
    private ulong[]? recent;
    private int next;

    public int BucketCount { get; private set; }

    public UInt128 Bounds { get; private set; }

    public double Sum { get; private set; }

    public bool HasSum { get; private set; }

    /// <summary>The last exponential point; null where the last point could not be compared or was of another kind.</summary>
    public LedgerExponential? Exponential { get; private set; }

    /// <summary>Takes a delta point by start and time.</summary>
    /// <returns>False where it is one of the last eight: a delta point may come late, but counts once.</returns>
    public bool IsNew(ulong start, ulong time)
    {
        var point = (start * 0x9E3779B97F4A7C15) ^ time;
        recent ??= new ulong[Remembered];
        if (recent.AsSpan().Contains(point))
            return false;
        recent[next] = point;
        next = (next + 1) % Remembered;
        return true;
    }

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
