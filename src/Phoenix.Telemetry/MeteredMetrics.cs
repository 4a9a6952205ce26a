using System.Text;

namespace Phoenix.Telemetry;

/// <summary>What a meter knows of one metric.</summary>
internal sealed class MeteredMetric(
    string name, byte[] nameBytes, byte[][] foldedLabels, byte[][]? keptLabels, bool comparesLevels, UInt128 addedHostId)
{
    public string Name { get; } = name;

    public byte[] NameBytes { get; } = nameBytes;

    /// <summary>Labels that some processor of the pipeline may fold.</summary>
    public byte[][] FoldedLabels { get; } = foldedLabels;

    /// <summary>The only point attributes that are sure to stay; null where any stays that is not folded.</summary>
    public byte[][]? KeptLabels { get; } = keptLabels;

    /// <summary>False for gauges that are folded by another function than their sum.</summary>
    public bool ComparesLevels { get; } = comparesLevels;

    /// <summary>What a processor that may fold the metric adds to the identity of a stream without <c>host.id</c>; 0 where nothing.</summary>
    public UInt128 AddedHostId { get; } = addedHostId;

    public bool Protected { get; set; }

    public long SeriesIn { get; set; }

    public long SeriesOut { get; set; }
}

/// <summary>Metrics by identity, each looked at once.</summary>
internal sealed class MeteredMetrics(ArmMeterOptions options)
{
    private readonly IdentityTable index = new();
    private readonly List<MeteredMetric> metrics = [];
    private MetricSelector guarded = new(options.ProtectedMetrics);

    public MeteredMetric Find(scoped in BatchReader reader, UInt128 identity)
    {
        var number = index.Find(identity);
        if (number >= 0)
            return metrics[number];
        var metric = Describe(reader);

        // A sender that makes up metric names without end meets the same bound as one that makes up streams.
        if (metrics.Count < options.MaxStreams)
        {
            index.Add(identity, metrics.Count);
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
            (metric.SeriesIn, metric.SeriesOut) = (0, 0);
    }

    public IReadOnlyList<MetricSeries> Top(int count) =>
    [
        .. metrics.Where(metric => metric.SeriesIn + metric.SeriesOut > 0)
            .GroupBy(metric => metric.Name)
            .Select(group => new MetricSeries(group.Key, group.Sum(metric => metric.SeriesIn), group.Sum(metric => metric.SeriesOut)))
            .OrderByDescending(share => share.SeriesIn).ThenByDescending(share => share.SeriesOut).ThenBy(share => share.Metric, StringComparer.Ordinal)
            .Take(count),
    ];

    private MeteredMetric Describe(scoped in BatchReader reader)
    {
        var labels = new HashSet<string>();
        HashSet<string>? kept = null;
        var comparesLevels = true;
        UInt128 addedHostId = 0;
        foreach (var rule in options.Folds)
        {
            if (!rule.Metrics.Matches(reader.MetricName))
                continue;
            if (!rule.KeepsLabels)
                labels.UnionWith(rule.Labels);
            else if (kept is null)
                kept = [.. rule.Labels];
            else
                kept.IntersectWith(rule.Labels);
            if (!string.IsNullOrEmpty(rule.HostId))
                addedHostId = Identity.OfHostId(rule.HostId);
            comparesLevels &= reader.Type != MetricType.Gauge || GaugeRule.For(rule.Gauges, reader.MetricName) is null or { Fold: GaugeFold.Sum };
        }

        byte[][] encoded = [.. labels.Select(Encoding.UTF8.GetBytes)];
        byte[][]? encodedKept = kept is null ? null : [.. kept.Select(Encoding.UTF8.GetBytes)];
        return new MeteredMetric(
            Encoding.UTF8.GetString(reader.MetricName), reader.MetricName.ToArray(), encoded, encodedKept, comparesLevels, addedHostId)
        {
            Protected = guarded.Matches(reader.MetricName),
        };
    }
}
