namespace Phoenix.Telemetry;

/// <summary>One output stream of a reducer: what it carries, and the aggregate it stands at.</summary>
internal struct FoldOutput
{
    /// <summary>Key in the index of rests; 0 for a kept stream's output, which its stream alone knows.</summary>
    public UInt128 Key;
    public OutputMetric? Metric;

    /// <summary>Encoded attributes with their tags.</summary>
    public byte[]? Attributes;

    /// <summary>When this counter began at zero.</summary>
    public ulong Start;

    /// <summary>Newest input time taken in.</summary>
    public ulong Newest;

    /// <summary>Newest input time of the whole label group, kept streams included: what freshness is measured against.</summary>
    public ulong Watermark;
    public ulong LastEmitted;
    public RunningTotal Total;
    public HistogramTotal? Histogram;

    /// <summary>Fresh inputs in this flush, and their aggregate (gauges, UpDownCounters).</summary>
    public int Fresh;
    public RunningTotal Level;
    public double Least;
    public double Greatest;
    public int Inputs;

    /// <summary>Inputs were updated since the last flush.</summary>
    public bool Dirty;

    /// <summary>Says "no recorded value" at the next flush unless a value comes first.</summary>
    public bool Ends;

    /// <summary>A rest that some stream went into whose group was not kept at a flush, or whose increment it took.</summary>
    public bool Folded;

    /// <summary>The last point emitted said "no recorded value".</summary>
    public bool Ended;

    /// <summary>Not fed any more: freed after the next flush.</summary>
    public bool Retired;
}

/// <summary>Increments of an explicit histogram, all on the same bounds.</summary>
internal sealed class HistogramTotal(byte[] bounds, int buckets)
{
    public byte[] Bounds { get; } = bounds;

    public ulong[] Buckets { get; } = new ulong[buckets];

    public ulong Count { get; set; }

    public RunningTotal Sum;

    /// <summary>Some input came without a sum, so that none can be told.</summary>
    public bool SumUnknown { get; set; }
}

/// <summary>Resources, scopes and metrics around the outputs, each encoded once.</summary>
internal sealed class OutputResource(UInt128 key, byte[] raw)
{
    public UInt128 Key { get; } = key;

    /// <summary>The <c>ResourceMetrics</c> without its scopes.</summary>
    public byte[] Raw { get; } = raw;

    public List<OutputScope> Scopes { get; } = [];
}

internal sealed class OutputScope(UInt128 key, byte[] raw)
{
    public UInt128 Key { get; } = key;

    /// <summary>The <c>ScopeMetrics</c> without its metrics.</summary>
    public byte[] Raw { get; } = raw;

    public List<OutputMetric> Metrics { get; } = [];
}

internal sealed class OutputMetric(UInt128 key, MetricType type, FoldKind kind, GaugeFold fold, byte[] raw, byte[] dataRaw)
{
    public UInt128 Key { get; } = key;

    public MetricType Type { get; } = type;

    public FoldKind Kind { get; } = kind;

    public GaugeFold Fold { get; } = fold;

    /// <summary>The <c>Metric</c> without its data.</summary>
    public byte[] Raw { get; } = raw;

    /// <summary>The data message without its points: temporality and monotonicity.</summary>
    public byte[] DataRaw { get; } = dataRaw;

    /// <summary>Numbers of the outputs.</summary>
    public List<int> Outputs { get; } = [];
}

internal enum FoldKind : byte
{
    /// <summary>Cumulative monotonic sum: increments add up.</summary>
    Counter,

    /// <summary>UpDownCounter or gauge: a function of the fresh inputs.</summary>
    Level,

    /// <summary>Cumulative explicit histogram: increments of buckets add up.</summary>
    Histogram,
}
