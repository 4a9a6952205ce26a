namespace Phoenix.Telemetry;

/// <summary>One rule of <see cref="AggregateReducer"/>: of which streams which labels go.</summary>
public sealed record AggregateRule
{
    /// <summary>Metrics by name.</summary>
    public required MetricSelector Metrics { get; init; }

    /// <summary>Only metrics of these types; empty for all.</summary>
    public IReadOnlyList<MetricType> Types { get; init; } = [];

    /// <summary>Only streams for which all these conditions hold, in the language of the filter's data point conditions.</summary>
    public IReadOnlyList<string> Where { get; init; } = [];

    /// <summary>Labels to fold away: a point attribute, else a resource attribute.</summary>
    public IReadOnlyList<string> Drop { get; init; } = [];

    /// <summary>Fold away every point attribute but these; resource attributes stay. Null where <see cref="Drop"/> says what goes.</summary>
    public IReadOnlyList<string>? Keep { get; init; }
}

/// <summary>Options of <see cref="AggregateReducer"/>.</summary>
public sealed record AggregateOptions
{
    /// <summary>Component id from the configuration, such as <c>phoenix_aggregate/http</c>.</summary>
    public required string Name { get; init; }

    /// <summary>In this order: of every stream the first rule that fits.</summary>
    public required IReadOnlyList<AggregateRule> Rules { get; init; }

    /// <summary>Metrics that pass untouched whatever the rules say.</summary>
    public MetricSelector Protected { get; init; } = MetricSelector.None;

    /// <summary>Fold functions of gauges; a gauge without one passes.</summary>
    public IReadOnlyList<GaugeRule> Gauges { get; init; } = [];

    /// <summary>
    /// The <c>host.id</c> that outputs get whose resource has none, so that two hosts never write the same stream; null or
    /// empty adds nothing.
    /// </summary>
    public string? HostId { get; init; }

    /// <summary>
    /// It runs where the streams of many hosts meet, by their surviving labels: only there may <c>host.id</c> and
    /// <c>host.name</c> be folded, and no <c>host.id</c> is added.
    /// </summary>
    public bool Gateway { get; init; }

    /// <summary>When the first value of a cumulative stream counts.</summary>
    public FirstSample FirstSample { get; init; }

    /// <summary>A stream not seen for longer is stale.</summary>
    public double StalenessSeconds { get; init; } = 300;

    /// <summary>Streams tracked at most (about 56 bytes each, more for histograms). Beyond it new streams pass unchanged and are counted.</summary>
    public int MaxStreams { get; init; } = 1_000_000;
}
