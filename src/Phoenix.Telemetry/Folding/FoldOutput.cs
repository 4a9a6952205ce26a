namespace Phoenix.Telemetry;

/// <summary>One output stream of a reducer: what it carries, and the aggregate it stands at.</summary>
internal struct FoldOutput : IKeyed
{
    /// <summary>It has the key of its group and is all of it: as long as nothing else is in it the group is not kept apart.</summary>
    public const int OnlyOfItsGroup = -1;

    public ulong KeyLow;
    public ulong KeyHigh;

    /// <summary>Attributes, owned by the output.</summary>
    public FieldRun Attributes;

    /// <summary>Number of the metric it belongs to.</summary>
    public int Metric;

    /// <summary>Number of its group, or <see cref="OnlyOfItsGroup"/>.</summary>
    public int Group;

    /// <summary>Neighbours in its metric; -1 at the ends.</summary>
    public int Next;
    public int Previous;

    /// <summary>Streams that go into it or hold a place in it.</summary>
    public int Inputs;

    /// <summary>Number of its histogram, or of what a level has beside its sum; -1 where it has neither.</summary>
    public int Distribution;
    public OutputFlags Flags;

    /// <summary>Cumulative: when it began at zero. Delta: the end of the last window that was emitted.</summary>
    public ulong Start;

    /// <summary>Newest input time taken in.</summary>
    public ulong Newest;
    public ulong LastEmitted;

    /// <summary>Increments; of levels the sum of this flush.</summary>
    public RunningTotal Total;

    public readonly UInt128 Key => new(KeyHigh, KeyLow);

    public readonly bool Has(OutputFlags flag) => (Flags & flag) != 0;

    public void Set(OutputFlags flag, bool value) => Flags = value ? Flags | flag : Flags & ~flag;
}

[Flags]
internal enum OutputFlags : uint
{
    None = 0,
    InUse = 1,

    /// <summary>Inputs were updated since the last flush.</summary>
    Dirty = 2,

    /// <summary>Says "no recorded value" at the next flush unless a value comes first.</summary>
    Ends = 4,

    /// <summary>The last point emitted said "no recorded value".</summary>
    Ended = 8,

    /// <summary>Not fed any more: freed after the next flush.</summary>
    Retired = 16,

    /// <summary>Held for streams that go elsewhere: not written until it takes something.</summary>
    Held = 32,

    /// <summary>It belongs to one stream, with all its labels.</summary>
    Own = 64,

    /// <summary>It is a function of current values.</summary>
    Level = 128,

    /// <summary>A successor has its key: it only says what it took in before.</summary>
    Replaced = 256,
}

/// <summary>What an output of levels has beside their sum.</summary>
internal struct LevelFold
{
    /// <summary>The smallest or greatest level of this flush, whichever the metric is folded by.</summary>
    public double Extreme;

    /// <summary>Newest input time, where the output is the only one of its group.</summary>
    public ulong Watermark;

    /// <summary>Fresh levels in this flush.</summary>
    public int Fresh;
}

/// <summary>Streams within which freshness is told.</summary>
internal struct FoldGroup : IKeyed
{
    public ulong KeyLow;
    public ulong KeyHigh;

    /// <summary>Newest input time of the whole group.</summary>
    public ulong Watermark;

    /// <summary>Newest time emitted by an output that is gone. One that comes again under its identity began after that.</summary>
    public ulong NewestEnd;

    /// <summary>The output that is held for the group's streams; -1 where none is.</summary>
    public int Held;

    /// <summary>Outputs that belong to it.</summary>
    public int Outputs;

    public readonly UInt128 Key => new(KeyHigh, KeyLow);
}

/// <summary>Resources, scopes and metrics around the outputs, each encoded once.</summary>
internal sealed class OutputResource(UInt128 key, byte[] raw)
{
    public UInt128 Key { get; } = key;

    /// <summary>The <c>ResourceMetrics</c> without its scopes.</summary>
    public byte[] Raw { get; } = raw;

    public List<OutputScope> Scopes { get; } = [];
}

internal sealed class OutputScope(UInt128 key, OutputResource resource, byte[] raw)
{
    public UInt128 Key { get; } = key;

    public OutputResource Resource { get; } = resource;

    /// <summary>The <c>ScopeMetrics</c> without its metrics.</summary>
    public byte[] Raw { get; } = raw;

    public List<OutputMetric> Metrics { get; } = [];
}

internal sealed class OutputMetric(UInt128 key, int number, OutputScope scope, MetricType type, FoldPlan plan, byte[] raw, byte[] dataRaw)
{
    public UInt128 Key { get; } = key;

    public int Number { get; } = number;

    public OutputScope Scope { get; } = scope;

    public MetricType Type { get; } = type;

    public FoldPlan Plan { get; } = plan;

    /// <summary>The <c>Metric</c> without its data.</summary>
    public byte[] Raw { get; } = raw;

    /// <summary>The data message without its points: temporality and monotonicity.</summary>
    public byte[] DataRaw { get; } = dataRaw;

    /// <summary>First and last of its outputs; -1 where there is none.</summary>
    public int First { get; set; } = -1;

    public int Last { get; set; } = -1;
}
