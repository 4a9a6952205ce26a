using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Metrics by identity, each looked at once.</summary>
internal sealed class MeteredMetrics(ArmMeterOptions options)
{
    private readonly IdentityTable index = new();
    private readonly List<MeteredMetric> metrics = [];
    private MetricSelector guarded = new(options.ProtectedMetrics);

    public MeteredMetric this[int number] => metrics[number];

    public MeteredMetric Find(scoped in BatchReader reader)
    {
        var number = index.Find(reader.MetricIdentity);
        if (number >= 0)
            return metrics[number];

        // A sender that makes up metric names without end meets the same bound as one that makes up streams.
        var hasRoom = metrics.Count < options.MaxStreams;
        var metric = Describe(reader, hasRoom ? metrics.Count : -1);
        if (hasRoom)
        {
            index.Add(reader.MetricIdentity, metrics.Count);
            metrics.Add(metric);
        }

        return metric;
    }

    public void Protect(MetricSelector selector)
    {
        guarded = selector;
        foreach (var metric in metrics)
            metric.Protected = selector.Matches(metric.NameBytes);
    }

    public void BeginWindow()
    {
        foreach (var metric in metrics)
            (metric.SeriesIn, metric.SeriesOut, metric.SamplesIn, metric.SamplesOut) = (0, 0, 0, 0);
    }

    /// <summary>What each metric counted in the window; a name may be there several times.</summary>
    public IEnumerable<FlowShare> Flows()
    {
        foreach (var metric in metrics)
        {
            if (metric.SamplesIn + metric.SamplesOut > 0)
                yield return new FlowShare(metric.Name, metric.SeriesIn, metric.SeriesOut, metric.SamplesIn, metric.SamplesOut);
        }
    }

    /// <summary>Metric names seen since a time, in Unix nanoseconds.</summary>
    public (long In, long Out) NamesSince(long unixNanos)
    {
        HashSet<string> namesIn = [], namesOut = [];
        foreach (var metric in metrics)
        {
            if (metric.SeenIn >= unixNanos)
                namesIn.Add(metric.Name);
            if (metric.SeenOut >= unixNanos)
                namesOut.Add(metric.Name);
        }

        return (namesIn.Count, namesOut.Count);
    }

    public IReadOnlyList<MetricSeries> Top(int count) =>
    [
        .. metrics.Where(metric => metric.SeriesIn + metric.SeriesOut > 0)
            .GroupBy(metric => metric.Name)
            .Select(group => new MetricSeries(group.Key, group.Sum(metric => metric.SeriesIn), group.Sum(metric => metric.SeriesOut)))
            .OrderByDescending(share => share.SeriesIn).ThenByDescending(share => share.SeriesOut).ThenBy(share => share.Metric, StringComparer.Ordinal)
            .Take(count),
    ];

    private MeteredMetric Describe(scoped in BatchReader reader, int number)
    {
        var name = reader.MetricName.ToArray();
        var labels = new HashSet<string>();
        HashSet<string>? kept = null;
        var folds = new HashSet<GaugeFold>();
        UInt128 addedHostId = 0;
        FirstSample? first = null;
        foreach (var rule in options.Folds)
        {
            if (!rule.Metrics.Matches(reader.MetricName))
                continue;
            var stay = rule.Kept.Where(keeps => keeps.Metrics.Matches(name)).SelectMany(keeps => keeps.Labels).ToList();
            if (!rule.KeepsLabels)
                labels.UnionWith(rule.Labels.Except(stay));
            else if (kept is null)
                kept = [.. rule.Labels, .. stay];
            else
                kept.IntersectWith(rule.Labels.Union(stay));
            if (!string.IsNullOrEmpty(rule.HostId))
                addedHostId = Identity.OfHostId(rule.HostId);
            first ??= rule.FirstSample;
            if (reader.Type == MetricType.Gauge && GaugeRule.For(rule.Gauges, reader.MetricName) is { } gauge)
                folds.Add(gauge.Fold);
        }

        return new MeteredMetric(Encoding.UTF8.GetString(name), name, KindOf(reader))
        {
            Number = number,
            FoldedLabels = [.. labels.Select(Encoding.UTF8.GetBytes)],
            KeptLabels = kept is null ? null : [.. kept.Select(Encoding.UTF8.GetBytes)],
            CountsFirst = first == FirstSample.StartTime,
            Fold = folds.FirstOrDefault(),
            IsCompared = folds.Count <= 1,
            AddedHostId = addedHostId,
            Protected = guarded.Matches(reader.MetricName),
        };
    }

    private static LedgerKind KindOf(scoped in BatchReader reader) => (reader.Type, reader.Temporality, reader.Monotonic) switch
    {
        (MetricType.Summary, _, _) => LedgerKind.Cumulative,
        (MetricType.Gauge, _, _) => LedgerKind.Level,
        (_, Temporality.Delta, _) => LedgerKind.Delta,
        (MetricType.Sum, Temporality.Cumulative, true) => LedgerKind.Cumulative,
        (MetricType.Sum, _, _) => LedgerKind.Level,
        _ => LedgerKind.Cumulative,
    };
}
