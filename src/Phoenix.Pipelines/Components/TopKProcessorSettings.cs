using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

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
    string Id, IReadOnlyList<string> Metrics, IReadOnlyList<string> Labels, int K, TopKBy By, TimeSpan Window,
    double Enter, double Leave, IReadOnlyList<string> Protected, string Other,
    IReadOnlyDictionary<string, GaugeFold> Gauges, FirstSample FirstSample, TimeSpan Staleness, int MaxStreams, TimeSpan? Interval) : ProcessorSettings(Id)
{
    public const string Type = "phoenix_topk";

    public override TimeSpan? ExportInterval => Interval;

    public override TimeSpan? Memory => Staleness;

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
        var by = section.Choice("by", TopKBy.Rate, ("rate", TopKBy.Rate), ("value", TopKBy.Value));
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

        var untouched = ReducerKeys.Protected(section);
        // Value of the labels of the folded rest. Default __other__.
        var other = section.Text("other") ?? "__other__";
        if (other.Length == 0)
        {
            section.Error("other", "is empty", "name the folded rest, or leave the key out for __other__");
        }

        var settings = new TopKProcessorSettings(
            id, metrics, labels, k, by, window, enter, leave, untouched, other, ReducerKeys.Gauges(section), ReducerKeys.FirstSample(section),
            ReducerKeys.Staleness(section), ReducerKeys.MaxStreams(section, 200_000), ReducerKeys.ExportInterval(section));
        section.RejectUnknown();
        ReducerKeys.RequireThatItCanStart(section, errorsBefore, () => _ = new TopKReducer(settings.ToOptions()));
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
        By = By,
        Window = Window,
        Enter = Enter,
        Leave = Leave,
        Protected = new MetricSelector(Protected),
        Other = Other,
        Gauges = ReducerKeys.Rules(Gauges),
        FirstSample = FirstSample,
        StalenessSeconds = Staleness.TotalSeconds,
        MaxStreams = MaxStreams,
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
