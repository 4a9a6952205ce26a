namespace Phoenix.Telemetry;

/// <summary>What makes a group of a monotonic sum or histogram heavy. Gauges and UpDownCounters are ranked by value.</summary>
public enum TopKBy
{
    /// <summary>Increments in the sliding window (of a histogram: of its count).</summary>
    Rate,

    /// <summary>All increments since the group was first seen.</summary>
    Value,
}

/// <summary>How gauges of several streams become one.</summary>
public enum GaugeFold
{
    Sum,
    Min,
    Max,

    /// <summary>Mean of the fresh inputs.</summary>
    Avg,
}

/// <param name="Metrics">Gauges that this function folds; the first rule that matches counts.</param>
public sealed record GaugeRule(MetricSelector Metrics, GaugeFold Fold)
{
    /// <summary>The first rule that matches; null where none does.</summary>
    internal static GaugeRule? For(IReadOnlyList<GaugeRule> rules, ReadOnlySpan<byte> metricName)
    {
        foreach (var rule in rules)
        {
            if (rule.Metrics.Matches(metricName))
                return rule;
        }

        return null;
    }
}

/// <summary>Options of <see cref="TopKReducer"/>.</summary>
public sealed record TopKOptions
{
    /// <summary>Component id from the configuration, such as <c>phoenix_topk/services</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Metrics to fold.</summary>
    public required MetricSelector Metrics { get; init; }

    /// <summary>
    /// Keys whose values together are what is ranked and folded: a point attribute, else a resource attribute. List
    /// every attribute that varies with the member (for a process beside <c>process.pid</c> its command line, owner,
    /// parent pid …): resources that differ in any other attribute stay apart.
    /// </summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>How many groups are kept per metric.</summary>
    public required int K { get; init; }

    public TopKBy By { get; init; } = TopKBy.Rate;

    /// <summary>The sliding window of <see cref="TopKBy.Rate"/>.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A group outside enters for certain at rank K · Enter or better. 0 &lt; Enter ≤ 1.</summary>
    public double Enter { get; init; } = 0.8;

    /// <summary>A group inside leaves for certain at a rank beyond K · Leave. Leave ≥ 1.</summary>
    public double Leave { get; init; } = 1.25;

    /// <summary>Metrics that pass untouched.</summary>
    public MetricSelector Protected { get; init; } = MetricSelector.None;

    /// <summary>Value that the labels of the folded rest carry.</summary>
    public string Other { get; init; } = "__other__";

    /// <summary>
    /// The <c>host.id</c> that folded and kept outputs get whose resource has none, so that two hosts never write the same
    /// stream; null or empty adds nothing. Neither <c>host.id</c> nor <c>host.name</c> may be among <see cref="Labels"/>.
    /// </summary>
    public string? HostId { get; init; }

    /// <summary>Fold functions of gauges; a gauge without one passes.</summary>
    public IReadOnlyList<GaugeRule> Gauges { get; init; } = [];

    /// <summary>When the first value of a cumulative stream counts.</summary>
    public FirstSample FirstSample { get; init; }

    /// <summary>A stream not seen for longer is forgotten.</summary>
    public double StalenessSeconds { get; init; } = 300;

    /// <summary>Streams tracked at most (about 70 bytes each, more for histograms). Beyond it new streams pass unchanged and are counted.</summary>
    public int MaxStreams { get; init; } = 200_000;
}
