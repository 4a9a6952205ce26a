using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Looks at every stream that comes in and says, for each control interval, how many series there are and what folding
/// which labels would leave. Metrics beyond <see cref="MostMetrics"/> pass and are counted together; the contribution of
/// labels is measured for the <see cref="MostAttended"/> metrics with most series, folded ones first.
/// </summary>
internal sealed class AdaptiveObserver
{
    public const int MostMetrics = 10_000;
    public const int MostAttended = 256;

    private readonly AdaptiveOptions options;
    private readonly IdentityTable index = new();
    private readonly List<AdaptiveMetric> metrics = [];
    private readonly OttlCondition[] conditions;
    private readonly RecentlySeen seen = new();
    private readonly AdaptiveMetric beyond = new(new FoldContribution(0, "", mayFold: false), [])
    {
        Plan = new FoldPlan { Pass = PassReason.MemoryBound },
    };

    public AdaptiveObserver(AdaptiveOptions options)
    {
        this.options = options;
        conditions = [.. options.Where.Select(condition => OttlParser.Parse(condition, ofPoints: true))];
        beyond.Contribution.BeginInterval(LabelSet.Empty, attended: false);
    }

    public IReadOnlyList<AdaptiveMetric> Metrics => metrics;

    /// <summary>The current metric of the reader; what is beyond the bound is one together.</summary>
    public AdaptiveMetric Metric(scoped in BatchReader reader)
    {
        var number = index.Find(reader.MetricIdentity);
        if (number >= 0)
            return metrics[number];
        if (metrics.Count >= MostMetrics)
            return beyond;
        var metric = Describe(reader);
        metric.Contribution.BeginInterval(LabelSet.Empty, attended: metric.Contribution.MayFold && metrics.Count < MostAttended);
        index.Add(reader.MetricIdentity, metrics.Count);
        metrics.Add(metric);
        return metric;
    }

    /// <summary>Whether the current stream meets the conditions on its attributes.</summary>
    public bool IsSelected(scoped in BatchReader reader)
    {
        foreach (var condition in conditions)
        {
            if (!condition.Holds(reader))
                return false;
        }

        return true;
    }

    /// <summary>Takes the stream of the reader's current point; taking it again in the same interval changes no count.</summary>
    public void Observe(AdaptiveMetric metric, scoped in BatchReader reader)
    {
        if (!seen.IsNew(reader.StreamIdentity))
            return;
        var contribution = metric.Contribution;
        Span<UInt128> hashes = stackalloc UInt128[FoldContribution.Capacity];
        hashes.Clear();

        // A stream that is not selected stays what it is, whatever is folded.
        if (contribution.MayFold && IsSelected(reader))
            Hash(contribution, reader, hashes);
        var width = reader.Type is MetricType.Histogram or MetricType.Summary ? SeriesProjection.Classic(reader.Type, reader.ReadPoint()) : 1;
        contribution.Observe(reader.StreamIdentity, hashes[..contribution.Labels.Count], width);
    }

    /// <summary>What the interval that ends now showed.</summary>
    public AdaptiveObservation Close()
    {
        var observed = new List<ObservedMetric>();
        var others = beyond.Contribution.SeriesNow;
        foreach (var metric in metrics)
        {
            if (!metric.Contribution.IsActive)
                continue;
            if (metric.Contribution.MayFold)
                observed.Add(metric.Contribution.Close());
            else
                others += metric.Contribution.SeriesNow;
        }

        return new AdaptiveObservation(observed, others);
    }

    /// <summary>Begins the next interval with what the controller has folded.</summary>
    public void Begin(AdaptiveState state)
    {
        var attended = metrics.Where(metric => metric.Contribution.MayFold)
            .OrderByDescending(metric => !state.FoldedOf(metric.Contribution.Metric).IsEmpty).ThenByDescending(metric => metric.Contribution.SeriesNow)
            .Take(MostAttended).ToHashSet();
        foreach (var metric in metrics)
            metric.Contribution.BeginInterval(state.FoldedOf(metric.Contribution.Metric), attended.Contains(metric));
        beyond.Contribution.BeginInterval(LabelSet.Empty, attended: false);
        seen.Clear();
    }

    private AdaptiveMetric Describe(scoped in BatchReader reader)
    {
        var name = reader.MetricName;
        var isSelected = options.Metrics.Matches(name) && (options.Types.Count == 0 || options.Types.Contains(reader.Type));
        PassReason? reason = !isSelected ? PassReason.NotSelected
            : options.Protected.Matches(name) ? PassReason.Protected
            : FoldPlan.ByType(reader, options.Gauges).Pass;
        var contribution = new FoldContribution(reader.MetricIdentity, Encoding.UTF8.GetString(name), mayFold: reason is null);
        var metric = new AdaptiveMetric(contribution, name.ToArray()) { Plan = FoldPlan.Passing(reader, reason ?? PassReason.NotSelected) };
        if (reason is null)
            metric.Plan = FoldPlan.ByType(reader, options.Gauges, metric);
        return metric;
    }

    private void Hash(FoldContribution metric, scoped in BatchReader reader, Span<UInt128> hashes)
    {
        var attributes = new Attributes(reader.Point, Attributes.FieldOf(reader.Type));
        while (attributes.Next())
            Add(metric, reader, attributes.Current, ofResource: false, hashes);
        if (options.Labels is null)
            return;
        var ofResource = new Attributes(reader.Resource, Attributes.OfResource);
        while (ofResource.Next())
            Add(metric, reader, ofResource.Current, ofResource: true, hashes);
    }

    private void Add(FoldContribution metric, scoped in BatchReader reader, in AttributeField attribute, bool ofResource, Span<UInt128> hashes)
    {
        var label = metric.Find(attribute.Key);
        if (label < 0)
        {
            if (metric.IsKept(attribute.Key))
                return;
            label = options.MayFold(reader.MetricName, Encoding.UTF8.GetString(attribute.Key), ofResource) ? metric.Add(attribute.Key) : -1;
            if (label < 0)
            {
                metric.Keep(attribute.Key);
                return;
            }
        }

        // A label of the point stands before one of the same name of its resource.
        if (hashes[label] == 0)
            hashes[label] = Identity.OfAttribute(attribute, ofResource);
    }
}
