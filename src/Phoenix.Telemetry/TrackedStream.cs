namespace Phoenix.Telemetry;

/// <summary>What a reducer knows of one input stream. Its attributes are not stored.</summary>
internal struct TrackedStream
{
    public UInt128 Identity;
    public ulong LastTime;

    /// <summary>The same within the bound on the sender's clock: what freshness is measured from.</summary>
    public ulong FreshFrom;

    /// <summary>Last known start time; 0 is unknown.</summary>
    public ulong Start;

    /// <summary>Raw bits of the last value: an integer is not a double.</summary>
    public ulong ValueBits;

    /// <summary>Arrival of the last point, Unix nanoseconds.</summary>
    public long SeenAt;
    public int Member;
    public int NextInMember;
    public int PreviousInMember;

    /// <summary>The rest this stream would be folded into.</summary>
    public int Rest;

    /// <summary>Its own output while it is kept; -1 else.</summary>
    public int Kept;
    public HistogramState? Histogram;
    public FoldKind Kind;
    public bool InUse;
    public bool IsInteger;

    /// <summary>There is a value to go on from (counters) or to fold (levels).</summary>
    public bool HasValue;

    /// <summary>Its value is part of its output (levels).</summary>
    public bool InFold;

    /// <summary>Its bounds are not those of its rest: it stays on its own.</summary>
    public bool Apart;

    public readonly double Number => IsInteger ? (long)ValueBits : BitConverter.UInt64BitsToDouble(ValueBits);
}

/// <summary>The last point of a cumulative explicit histogram.</summary>
internal sealed class HistogramState
{
    public byte[] Bounds { get; private set; } = [];

    public ulong[] Buckets { get; private set; } = [];

    public ulong Count { get; private set; }

    public double Sum { get; private set; }

    public bool HasSum { get; private set; }

    public bool SameBounds(scoped in PointFields point) => point.ExplicitBounds.SequenceEqual(Bounds) && point.BucketCounts.Length == Buckets.Length * 8;

    /// <summary>A falling count or bucket. Never the sum: observations may be negative.</summary>
    public bool Falls(scoped in PointFields point)
    {
        if (point.Count < Count)
            return true;
        for (var i = 0; i < Buckets.Length; i++)
        {
            if (point.Bucket(i) < Buckets[i])
                return true;
        }

        return false;
    }

    public void Set(scoped in PointFields point)
    {
        if (!SameBounds(point))
        {
            Bounds = point.ExplicitBounds.ToArray();
            Buckets = new ulong[point.BucketCounts.Length / 8];
        }

        for (var i = 0; i < Buckets.Length; i++)
            Buckets[i] = point.Bucket(i);
        (Count, Sum, HasSum) = (point.Count, point.Sum, point.HasSum);
    }

    /// <summary>Adds what is new since the last point; after a reset all of it is.</summary>
    public void AddIncrement(HistogramTotal total, scoped in PointFields point, bool reset)
    {
        for (var i = 0; i < total.Buckets.Length; i++)
            total.Buckets[i] += point.Bucket(i) - (reset ? 0 : Buckets[i]);
        total.Count += point.Count - (reset ? 0 : Count);
        if (!point.HasSum || (!reset && !HasSum))
            total.SumUnknown = true;
        else
            total.Sum.Add(point.Sum - (reset ? 0 : Sum));
    }
}
