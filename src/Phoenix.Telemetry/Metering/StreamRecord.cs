using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// All that the meters and the ledger know of one stream on one side of an arm: one cache line. From <see cref="Minute"/> every
/// meter is derived; the rest is the ledger's last point.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct StreamRecord : IIdentified
{
    public UInt128 Identity { get; set; }

    /// <summary>Time of the ledger's last point; 0 where it has none.</summary>
    public ulong LastTime;

    /// <summary>Raw bits of its value; the count of a distribution.</summary>
    public ulong Bits;

    /// <summary>Last known start; 0 is unknown.</summary>
    public ulong Start;

    /// <summary>Number of the ledger's group, plus one; 0 where the ledger does not follow the stream.</summary>
    public int Group;

    /// <summary>Number of the ledger's <see cref="LastDistribution"/>, plus one; 0 for none.</summary>
    public int Distribution;

    /// <summary>When it was last seen, in minutes after the Unix epoch.</summary>
    public int Minute;

    /// <summary>The last window it was seen in.</summary>
    public int Window;

    /// <summary>Seconds by which <see cref="LastTime"/> is ahead of what the sender's clock is believed; mostly 0.</summary>
    public uint Ahead;

    /// <summary>Classic Prometheus series it is.</summary>
    public ushort Classic;

    public SeriesShape Shape;

    public StreamState State;

    public bool InUse
    {
        readonly get => Has(StreamState.InUse);
        set => Set(StreamState.InUse, value);
    }

    /// <summary>What freshness and forgetting go by: the last point's time within the bound on the sender's clock.</summary>
    public readonly ulong FreshFrom => LastTime - (Ahead * 1_000_000_000ul);

    public readonly double Number => Has(StreamState.Integer) ? (long)Bits : BitConverter.UInt64BitsToDouble(Bits);

    public readonly bool Has(StreamState state) => (State & state) != 0;

    public void Set(StreamState state, bool value) => State = value ? State | state : State & ~state;
}

[Flags]
internal enum StreamState : byte
{
    None = 0,
    InUse = 1,

    /// <summary>There is a value to go on from.</summary>
    HasValue = 2,

    /// <summary>The value is an integer.</summary>
    Integer = 4,

    /// <summary>An output that is no input: it counts from zero and is never stale.</summary>
    Own = 8,

    /// <summary>Counted among the distinct of the measurement.</summary>
    Measured = 16,
}

/// <summary>How a stream is stored, beside its classic series.</summary>
internal enum SeriesShape : byte
{
    /// <summary>One series everywhere.</summary>
    Number,

    /// <summary>One native histogram in Prometheus, one distribution in Datadog.</summary>
    Histogram,

    /// <summary>Its quantiles, sum and count everywhere.</summary>
    Summary,

    /// <summary>A series of Prometheus that is no OTLP stream; Datadog keeps resource attributes as tags.</summary>
    TargetInfo,
}
