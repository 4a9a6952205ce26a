namespace Phoenix.Contracts;

/// <param name="Collector">The production collector whose recent input is counted.</param>
/// <param name="Metric">The one metric to look into in depth; null for the metrics with most series.</param>
public sealed record ExploreOrder(string Collector, string? Metric = null);

/// <summary>
/// Which metrics, labels and values the active series of a sample of real input are made of. Values of labels are in it: it leaves the host only where an
/// operator asks and the host's allow-list has no objection.
/// </summary>
/// <param name="Sample">Its seconds are what the rates are over.</param>
/// <param name="Series">Classic Prometheus series of the whole sample, or of the one metric.</param>
/// <param name="Samples">Classic samples of the same after the sample's first moment, over <see cref="ExplorationSample.Seconds"/>.</param>
/// <param name="Metrics">Those with most series, the largest first.</param>
/// <param name="OtherMetrics">Metrics that are not listed.</param>
/// <param name="OtherSeries">Their series.</param>
/// <param name="UntrackedPoints">Points of streams that found no place; where not 0, series are a lower bound.</param>
public sealed record ExplorationReport(
    ExplorationSample Sample, long Series, long Samples, IReadOnlyList<ExploredMetricCount> Metrics, long OtherMetrics, long OtherSeries, long UntrackedPoints)
{
    /// <summary>Bytes of a report as JSON at most.</summary>
    public const int MaxBytes = 512 << 10;

    public const int MaxMetrics = 100, MaxLabels = 20, MaxValues = 20;

    /// <summary>Where one metric is looked into.</summary>
    public const int MaxLabelsInDepth = 50, MaxValuesInDepth = 500;

    /// <summary>Characters of a name or value; longer ones are cut and end in an ellipsis.</summary>
    public const int MaxTextLength = 200;
}

/// <param name="Source">The sample's file name, or <c>live</c>.</param>
/// <param name="Seconds">From its first batch to its last; 0 where all came at one moment, and there are no rates then.</param>
/// <param name="Whole">False where a bound ended the count before the sample did.</param>
/// <param name="MissedBatches">Batches that a live sample left out because they came faster than they could be kept.</param>
public sealed record ExplorationSample(string Source, DateTimeOffset From, DateTimeOffset To, double Seconds, long Batches, bool Whole, long MissedBatches);

/// <param name="Type"><c>gauge</c>, <c>sum</c>, <c>histogram</c>, <c>exponentialHistogram</c> or <c>summary</c>; of the first stream where they differ.</param>
/// <param name="Series">Classic Prometheus series: a histogram of n bounds is n + 3.</param>
/// <param name="Samples">Classic samples after the sample's first moment.</param>
/// <param name="Labels">Those with most distinct values first.</param>
/// <param name="OtherLabels">Labels that are not listed.</param>
public sealed record ExploredMetricCount(
    string Name, string Type, string Unit, long Series, long Samples, IReadOnlyList<ExploredLabelCount> Labels, long OtherLabels);

/// <param name="OfResource">An attribute of the resource; else of the points.</param>
/// <param name="Values">Distinct values.</param>
/// <param name="ValuesAtLeast">There are more values, which found no place to be told apart.</param>
/// <param name="Series">Series of the metric that have the label.</param>
/// <param name="Top">Values with most series first; with <paramref name="OtherSeries"/> they add up to <paramref name="Series"/>.</param>
/// <param name="OtherSeries">Series of all other values.</param>
public sealed record ExploredLabelCount(
    string Name, bool OfResource, long Values, bool ValuesAtLeast, long Series, IReadOnlyList<ExploredValueCount> Top, long OtherSeries);

public sealed record ExploredValueCount(string Value, long Series);
