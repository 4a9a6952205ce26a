using System.Text;
using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary>How the heaviest groups are ranked.</summary>
public enum TopKRanking
{
    /// <summary>By increments in the sliding window, of histograms by observations. Gauges are always ranked by value.</summary>
    Rate,

    /// <summary>By all increments since the group was first seen.</summary>
    Value,
}

/// <summary>How several gauges become one.</summary>
public enum GaugeFold
{
    Sum,
    Min,
    Max,
    Avg,
}

/// <summary>
/// <c>phoenix_topk</c>: keeps the <c>k</c> heaviest groups of label values and folds the rest into one <c>__other__</c>, so
/// that sums over all groups stay what they were.
/// </summary>
/// <param name="Metrics">Metric names; <c>*</c> matches any run of characters.</param>
/// <param name="Labels">Point attributes, or resource attributes, whose values form the ranked group.</param>
/// <param name="Enter">A group outside enters at rank k · enter or better (0 &lt; enter ≤ 1).</param>
/// <param name="Leave">A kept group leaves at a rank beyond k · leave (leave ≥ 1).</param>
/// <param name="Protected">Metric names that pass untouched.</param>
/// <param name="Gauges">Function per gauge; a gauge that is not named passes.</param>
/// <param name="MaxStreams">Input streams tracked; what comes beyond passes unfolded and is counted.</param>
public sealed record TopKProcessorSettings(
    string Id, IReadOnlyList<string> Metrics, IReadOnlyList<string> Labels, int K, TopKRanking By, TimeSpan Window,
    double Enter, double Leave, IReadOnlyList<string> Protected, string Other,
    IReadOnlyDictionary<string, GaugeFold> Gauges, TimeSpan Staleness, int MaxStreams, TimeSpan? Interval) : ProcessorSettings(Id)
{
    public const string Type = "phoenix_topk";

    public override TimeSpan? ExportInterval => Interval;

    internal static TopKProcessorSettings Read(string id, SectionReader section)
    {
        var errorsBefore = section.Errors.Count;
        // Which metrics are folded. Required.
        var metrics = Required(section, "metrics", "list metric names or patterns, such as `[\"http.server.*\"]`");
        // Labels of the ranked group. Required.
        var labels = Required(section, "labels", "list the labels whose values are ranked and folded, such as `[customer]`");
        foreach (var label in labels.Where(l => l is "host.id" or "host.name").Distinct())
        {
            section.Error("labels", $"{label} would fold across hosts", $"remove {label}: a host folds only labels that vary inside the host");
        }

        foreach (var repeated in labels.GroupBy(l => l).Where(g => g.Count() > 1))
        {
            section.Error("labels", $"{Quoted(section, "labels", repeated.Key)} is listed {repeated.Count()} times", "list each label once");
        }

        // Groups kept per metric. Required.
        if (!section.Has("k"))
        {
            section.Error("k", "is missing", "say how many groups to keep, such as `k: 10`");
        }

        var k = (int)section.Integer("k", 10, 1, 1_000_000);
        // rate or value. Default rate; gauges are always ranked by value.
        var by = section.Choice("by", TopKRanking.Rate, ("rate", TopKRanking.Rate), ("value", TopKRanking.Value));
        // Sliding window of the ranking. Default 5m.
        var window = section.Duration("window", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
        var (enter, leave) = (0.8, 1.25);
        if (section.Section("hysteresis") is { } hysteresis)
        {
            // A group outside enters at rank k · enter or better. Default 0.8.
            enter = hysteresis.Number("enter", enter, 0.01, 1);
            // A kept group leaves at a rank beyond k · leave. Default 1.25.
            leave = hysteresis.Number("leave", leave, 1, 100);
            hysteresis.RejectUnknown();
        }

        // Metrics that pass untouched although `metrics` matches them.
        var untouched = section.Texts("protected");
        if (untouched.Contains(""))
        {
            section.Error("protected", "holds an empty text", "write a metric name, or * for every metric");
        }

        // Value of the labels of the folded rest. Default __other__.
        var other = section.Text("other") ?? "__other__";
        if (other.Length == 0)
        {
            section.Error("other", "is empty", "name the folded rest, or leave the key out for __other__");
        }

        var gauges = new Dictionary<string, GaugeFold>(StringComparer.Ordinal);
        if (section.Section("gauges") is { } functions)
        {
            foreach (var (metric, _) in functions.Keys)
            {
                if (metric.Length == 0)
                {
                    functions.Error(metric, "names no metric", "write a metric name, or * for every gauge");
                }

                gauges[metric] = functions.Choice(metric, GaugeFold.Sum, ("sum", GaugeFold.Sum), ("min", GaugeFold.Min), ("max", GaugeFold.Max), ("avg", GaugeFold.Avg));
            }
        }

        // After this time without a point an input is forgotten. Default 5m.
        var staleness = section.Duration("staleness", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
        // Input streams tracked. Default 200,000.
        var maxStreams = (int)section.Integer("max_streams", 200_000, 1, 16_000_000);
        // How often folded points leave. Default: the shortest interval of the inputs.
        var interval = section.OptionalDuration("export_interval", Bounds.ShortestInterval, Bounds.LongestInterval);
        section.RejectUnknown();
        var settings = new TopKProcessorSettings(id, metrics, labels, k, by, window, enter, leave, untouched, other, gauges, staleness, maxStreams, interval);
        if (section.Errors.Count == errorsBefore && !section.Unresolved)
        {
            settings.RequireThatItCanStart(section);
        }

        return settings;
    }

    /// <summary>What the reducer is built from.</summary>
    /// <exception cref="ArgumentException">A pattern is empty.</exception>
    public TopKOptions ToOptions() => new()
    {
        Name = Id,
        Metrics = new MetricSelector(Metrics),
        Labels = Labels,
        K = K,
        By = By == TopKRanking.Rate ? TopKBy.Rate : TopKBy.Value,
        Window = Window,
        Enter = Enter,
        Leave = Leave,
        Protected = new MetricSelector(Protected),
        Other = Other,
        Gauges = [.. Gauges.Select(g => new GaugeRule(new MetricSelector([g.Key]), Fold(g.Value)))],
        StalenessSeconds = Staleness.TotalSeconds,
        MaxStreams = MaxStreams,
    };

    /// <summary>
    /// True where this reducer and another one in the same pipeline are sure to fold a same metric. What one folds into a stream has no earlier point to the next, which would lose its first increment.
    /// </summary>
    public bool FoldsWith(TopKProcessorSettings other)
    {
        // A pattern that is matched as a text by another selects nothing that the other does not.
        var (mine, others) = (new MetricSelector(Metrics), new MetricSelector(other.Metrics));
        var untouched = new MetricSelector([.. Protected, .. other.Protected]);
        return Metrics.Where(m => Matches(others, m)).Concat(other.Metrics.Where(m => Matches(mine, m))).Any(m => !Matches(untouched, m));

        static bool Matches(MetricSelector selector, string name) => selector.Matches(Encoding.UTF8.GetBytes(name));
    }

    /// <summary>What validates must start: building the reducer is the only complete check, and costs microseconds.</summary>
    private void RequireThatItCanStart(SectionReader section)
    {
        try
        {
            _ = new TopKReducer(ToOptions());
        }
        catch (ArgumentException e)
        {
            // The message may quote a value; only of a file without variables is it sure to be the file's own text.
            section.Error(section.HasVariables ? "cannot be built with its variables set" : e.Message, "correct the option");
        }
    }

    private static Telemetry.GaugeFold Fold(GaugeFold fold) => fold switch
    {
        GaugeFold.Sum => Telemetry.GaugeFold.Sum,
        GaugeFold.Min => Telemetry.GaugeFold.Min,
        GaugeFold.Max => Telemetry.GaugeFold.Max,
        _ => Telemetry.GaugeFold.Avg,
    };

    private static string Quoted(SectionReader section, string key, string text) =>
        $"`{section.TextsWithLines(key).First(t => t.Text == text).Written}`";

    private static IReadOnlyList<string> Required(SectionReader section, string key, string remedy)
    {
        var texts = section.Texts(key);
        if (!section.Has(key))
        {
            section.Error(key, "is missing", remedy);
        }
        else if (section.IsEmptyList(key))
        {
            section.Error(key, "is empty", remedy);
        }
        else if (texts.Any(string.IsNullOrWhiteSpace))
        {
            section.Error(key, "holds an empty text", remedy);
        }

        return texts;
    }
}
