namespace Phoenix.Telemetry;

/// <summary>What one control interval showed, in series (Prometheus classic) active in it.</summary>
/// <param name="Metrics">Metrics that may be folded, each with what folding would leave.</param>
/// <param name="OtherSeries">Series of metrics that are not to be folded: they count against the budget all the same.</param>
public sealed record AdaptiveObservation(IReadOnlyList<ObservedMetric> Metrics, double OtherSeries)
{
    public double SeriesIn => OtherSeries + Metrics.Sum(metric => metric.SeriesIn);

    public double SeriesNow => OtherSeries + Metrics.Sum(metric => metric.SeriesNow);
}

/// <param name="Metric">Identity of the metric: name, unit, type, temporality, monotonicity.</param>
/// <param name="Labels">Its labels in the order that bits of a <see cref="LabelSet"/> stand for; at most 32.</param>
/// <param name="Foldable">Those that may be folded.</param>
/// <param name="SeriesIn">Without any fold.</param>
/// <param name="SeriesNow">With what is folded now.</param>
/// <param name="Error">Relative standard error of <paramref name="SeriesNow"/>; 0 where it was counted.</param>
/// <param name="Estimates">Other sets of folded labels and what they would leave.</param>
public sealed record ObservedMetric(
    UInt128 Metric, string Name, IReadOnlyList<string> Labels, LabelSet Foldable, double SeriesIn, double SeriesNow, double Error,
    IReadOnlyList<FoldEstimate> Estimates);

/// <param name="Folded">All labels that would be folded.</param>
/// <param name="Series">What would remain.</param>
/// <param name="Error">Relative standard error of <paramref name="Series"/>; 0 where it was counted.</param>
public readonly record struct FoldEstimate(LabelSet Folded, double Series, double Error);
