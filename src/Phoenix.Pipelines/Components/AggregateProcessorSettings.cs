using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>phoenix_aggregate</c>: folds labels away by ordered rules, so that streams which become equal become one and sums over
/// them stay what they were.
/// </summary>
/// <param name="Gauges">Function per gauge; a gauge that is not named passes.</param>
/// <param name="Protected">Metric names that pass untouched.</param>
/// <param name="Gateway">It runs where the streams of many hosts meet, sharded by the labels that survive.</param>
/// <param name="MaxStreams">Input streams tracked; what comes beyond passes unfolded and is counted.</param>
public sealed record AggregateProcessorSettings(
    string Id, IReadOnlyList<AggregateRuleSettings> Rules, IReadOnlyDictionary<string, GaugeFold> Gauges, IReadOnlyList<string> Protected,
    bool Gateway, FirstSample FirstSample, TimeSpan Staleness, int MaxStreams, TimeSpan? Interval) : ProcessorSettings(Id)
{
    public const string Type = "phoenix_aggregate";

    public override TimeSpan? ExportInterval => Interval;

    public override TimeSpan? Memory => Staleness;

    internal static AggregateProcessorSettings Read(string id, SectionReader section)
    {
        var errorsBefore = section.Errors.Count;
        // True where the streams of all hosts meet: only there may host.id and host.name be dropped. Default false.
        var gateway = section.Flag("gateway", false);
        // Of every stream the first rule that fits counts. Required.
        List<AggregateRuleSettings> rules = [.. section.Sections("rules").Select(rule => AggregateRuleSettings.Read(rule, gateway))];
        if (rules.Count == 0 && section.Errors.Count == errorsBefore)
        {
            section.Error("rules", "names no rule", "write `rules: [{metrics: [\"http.server.*\"], drop: [customer]}]`");
        }

        var settings = new AggregateProcessorSettings(
            id, rules, ReducerKeys.Gauges(section), ReducerKeys.Protected(section), gateway, ReducerKeys.FirstSample(section),
            ReducerKeys.Staleness(section), ReducerKeys.MaxStreams(section, 1_000_000), ReducerKeys.ExportInterval(section));
        section.RejectUnknown();
        ReducerKeys.RequireThatItCanStart(section, errorsBefore, () => _ = new AggregateReducer(settings.ToOptions()));
        return settings;
    }

    /// <summary>What the reducer is built from.</summary>
    /// <exception cref="ArgumentException">A pattern is empty, or an expression cannot be read.</exception>
    public AggregateOptions ToOptions() => new()
    {
        Name = Id,
        Rules = [.. Rules.Select(rule => rule.ToRule())],
        Gauges = ReducerKeys.Rules(Gauges),
        Protected = new MetricSelector(Protected),
        Gateway = Gateway,
        FirstSample = FirstSample,
        StalenessSeconds = Staleness.TotalSeconds,
        MaxStreams = MaxStreams,
    };
}

/// <summary>One rule: of which streams which labels go.</summary>
/// <param name="Metrics">Metric names; <c>*</c> matches any run of characters.</param>
/// <param name="Expressions">Regular expressions over the whole name, beside <paramref name="Metrics"/>.</param>
/// <param name="Types">Only metrics of these types; empty for all.</param>
/// <param name="Where">Conditions as in <c>filter</c>; all have to hold.</param>
/// <param name="Drop">Labels that go: a point attribute, else a resource attribute.</param>
/// <param name="Keep">The only point attributes that stay; null where <paramref name="Drop"/> says what goes.</param>
public sealed record AggregateRuleSettings(
    IReadOnlyList<string> Metrics, IReadOnlyList<string> Expressions, IReadOnlyList<MetricType> Types, IReadOnlyList<string> Where,
    IReadOnlyList<string> Drop, IReadOnlyList<string>? Keep)
{
    internal static AggregateRuleSettings Read(SectionReader section, bool gateway)
    {
        // Metric names or patterns. This or regex is required.
        var metrics = section.Texts("metrics");
        // Regular expressions that match the whole name.
        var expressions = section.Texts("regex");
        if (metrics.Count + expressions.Count == 0)
        {
            section.Error("metrics", section.Has("metrics") ? "is empty" : "is missing", "list metric names or patterns, such as `[\"http.server.*\"]`, or expressions under `regex`");
        }

        if (metrics.Contains(""))
        {
            section.Error("metrics", "holds an empty text", "write a metric name, or * for every metric");
        }

        // gauge, sum, histogram, exponential_histogram. Default all.
        var types = section.Choices("types", ("gauge", MetricType.Gauge), ("sum", MetricType.Sum), ("histogram", MetricType.Histogram),
            ("exponential_histogram", MetricType.ExponentialHistogram));
        // Conditions over the stream's attributes, as in filter; all have to hold.
        var where = section.Texts("where");
        // Labels that go.
        var drop = section.Texts("drop");
        // The only point attributes that stay.
        var keep = section.Has("keep") ? section.Texts("keep") : null;
        if (keep is not null && section.Has("drop"))
        {
            section.Error("keep", "stands beside drop", "say either which labels go or which stay");
        }
        else if (keep is null && drop.Count == 0)
        {
            section.Error("drop", section.Has("drop") ? "is empty" : "is missing", "list the labels to fold away, such as `[customer]`, or those that stay under `keep`");
        }

        foreach (var label in drop.Where(l => !gateway && l is "host.id" or "host.name").Distinct())
        {
            section.Error("drop", $"{label} would fold across hosts", $"remove {label}, or set `gateway: true` where the streams of all hosts meet");
        }

        section.RejectUnknown();
        return new(metrics, expressions, types, where, drop, keep);
    }

    /// <exception cref="ArgumentException">A pattern is empty, or an expression cannot be read.</exception>
    internal AggregateRule ToRule() => new()
    {
        Metrics = new MetricSelector(Metrics, Expressions),
        Types = Types,
        Where = Where,
        Drop = Drop,
        Keep = Keep,
    };
}
