namespace Phoenix.Telemetry;

/// <summary>
/// What a reducer knows of one input stream, 48 bytes. Its attributes are not stored: where it goes is decided when a point
/// of it is at hand.
/// </summary>
internal struct StreamEntry
{
    /// <summary>The lower 64 bits of its identity.</summary>
    public ulong IdentityLow;

    /// <summary>The next 32: two of n streams are taken for one with a probability of n² / 2^97, 6e-18 for a million.</summary>
    public uint IdentityHigh;

    /// <summary>The output that takes its increments or its level now.</summary>
    public int Output;

    /// <summary>Time of the newest point; 0 before the first.</summary>
    public ulong LastTime;

    /// <summary>Cumulative: last known start time; 0 is unknown.</summary>
    public ulong Start;

    /// <summary>
    /// Numbers: raw bits of the last value, since an integer is not a double. Cumulative histograms: number of the state that
    /// holds their last point. Deltas: number of what tells repeated points.
    /// </summary>
    public ulong ValueBits;

    /// <summary>Arrival of the newest point in Unix seconds.</summary>
    public uint SeenAt;
    public StreamFlags Flags;

    /// <summary>Time of the newest point within the bound on the sender's clock: what freshness is measured from.</summary>
    public readonly ulong FreshFrom => SenderClock.Bound(LastTime, SeenAt * 1_000_000_000L);

    public readonly double Number => Has(StreamFlags.Integer) ? (long)ValueBits : BitConverter.UInt64BitsToDouble(ValueBits);

    public readonly bool Has(StreamFlags flag) => (Flags & flag) != 0;

    public void Set(StreamFlags flag, bool value) => Flags = value ? Flags | flag : Flags & ~flag;
}

[Flags]
internal enum StreamFlags : uint
{
    None = 0,
    InUse = 1,

    /// <summary>The last value is an integer.</summary>
    Integer = 2,

    /// <summary>There is a value to go on from (counters) or to fold (levels).</summary>
    Value = 4,

    /// <summary>Its value is part of its output (levels).</summary>
    InFold = 8,

    /// <summary>Its bounds are not those of its fold: it has an output of its own.</summary>
    Apart = 16,

    /// <summary>Where it goes is to be asked again with its next point.</summary>
    Reroute = 32,

    /// <summary>It is an output of a reducer before this one: it began at zero and is no base after a silence.</summary>
    Sibling = 64,

    /// <summary>It is folded by its current value.</summary>
    Level = 128,

    /// <summary>What is known of it is from before a restart or a reload, and no newer point came yet.</summary>
    Resumed = 256,
}
