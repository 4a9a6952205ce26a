namespace Phoenix.Telemetry;

/// <summary>The last point of one stream on one side of the ledger.</summary>
internal struct LedgerStream
{
    public UInt128 Identity;
    public int Group;
    public ulong LastTime;

    /// <summary>The same within the bound on the sender's clock: what freshness and forgetting go by.</summary>
    public ulong FreshFrom;

    /// <summary>Last known start; 0 is unknown.</summary>
    public ulong KnownStart;

    /// <summary>Start time of the first point as written.</summary>
    public ulong FirstStart;

    /// <summary>Start time of the last point as written.</summary>
    public ulong LastStart;
    public long Whole;
    public double Fraction;
    public bool IsInteger;
    public bool HasValue;
    public bool InUse;

    /// <summary>An output that is no input: it counts from zero and is never stale.</summary>
    public bool Own;
    public int Window;

    /// <summary>Start and end of two deltas: the newest, and the one before it or the last one that came late.</summary>
    public ((ulong Start, ulong End) Newer, (ulong Start, ulong End) Older) LastDeltas;
    public UInt128 Bounds;
    public ulong[]? Buckets;

    public readonly double Number => IsInteger ? Whole : Fraction;
}
