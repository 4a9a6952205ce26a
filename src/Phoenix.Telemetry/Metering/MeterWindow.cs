namespace Phoenix.Telemetry;

/// <summary>Options of <see cref="ArmMeter"/>.</summary>
public sealed record ArmMeterOptions
{
    /// <summary>What the pipeline's processors may fold; their union per metric makes the ledger's groups.</summary>
    public IReadOnlyList<FoldRule> Folds { get; init; } = [];

    /// <summary>The pipeline's processors, for what they dropped by rule.</summary>
    public IReadOnlyList<IMetricProcessor> Processors { get; init; } = [];

    /// <summary>Metrics whose streams must leave untouched, until <see cref="ArmMeter.Reset"/> names others.</summary>
    public IReadOnlyList<string> ProtectedMetrics { get; init; } = [];

    /// <summary>A stream that was silent for longer sets a new base. The same as in the reducers.</summary>
    public double StalenessSeconds { get; init; } = 300;

    /// <summary>
    /// Streams tracked at most, on the way in and on the way out each; about 180 bytes a stream in and out together where it
    /// is folded, 280 where it is not. Beyond it silent streams are forgotten first. Points that then find no place are counted
    /// as points, samples and in the checksum, as series by sketches (<see cref="MeterCounts.Approximate"/>), and leave the
    /// ledger's group of their stream void. How many is in <see cref="MeterWindow.UntrackedPoints"/>.
    /// </summary>
    public int MaxStreams { get; init; } = 500_000;

    /// <summary>How many metrics <see cref="MeterWindow.Top"/> names.</summary>
    public int Top { get; init; } = 10;

    /// <summary>How many rows <see cref="MeterWindow.Flow"/> has by metric, service and namespace each; 0 where nothing is counted by them.</summary>
    public int FlowRows { get; init; }
}

/// <summary>What an arm counted in one window.</summary>
/// <param name="Checksum">128 bits over identity, time and value of every input point, as 32 hex digits.</param>
/// <param name="UntrackedPoints">Points of streams beyond <see cref="ArmMeterOptions.MaxStreams"/>; where not 0, the window's series are estimates and groups of the ledger are void.</param>
public sealed record MeterWindow(
    MeterCounts Input, MeterCounts Output, string Checksum, LedgerResult Ledger, ProtectedResult Protected,
    IReadOnlyList<MetricSeries> Top, long UntrackedPoints)
{
    /// <summary>Ninety-nine of a hundred input streams come at least this often, by what came in the window; zero where none came twice.</summary>
    public TimeSpan LongestInterval { get; init; }

    /// <summary>The window by metric, service and namespace; null where <see cref="ArmMeterOptions.FlowRows"/> asks for none.</summary>
    public FlowResult? Flow { get; init; }
}

/// <param name="StreamsActive">OTLP streams seen in the window.</param>
/// <param name="SeriesActive">The same as classic Prometheus series.</param>
/// <param name="StreamsDistinct">Distinct streams since the last reset.</param>
/// <param name="SeriesDistinct">The same as classic series.</param>
/// <param name="Points">OTLP data points.</param>
/// <param name="Samples">The points as classic samples.</param>
/// <param name="Bytes">Bytes of the OTLP encoding.</param>
public sealed record MeterCounts(
    long StreamsActive, long SeriesActive, long StreamsDistinct, long SeriesDistinct, long Points, long Samples, long Bytes)
{
    /// <summary>Streams and series over several spans of time.</summary>
    public SeriesMeters Series { get; init; }

    /// <summary>Classic samples a minute over the window; 0 where its length is not known.</summary>
    public double SamplesPerMinute { get; init; }

    /// <summary>Distinct metric names of the last hour.</summary>
    public long Names { get; init; }

    /// <summary>Some of the counts are estimates by UltraLogLog, with <see cref="StandardErrorPct"/>.</summary>
    public bool Approximate { get; init; }

    /// <summary>Relative standard error of the estimates in per cent; 0 where all is exact.</summary>
    public double StandardErrorPct => Approximate ? 100 * UltraLogLog.StandardErrorOf(SeriesSketches.Precision) : 0;

    /// <summary>
    /// Where a clock hour (UTC) ended since the last window: the sketch of its classic series, as <see cref="UltraLogLog.Read"/>
    /// takes it. Sketches of several hours and hosts merge into the distinct series of them all.
    /// </summary>
    public byte[]? EndedHour { get; init; }
}

/// <summary>Streams and series over several spans of time; all but the window go by whole minutes.</summary>
/// <param name="Window">Seen in the window.</param>
/// <param name="Active20Minutes">Seen in the last 20 minutes.</param>
/// <param name="ActiveHour">Seen in the last 60 minutes.</param>
/// <param name="DistinctHour">Seen since the clock hour (UTC) began.</param>
/// <param name="DistinctDay">Seen in this clock hour and the 23 before.</param>
/// <param name="Measurement">Seen since the last reset.</param>
public readonly record struct SeriesMeters(
    SeriesCount Window, SeriesCount Active20Minutes, SeriesCount ActiveHour, SeriesCount DistinctHour, SeriesCount DistinctDay, SeriesCount Measurement);

/// <summary>The ledger over the epoch so far.</summary>
/// <param name="Groups">Groups compared.</param>
/// <param name="Increments">Input increments checked: points of counters and histograms that were not a base.</param>
/// <param name="In">Sum of increments in.</param>
/// <param name="Out">Sum of increments out.</param>
/// <param name="ErrorPct">100 · Σ|in − out| ÷ Σ|in| over all counting groups; 100 where something came out of nothing.</param>
/// <param name="WorstGroup">Metric and labels of the group with the largest relative error, levels of UpDownCounters and summed gauges included; null where all agree.</param>
/// <param name="WorstErrorPct">Its relative error in per cent.</param>
public sealed record LedgerResult(
    long Groups, long Increments, double In, double Out, double ErrorPct, string? WorstGroup, string? WorstMetric, double WorstErrorPct,
    IReadOnlyList<DroppedPoints> Dropped)
{
    /// <summary>What of the worst group is wrong: <c>increments</c>, <c>buckets</c>, <c>sum</c> or <c>level</c>; null where all agree.</summary>
    public string? WorstAspect { get; init; }

    /// <summary>Groups that are not compared because a stream of theirs found no place.</summary>
    public long VoidGroups { get; init; }
}

/// <param name="Expected">Protected streams that came in during the window.</param>
/// <param name="Retained">Those of them that left untouched: the same points by identity, times and value.</param>
/// <param name="Missing">Names of protected metrics of which a stream is missing or changed, at most 20.</param>
public sealed record ProtectedResult(long Expected, long Retained, IReadOnlyList<string> Missing);

/// <summary>Active series of one metric in the window.</summary>
public sealed record MetricSeries(string Metric, long SeriesIn, long SeriesOut);
