using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>phoenix_adaptive</c>: holds a series budget or a target reduction by folding, metric by metric, the labels that save
/// most for what they take away, and gives detail back where there is room, where a series turns anomalous and during an
/// incident.
/// </summary>
/// <param name="Options">What the reducer is built from.</param>
/// <param name="Interval">How often folded points leave; null follows the inputs.</param>
public sealed record AdaptiveProcessorSettings(string Id, AdaptiveOptions Options, TimeSpan? Interval) : ProcessorSettings(Id)
{
    public const string Type = "phoenix_adaptive";

    public override TimeSpan? ExportInterval => Interval;

    public override TimeSpan? Memory => TimeSpan.FromSeconds(Options.StalenessSeconds);

    internal static AdaptiveProcessorSettings Read(string id, SectionReader section)
    {
        var errorsBefore = section.Errors.Count;
        var options = new AdaptiveOptions
        {
            Name = id,
            Goal = ReadGoal(section),
            // Metrics that may be folded, by name or pattern; regex: by expressions over the whole name. Default: every one.
            Metrics = section.Has("metrics") || section.Has("regex") ? Selector(section, "metrics", "regex") : new MetricSelector(["*"]),
            // gauge, sum, histogram, exponential_histogram. Default: all.
            Types = section.Choices(
                "types", ("gauge", MetricType.Gauge), ("sum", MetricType.Sum), ("histogram", MetricType.Histogram),
                ("exponential_histogram", MetricType.ExponentialHistogram)),
            // Conditions over the stream's attributes, as in filter; streams for which not all hold pass.
            Where = section.Texts("where"),
            // The only labels that may be folded, of points or resources. Default: every point attribute, no resource attribute.
            Labels = ReadLabels(section),
            // Metrics that pass untouched, by name or pattern; protected_regex: by expressions over the whole name.
            Protected = Selector(section, "protected", "protected_regex"),
            // Labels that stay, by metric: those that dashboards and alerts ask for.
            KeepLabels = ReadKeptLabels(section),
            Gauges = ReducerKeys.Rules(ReducerKeys.Gauges(section)),
            // What counts as active, and how often is decided. Default 2m, and at least twice the inputs' longest interval.
            Interval = section.Duration("interval", TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            Anomalies = ReadAnomalies(section),
            FirstSample = ReducerKeys.FirstSample(section),
            StalenessSeconds = ReducerKeys.Staleness(section).TotalSeconds,
            MaxStreams = ReducerKeys.MaxStreams(section, 200_000),
        };
        var interval = ReducerKeys.ExportInterval(section);
        section.RejectUnknown();
        ReducerKeys.RequireThatItCanStart(section, errorsBefore, () => _ = new AdaptiveReducer(options));
        return new AdaptiveProcessorSettings(id, options, interval);
    }

    private static AdaptiveGoal ReadGoal(SectionReader section)
    {
        var goal = new AdaptiveGoal
        {
            // Share of the series coming in that shall not go out, above 0 and below 1.
            TargetReduction = section.Has("target_reduction") ? section.Number("target_reduction", 0.5, 0.001, 0.999) : null,
            // Or: series that may go out.
            SeriesBudget = section.Has("series_budget") ? section.Integer("series_budget", 1, 1, 1_000_000_000) : null,
            // conservative, balanced or aggressive. Default balanced.
            Mode = section.Choice(
                "mode", AdaptiveMode.Balanced,
                ("conservative", AdaptiveMode.Conservative), ("balanced", AdaptiveMode.Balanced), ("aggressive", AdaptiveMode.Aggressive)),
            // Labels folded or given back in any 60 minutes. Default 12.
            MaxChangesPerHour = (int)section.Integer("max_changes_per_hour", 12, 1, 10_000),
        };
        if (goal.TargetReduction is null && goal.SeriesBudget is null)
        {
            section.Error("target_reduction", "is missing", "say what to steer to, such as `target_reduction: 0.7` or `series_budget: 5000`");
        }
        else if (goal.TargetReduction is not null && goal.SeriesBudget is not null)
        {
            section.Error("series_budget", "stands beside target_reduction", "steer to one of the two and remove the other");
        }

        return goal;
    }

    private static IReadOnlyList<string>? ReadLabels(SectionReader section)
    {
        if (!section.Has("labels"))
        {
            return null;
        }

        var labels = section.Texts("labels");
        if (section.IsEmptyList("labels"))
        {
            section.Error("labels", "is empty", "name the labels that may be folded, or leave the key out for every label of points");
        }

        foreach (var label in labels.Where(AdaptiveTuning.NeverFolded.Contains).Distinct())
        {
            section.Error("labels", $"{label} tells hosts, services or buckets apart", $"remove {label}: it is never folded");
        }

        return labels;
    }

    private static List<KeptLabels> ReadKeptLabels(SectionReader section)
    {
        var kept = new List<KeptLabels>();
        if (section.Section("keep_labels") is not { } byMetric)
        {
            return kept;
        }

        foreach (var (metric, _) in byMetric.Keys.ToList())
        {
            if (metric.Length == 0)
            {
                byMetric.Error(metric, "names no metric", "write a metric name or pattern, or * for every metric");
            }
            else
            {
                kept.Add(new KeptLabels(new MetricSelector([metric]), byMetric.Texts(metric)));
            }
        }

        return kept;
    }

    private static AnomalyOptions ReadAnomalies(SectionReader section)
    {
        var byDefault = new AnomalyOptions();
        if (section.Section("anomalies") is not { } anomalies)
        {
            return byDefault;
        }

        var options = new AnomalyOptions
        {
            // Standard deviations around a series' own median that are still in range; 0 switches the search off. Default 6.
            Deviations = anomalies.Number("deviations", byDefault.Deviations, 0, 1000),
            // How long a series is shown by itself after it was last out of range. Default 10m.
            Hold = anomalies.Duration("hold", byDefault.Hold, TimeSpan.Zero, TimeSpan.FromHours(24)),
            // Series shown by themselves at a time. Default 100.
            MaxShown = (int)anomalies.Integer("max_shown", byDefault.MaxShown, 0, 100_000),
            // Folded series whose history is kept. Default 50,000.
            MaxWatched = (int)anomalies.Integer("max_watched", byDefault.MaxWatched, 0, 16_000_000),
        };
        anomalies.RejectUnknown();
        return options;
    }

    private static MetricSelector Selector(SectionReader section, string key, string expressionsKey)
    {
        var patterns = section.Texts(key);
        var expressions = section.Texts(expressionsKey);
        if (patterns.Contains(""))
        {
            section.Error(key, "holds an empty text", "write a metric name, or * for every metric");
            return MetricSelector.None;
        }

        try
        {
            return new MetricSelector(patterns, expressions);
        }
        catch (ArgumentException e)
        {
            section.Error(expressionsKey, section.HasVariables ? "cannot be read with its variables set" : e.Message, "correct the expression");
            return MetricSelector.None;
        }
    }
}
