using System.Text;

namespace Phoenix.Telemetry;

/// <param name="MaxStreams">Streams that are told apart; points of others are counted as untracked.</param>
/// <param name="MaxValues">Values of labels that are told apart, of all metrics together.</param>
/// <param name="MaxValuesOfLabel">The same of one label of one metric.</param>
public sealed record CardinalityBounds(int MaxStreams = 2_000_000, int MaxValues = 2_000_000, int MaxValuesOfLabel = 200_000);

/// <summary>
/// Counts which metrics, labels and values the series of a run of batches are made of. A series counts once, with the labels of its resource and its points;
/// those of its scope are not looked at. Not thread-safe.
/// </summary>
/// <remarks>
/// It looks at the labels of a stream once, when it first comes. A stream costs 40 bytes, a value that is told apart about 120. Where a label's values find no
/// place any more, their series count as others of the label, so that values and others always add up to the label's series.
/// </remarks>
/// <param name="only">The one metric to count; null for all.</param>
public sealed class CardinalityCounter(CardinalityBounds bounds, string? only = null)
{
    private const int MaxLabels = 200;

    private readonly byte[]? only = only is null ? null : Encoding.UTF8.GetBytes(only);
    private readonly IdentityTable streams = new(), index = new();
    private readonly List<Metric> metrics = [];
    private readonly ProtoBuffer text = new();
    private int values;

    /// <summary>Points of streams that found no place.</summary>
    public long UntrackedPoints { get; private set; }

    /// <summary>Classic series so far.</summary>
    public long Series => metrics.Sum(metric => metric.Series);

    /// <param name="first">A batch of the first moment: what it brings was counted before the time that rates are over began.</param>
    public void Observe(scoped in DecodedBatch batch, bool first)
    {
        var reader = batch.Read();
        while (reader.NextResource())
        {
            if (SeriesProjection.HasTargetInfo(reader.Resource) && IsWanted("target_info"u8))
                ObserveTarget(reader);
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    if (reader.Type != MetricType.None && IsWanted(reader.MetricName))
                        ObserveMetric(ref reader, first);
                }
            }
        }
    }

    /// <summary>What was counted, with the metrics of most series, their labels of most values and the values of most series.</summary>
    /// <param name="maxText">Characters of a name or value; longer ones are cut.</param>
    public CardinalityResult Result(int maxMetrics, int maxLabels, int maxValues, int maxText)
    {
        var named = metrics.Where(metric => metric.Series > 0).OrderByDescending(metric => metric.Series).ThenBy(metric => metric.Name, StringComparer.Ordinal).ToList();
        var listed = named.Take(maxMetrics).ToList();
        return new CardinalityResult(
            named.Sum(metric => metric.Series), named.Sum(metric => metric.Samples), [.. listed.Select(metric => Describe(metric, maxLabels, maxValues, maxText))],
            named.Count - listed.Count, named.Skip(listed.Count).Sum(metric => metric.Series), UntrackedPoints);
    }

    private bool IsWanted(ReadOnlySpan<byte> name) => only is null || name.SequenceEqual(only);

    private void ObserveTarget(scoped in BatchReader reader)
    {
        var identity = (reader.ResourceIdentity * 3) + 1;
        if (streams.Find(identity) >= 0)
            return;
        var metric = Find("target_info"u8, MetricType.Gauge, default);
        if (metric is null || streams.Count >= bounds.MaxStreams)
        {
            UntrackedPoints++;
            return;
        }

        var number = streams.Count;
        streams.Add(identity, number);
        metric.Series++;
        AddLabels(metric, reader.Resource, Attributes.OfResource, ofResource: true, number, 1);
    }

    private void ObserveMetric(ref BatchReader reader, bool first)
    {
        var metric = Find(reader.MetricName, reader.Type, reader.MetricUnit);
        var type = reader.Type;
        var isNumber = SeriesProjection.ShapeOf(type) == SeriesShape.Number;
        while (reader.NextPoint())
        {
            var classic = isNumber ? 1 : SeriesProjection.Classic(type, reader.ReadPoint());
            var identity = reader.StreamIdentity;
            var known = streams.Find(identity) >= 0;
            if (metric is null || (!known && streams.Count >= bounds.MaxStreams))
            {
                UntrackedPoints++;
                continue;
            }

            metric.Samples += first ? 0 : classic;
            if (known)
                continue;
            var number = streams.Count;
            streams.Add(identity, number);
            metric.Series += classic;
            AddLabels(metric, reader.Resource, Attributes.OfResource, ofResource: true, number, classic);
            AddLabels(metric, reader.Point, Attributes.FieldOf(type), ofResource: false, number, classic);
        }
    }

    private void AddLabels(Metric metric, ReadOnlySpan<byte> owner, int field, bool ofResource, int stream, int classic)
    {
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
        {
            var attribute = attributes.Current;
            var label = metric.Find(attribute.Key, ofResource);
            // A key that is there twice is one label.
            if (label is null || label.LastStream == stream)
                continue;
            label.LastStream = stream;
            label.Series += classic;
            AddValue(label, attribute.Value, classic);
        }
    }

    private void AddValue(Label label, ReadOnlySpan<byte> anyValue, int classic)
    {
        var identity = Identity.OfBytes(anyValue);
        var number = label.Index.Find(identity);
        if (number >= 0)
        {
            label.Values[number] = label.Values[number] with { Series = label.Values[number].Series + classic };
            return;
        }

        if (values >= bounds.MaxValues || label.Values.Count >= bounds.MaxValuesOfLabel)
        {
            label.Overflow += classic;
            return;
        }

        values++;
        label.Index.Add(identity, label.Values.Count);
        label.Values.Add(new Value(anyValue.ToArray(), classic));
    }

    // By name, as a backend keeps it: metrics that differ in unit or type alone are one.
    private Metric? Find(ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> unit)
    {
        var identity = Identity.OfBytes(name);
        var number = index.Find(identity);
        if (number >= 0)
            return metrics[number];
        if (metrics.Count >= bounds.MaxStreams)
            return null;
        var metric = new Metric(Encoding.UTF8.GetString(name), type, Encoding.UTF8.GetString(unit));
        index.Add(identity, metrics.Count);
        metrics.Add(metric);
        return metric;
    }

    private CardinalityOfMetric Describe(Metric metric, int maxLabels, int maxValues, int maxText)
    {
        var labels = metric.Labels.OrderByDescending(label => label.Values.Count).ThenByDescending(label => label.Series).ThenBy(label => label.Name, StringComparer.Ordinal).ToList();
        return new CardinalityOfMetric(
            Cut(metric.Name, maxText), metric.Type, Cut(metric.Unit, maxText), metric.Series, metric.Samples,
            [.. labels.Take(maxLabels).Select(label => Describe(label, maxValues, maxText))], Math.Max(0, labels.Count - maxLabels) + metric.LabelsLeftOut);
    }

    private CardinalityOfLabel Describe(Label label, int maxValues, int maxText)
    {
        // Values that are the same text, as the number 1 and the string "1", are one to a backend.
        var top = label.Values.OrderByDescending(value => value.Series).Take(maxValues)
            .Select(value => (Text: Cut(TextOf(value.AnyValue), maxText), value.Series))
            .GroupBy(value => value.Text, StringComparer.Ordinal)
            .Select(same => new CardinalityOfValue(same.Key, same.Sum(value => value.Series)))
            .OrderByDescending(value => value.Series).ThenBy(value => value.Value, StringComparer.Ordinal).ToList();
        return new CardinalityOfLabel(
            Cut(label.Name, maxText), label.OfResource, label.Values.Count, label.Overflow > 0, label.Series, top, label.Series - top.Sum(value => value.Series));
    }

    private string TextOf(byte[] anyValue)
    {
        text.Clear();
        AnyValueText.Append(text, anyValue);
        return Encoding.UTF8.GetString(text.Span);
    }

    private static string Cut(string text, int length)
    {
        if (text.Length <= length)
            return text;
        // Half of a surrogate pair is no text.
        var end = char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1;
        return text[..end] + "…";
    }

    private sealed class Metric(string name, MetricType type, string unit)
    {
        public string Name { get; } = name;

        public MetricType Type { get; } = type;

        public string Unit { get; } = unit;

        public List<Label> Labels { get; } = [];

        public long Series { get; set; }

        public long Samples { get; set; }

        /// <summary>1 where there are labels that found no place; how many is not known then.</summary>
        public int LabelsLeftOut { get; private set; }

        public Label? Find(ReadOnlySpan<byte> key, bool ofResource)
        {
            foreach (var label in Labels)
            {
                if (label.OfResource == ofResource && key.SequenceEqual(label.Key))
                    return label;
            }

            if (Labels.Count >= MaxLabels)
            {
                LabelsLeftOut = 1;
                return null;
            }

            var added = new Label(key.ToArray(), ofResource);
            Labels.Add(added);
            return added;
        }
    }

    private sealed class Label(byte[] key, bool ofResource)
    {
        public byte[] Key { get; } = key;

        public string Name { get; } = Encoding.UTF8.GetString(key);

        public bool OfResource { get; } = ofResource;

        public IdentityTable Index { get; } = new();

        public List<Value> Values { get; } = [];

        public int LastStream { get; set; } = -1;

        public long Series { get; set; }

        /// <summary>Series of values that found no place.</summary>
        public long Overflow { get; set; }
    }

    private readonly record struct Value(byte[] AnyValue, long Series);
}

/// <param name="Series">Classic Prometheus series of all metrics.</param>
/// <param name="Samples">Their classic samples after the first moment.</param>
/// <param name="OtherMetrics">Metrics that are not listed.</param>
/// <param name="OtherSeries">Their series.</param>
public sealed record CardinalityResult(
    long Series, long Samples, IReadOnlyList<CardinalityOfMetric> Metrics, int OtherMetrics, long OtherSeries, long UntrackedPoints);

/// <param name="Type">Of the first stream that came.</param>
/// <param name="OtherLabels">Labels that are not listed.</param>
public sealed record CardinalityOfMetric(
    string Name, MetricType Type, string Unit, long Series, long Samples, IReadOnlyList<CardinalityOfLabel> Labels, int OtherLabels);

/// <param name="Values">Distinct values that were told apart.</param>
/// <param name="ValuesAtLeast">There are more of them.</param>
/// <param name="Series">Series that have the label: those of <paramref name="Top"/> and <paramref name="OtherSeries"/>.</param>
public sealed record CardinalityOfLabel(
    string Name, bool OfResource, int Values, bool ValuesAtLeast, long Series, IReadOnlyList<CardinalityOfValue> Top, long OtherSeries);

public sealed record CardinalityOfValue(string Value, long Series);
