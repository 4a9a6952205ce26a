namespace Phoenix.Contracts;

/// <param name="Collector">The production collector whose recent input is played.</param>
/// <param name="Configuration">The YAML to try.</param>
/// <param name="ConfigurationHash">Lower-case hex SHA-256 of its UTF-8 bytes.</param>
/// <param name="ProtectedMetrics">Metrics that must leave untouched; <c>*</c> matches any run of characters.</param>
/// <param name="Signature">The control plane's word for the hash, see <see cref="ConfigurationSignature"/>.</param>
public sealed record PreviewOrder(
    string Collector, string Configuration, string ConfigurationHash, IReadOnlyList<string> ProtectedMetrics, string? Signature = null);

/// <summary>
/// What a pipeline makes of a sample of real input, without being deployed. Numbers and the names of metrics and labels;
/// no value of a label is in it.
/// </summary>
/// <param name="Input">Counted over the sample; <see cref="StreamCounts.SeriesActive"/> over its last whole window.</param>
/// <param name="Output">The same of what the pipeline would export.</param>
/// <param name="WireBytesIn">Bytes of the input batches, each compressed with gzip.</param>
/// <param name="WireBytesOut">Bytes of the output batches as an exporter would send them with gzip.</param>
/// <param name="Changes">Metrics whose active series change most, at most 50.</param>
/// <param name="UntrackedPoints">Points beyond the bound of tracked streams; where not 0, counts and conservation are not exact.</param>
/// <param name="ProcessingMs">CPU time that the processors and meters took.</param>
/// <param name="Flow">What passes in a time; null where the sample holds no whole window, and from a collector of a version that does not tell.</param>
public sealed record PreviewReport(
    PreviewSample Sample, StreamCounts Input, StreamCounts Output, long WireBytesIn, long WireBytesOut, PreviewConservation Conservation,
    ProtectedWindow Protected, IReadOnlyList<MetricChange> Changes, long UntrackedPoints, double ProcessingMs,
    PreviewFlow? Flow = null);

/// <summary>
/// What passed in the sample's last whole window, by which series count as active. By the whole sample it would be too much: that ends with a batch and not
/// with the time until the next one, and begins with processors that know nothing yet.
/// </summary>
/// <param name="Seconds">Length of that window.</param>
/// <param name="SamplesIn">What the points are as classic Prometheus samples.</param>
/// <param name="WireBytesIn">Bytes of the batches, each compressed with gzip.</param>
public sealed record PreviewFlow(double Seconds, long SamplesIn, long SamplesOut, long WireBytesIn, long WireBytesOut);

/// <param name="Source">The recording's file name, or <c>live</c>.</param>
/// <param name="WindowSeconds">Length of the windows by which series count as active.</param>
/// <param name="Whole">False where a bound ended the preview before the sample did.</param>
/// <param name="MissedBatches">Batches that a live sample left out because they came faster than they could be kept.</param>
public sealed record PreviewSample(
    string Source, DateTimeOffset From, DateTimeOffset To, long Batches, double WindowSeconds, bool Whole, long MissedBatches);

/// <summary>The ledger over the sample.</summary>
/// <param name="Groups">Surviving label groups compared.</param>
/// <param name="Increments">Input increments checked.</param>
/// <param name="ErrorPct">100 · Σ|in − out| ÷ Σ|in| over all groups.</param>
/// <param name="WorstMetric">The metric with the largest relative error; null where every group agrees.</param>
/// <param name="WorstErrorPct">That error in per cent.</param>
/// <param name="Dropped">Points dropped by a named rule, by rule.</param>
public sealed record PreviewConservation(
    long Groups, long Increments, double ErrorPct, string? WorstMetric, double WorstErrorPct, IReadOnlyList<DroppedByRule> Dropped);

/// <param name="SeriesIn">Active series in the last whole window.</param>
/// <param name="Labels">Labels of the metric that the pipeline may fold or select on.</param>
public sealed record MetricChange(string Metric, long SeriesIn, long SeriesOut, IReadOnlyList<string> Labels);
