namespace Phoenix.Contracts;

/// <summary>
/// <c>POST /api/v2/measurements</c>: windows of one experiment on the calling host. Idempotent by (experiment, host, number).
/// </summary>
/// <param name="SentAt">The host's clock as it sends: what it is off by is taken out of the windows' times. Null from an agent that does not tell.</param>
public sealed record MeasurementReport(Guid ExperimentId, IReadOnlyList<WindowReport> Windows, DateTimeOffset? SentAt = null);

/// <param name="Number">1, 2, 3, … per host and experiment; a number is used once, also for a void window.</param>
/// <param name="VoidReason">Why the window says nothing (<c>input-mismatch</c>, <c>tee-dropped</c>, <c>arm-restarted</c>, …); null where it counts.</param>
/// <param name="Baseline">The production arm's window; null only in a void window.</param>
/// <param name="Candidate">The candidate arm's window over the same input; null only in a void window.</param>
/// <param name="ClockSkewSeconds">What the control plane found the host's clock ahead by, and has taken out of the times; 0 where it is right or the host does not tell.</param>
public sealed record WindowReport(
    int Number, DateTimeOffset StartedAt, DateTimeOffset EndedAt, string? VoidReason, ArmWindow? Baseline, ArmWindow? Candidate,
    double ClockSkewSeconds = 0);

/// <summary>
/// What one arm counted between two cuts of its input. Cuts are marks in the input's sequence, set by the production arm,
/// so that both arms close a window over exactly the same batches.
/// </summary>
/// <param name="Epoch">UUID of the arm's reducer state: a restart or reload begins a new one.</param>
/// <param name="SourceEpoch">The production arm's epoch that numbered the input. Equals <paramref name="Epoch"/> in the production arm.</param>
/// <param name="Number">The production arm's window number, rising by one within a source epoch.</param>
/// <param name="FirstSequence">Sequence number of the first input batch; 0 where there was none.</param>
/// <param name="MissedBatches">Batches the tee had to drop; more than 0 voids the window.</param>
/// <param name="Complete">False for a window that the arm joined after it had begun.</param>
/// <param name="Generation"><see cref="MeasurementSettings.Generation"/> in force at the cut; windows of unequal generations cannot be compared.</param>
/// <param name="UntrackedPoints">Points of streams that the arm could not track; more than 0 voids the window, whose series are estimates.</param>
/// <param name="LongestIntervalSeconds">Ninety-nine of a hundred input streams came at least this often; 0 where none came twice. A window should be at least twice as long.</param>
/// <param name="Adaptive">What the arm's adaptive processors decided in the window; null where it has none.</param>
public sealed record ArmWindow(
    string Epoch, string SourceEpoch, long Number, DateTimeOffset StartedAt, DateTimeOffset EndedAt,
    long FirstSequence, long LastSequence, long Batches, long MissedBatches, bool Complete,
    ArmInput Input, ArmOutput Output, ArmCost Cost, LedgerWindow Ledger, ProtectedWindow Protected, IReadOnlyList<MetricShare> Top,
    int Generation = 0, long UntrackedPoints = 0, double LongestIntervalSeconds = 0, AdaptiveWindow? Adaptive = null);

/// <param name="StreamsActive">OTLP streams (resource, scope, name, type, attributes) seen in this window.</param>
/// <param name="SeriesActive">What a classic Prometheus backend stores of them: a histogram of n bounds is n + 3 series.</param>
/// <param name="StreamsDistinct">Distinct streams since the arm's epoch or the measurement began, churned-out ones included.</param>
/// <param name="SeriesDistinct">The same as classic series.</param>
/// <param name="Points">OTLP data points.</param>
/// <param name="Samples">What the points are as classic Prometheus samples.</param>
/// <param name="Bytes">Bytes of the OTLP encoding before compression.</param>
/// <param name="SamplesPerMinute">Classic samples a minute over the window.</param>
/// <param name="Names">Distinct metric names of the last hour.</param>
/// <param name="Meters">The same as vendors count it: per backend and span of time; null from a collector that does not tell.</param>
/// <param name="StandardErrorPct">More than 0 where some counts are estimates: their relative standard error in per cent.</param>
/// <param name="EndedHourSketch">Where a clock hour (UTC) ended in the window: the sketch of its distinct classic series (UltraLogLog). Sketches of hours and hosts merge, register by register, into the distinct series of them all.</param>
public sealed record StreamCounts(
    long StreamsActive, long SeriesActive, long StreamsDistinct, long SeriesDistinct, long Points, long Samples, long Bytes,
    double SamplesPerMinute = 0, long Names = 0, SeriesMeters? Meters = null, double StandardErrorPct = 0, byte[]? EndedHourSketch = null);

/// <summary>Series by backend over several spans of time. All but <paramref name="Window"/> go by whole minutes.</summary>
/// <param name="Window">Seen in the window.</param>
/// <param name="Active20Minutes">Seen in the last 20 minutes.</param>
/// <param name="ActiveHour">Seen in the last 60 minutes.</param>
/// <param name="DistinctHour">Seen since the clock hour (UTC) began.</param>
/// <param name="DistinctDay">Seen in this clock hour and the 23 before.</param>
/// <param name="Measurement">Seen since the arm's epoch or the measurement began.</param>
public sealed record SeriesMeters(
    SeriesByBackend Window, SeriesByBackend Active20Minutes, SeriesByBackend ActiveHour, SeriesByBackend DistinctHour, SeriesByBackend DistinctDay,
    SeriesByBackend Measurement);

/// <param name="Classic">Prometheus without native histograms: a histogram of n bounds is n + 3 series, <c>target_info</c> counts.</param>
/// <param name="Native">Prometheus with native histograms, explicit bounds as custom buckets: a histogram is one.</param>
/// <param name="Datadog">Tag sets per metric name; what a histogram or distribution is multiplied by belongs to the price.</param>
public sealed record SeriesByBackend(long Classic, long Native, long Datadog);

/// <param name="Checksum">128-bit order-independent checksum (identity, time, value) of the window's points, as 32 hex digits.</param>
/// <param name="Refused">Points refused to the sender (malformed, over a limit).</param>
public sealed record ArmInput(StreamCounts Counts, string Checksum, long Refused);

/// <param name="WireBytes">Bytes as sent: encoded and compressed (also in the shadow).</param>
/// <param name="ExportErrors">Export attempts that failed.</param>
/// <param name="DroppedPoints">Points lost after all retries.</param>
/// <param name="MaxDelayMs">The longest time from a point's receipt by production to its export by this arm, or until it was folded into one that was exported; without the time in a <c>batch</c> processor or an exporter's queue.</param>
public sealed record ArmOutput(StreamCounts Counts, long WireBytes, long ExportErrors, long DroppedPoints, double MaxDelayMs = 0);

/// <param name="CpuMs">CPU time of the arm's process within the window, by the operating system.</param>
public sealed record ArmCost(double CpuMs, long ResidentBytes);

/// <summary>The ledger oracle, over the epoch so far: increments into and out of every surviving label group.</summary>
/// <param name="Groups">Groups compared.</param>
/// <param name="Increments">Input increments checked.</param>
/// <param name="In">Sum of increments in.</param>
/// <param name="Out">Sum of increments out.</param>
/// <param name="ErrorPct">100 · Σ|in − out| ÷ Σ|in| over all groups.</param>
/// <param name="WorstGroup">Metric and labels of the group with the largest relative error, and in brackets what of it is wrong where it is not the increments: buckets, sum or level; null where every group agrees.</param>
/// <param name="WorstMetric">Metric name of that group.</param>
/// <param name="WorstErrorPct">Its relative error in per cent.</param>
/// <param name="Dropped">Points dropped by a named rule, by rule.</param>
/// <param name="VoidGroups">Groups that are not compared because a stream of theirs found no place.</param>
public sealed record LedgerWindow(
    long Groups, long Increments, double In, double Out, double ErrorPct, string? WorstGroup, string? WorstMetric, double WorstErrorPct,
    IReadOnlyList<DroppedByRule> Dropped, long VoidGroups = 0);

/// <param name="Rule">The component and condition that dropped, as named in the configuration.</param>
public sealed record DroppedByRule(string Rule, long Points);

/// <param name="Expected">Protected streams that came in during the window.</param>
/// <param name="Retained">Those of them that left with the same identity.</param>
/// <param name="Missing">Names of protected metrics of which a stream is missing, at most 20.</param>
public sealed record ProtectedWindow(long Expected, long Retained, IReadOnlyList<string> Missing);

/// <summary>One of the metrics with most active series in the window.</summary>
public sealed record MetricShare(string Metric, long SeriesIn, long SeriesOut);
