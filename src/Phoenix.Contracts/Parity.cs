namespace Phoenix.Contracts;

/// <summary>
/// What PromQL says over both arms: <c>increase()</c> of every counter, histogram and summary count, grouped by the labels that
/// survive. Unlike the ledger, which is exact, it sees what people see: scrapes, extrapolation, first samples.
/// </summary>
/// <param name="At">When the queries were evaluated.</param>
/// <param name="RangeSeconds">The range of <c>increase()</c>.</param>
/// <param name="TolerancePct">Largest error that counts as equal, in per cent.</param>
/// <param name="ErrorPct">100 · Σ|before − after| ÷ Σ|before| over all groups of all metrics compared.</param>
/// <param name="Equal">True where something was compared, nothing is missing and no metric is beyond the tolerance.</param>
/// <param name="Metrics">The metrics compared, the largest error first.</param>
/// <param name="Missing">Counters that have samples before and none after.</param>
/// <param name="NotCompared">Metrics without <c>increase()</c>: gauges, what has no known type, and names that are not classic Prometheus names.</param>
public sealed record ParityReport(
    DateTimeOffset At, double RangeSeconds, double TolerancePct, double ErrorPct, bool Equal, IReadOnlyList<MetricParity> Metrics,
    IReadOnlyList<string> Missing, int NotCompared);

/// <param name="SeriesBefore">Series with a sample at the time of evaluation.</param>
/// <param name="Groups">Groups of surviving labels compared.</param>
/// <param name="By">The labels of these groups: those that survive, without the ones whose values a ranking or a fold has changed.</param>
/// <param name="Before">Sum of all increases.</param>
/// <param name="ErrorPct">100 · Σ|before − after| ÷ Σ|before| over the metric's groups.</param>
/// <param name="WorstGroup">The group with the largest difference; null where all are alike.</param>
/// <param name="Newcomers">
/// Series of the arm before that had no sample when the range began. Each gives <c>increase()</c> its first sample for a base,
/// which is where the arms may differ without anything lost.
/// </param>
public sealed record MetricParity(
    string Metric, long SeriesBefore, long SeriesAfter, int Groups, IReadOnlyList<string> By, double Before, double After, double ErrorPct,
    string? WorstGroup, long Newcomers);
