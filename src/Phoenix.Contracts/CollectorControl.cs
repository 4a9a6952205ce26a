namespace Phoenix.Contracts;

/// <summary>
/// Paths of the HTTP interface that every collector serves on its Unix control socket, for the agent alone.
/// </summary>
public static class CollectorControl
{
    /// <summary>GET: <see cref="CollectorStatus"/>.</summary>
    public const string Status = "/v1/status";

    /// <summary>GET <c>?after=N</c>: <see cref="CollectorWindows"/>, windows with a greater number, oldest first. The last 120 are kept.</summary>
    public const string Windows = "/v1/windows";

    /// <summary>PUT <see cref="MeasurementSettings"/>: 204. Idempotent.</summary>
    public const string Measurement = "/v1/measurement";

    /// <summary>
    /// POST: reads the configuration file again. 204 taken over at a batch boundary, with listeners open, unchanged components
    /// untouched and queued batches kept; 422 <see cref="ConfigurationProblem"/> with the old configuration still running; 409
    /// where something changed that is laid out once, which needs a new process. SIGHUP does the same.
    /// </summary>
    public const string Reload = "/v1/reload";

    /// <summary>GET <c>?after=N</c>: <see cref="CollectorDecisions"/>, decisions with a greater number. The last 500 are kept.</summary>
    public const string Decisions = "/v1/decisions";

    /// <summary>
    /// POST <see cref="IncidentCommand"/>: 204, and full detail leaves with the next export; 409 where no adaptive processor
    /// runs, 422 where minutes or metrics are out of range. A later command replaces an earlier one.
    /// </summary>
    public const string Incident = "/v1/incident";

    /// <summary>GET: the recent input as a sample for <c>phoenix-collector preview</c>; 409 <c>no-sample</c> where none is kept.</summary>
    public const string Sample = "/v1/sample";

    /// <summary>GET: <see cref="FlowWindow"/>; 409 <c>no-flow</c> in a candidate.</summary>
    public const string Flow = "/v1/flow";

    /// <summary>GET: Prometheus text exposition of the collector's own metrics.</summary>
    public const string Metrics = "/metrics";
}

/// <param name="Healthy">True while batches come in and their exports succeed.</param>
/// <param name="Reason">Why it is not healthy; null where it is.</param>
/// <param name="TeeSubscribers">Candidates connected (production arm).</param>
/// <param name="TeeConnected">Whether the tee feeds this arm (candidate arm).</param>
/// <param name="Window">Number of the window that is open.</param>
/// <param name="PatienceSeconds">How long the arm may go without input before it is unhealthy; a new arm may need as long for its first. 0 where not told.</param>
/// <param name="Breach">What left is not what came in, as of the last closed window; null where both agree.</param>
/// <param name="Flow">What went through it in the last whole window of its epoch; null before that.</param>
public sealed record CollectorStatus(
    string Epoch, int ProcessId, CollectorArm Arm, string ConfigurationHash, bool Healthy, string? Reason, DateTimeOffset StartedAt,
    DateTimeOffset? LastInputAt, DateTimeOffset? LastExportAt, int TeeSubscribers, bool TeeConnected, long Window, long ResidentBytes,
    double PatienceSeconds = 0, ConservationBreach? Breach = null, CollectorFlow? Flow = null);

/// <summary>A window in the numbers that say whether a collector does its work.</summary>
/// <param name="Seconds">Length of the window.</param>
/// <param name="SeriesIn">Live classic series of the input.</param>
/// <param name="SeriesOut">Live classic series of the output.</param>
/// <param name="ExportErrors">Export attempts that failed.</param>
/// <param name="DroppedPoints">Points lost after all retries.</param>
/// <param name="CpuMs">CPU time of the collector's process.</param>
public sealed record CollectorFlow(
    double Seconds, long SeriesIn, long SeriesOut, long PointsIn, long PointsOut, long ExportErrors, long DroppedPoints, double CpuMs);

/// <summary>A conservation error that the ledger of an arm has found in its epoch.</summary>
/// <param name="ErrorPct">100 · Σ|in − out| ÷ Σ|in| over all groups.</param>
/// <param name="Group">The surviving label group with the largest relative error.</param>
/// <param name="GroupErrorPct">That error in per cent.</param>
public sealed record ConservationBreach(double ErrorPct, string Group, double GroupErrorPct);

public sealed record CollectorWindows(string Epoch, IReadOnlyList<ArmWindow> Windows);

/// <summary>Sent to both arms. In the candidate the window length is ignored: the production arm's cuts decide.</summary>
/// <param name="ExperimentId">A new id restarts the distinct counts.</param>
/// <param name="Generation">A new generation restarts them too, so that after a restart of one arm both count over the same span again.</param>
public sealed record MeasurementSettings(Guid ExperimentId, double WindowSeconds, IReadOnlyList<string> ProtectedMetrics, int Generation = 0);

/// <summary>Also printed as JSON by <c>phoenix-collector validate --config FILE --format json</c> (exit code 1).</summary>
public sealed record ConfigurationProblem(IReadOnlyList<ConfigurationError> Errors)
{
    /// <summary>What is legal and probably not meant. Where there are only these the exit code is 0.</summary>
    public IReadOnlyList<ConfigurationError> Warnings { get; init; } = [];
}

/// <param name="Line">1-based line in the file; 0 where the file could not be read.</param>
/// <param name="Key">Dotted path, such as <c>processors.phoenix_topk.k</c>.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record ConfigurationError(int Line, string Key, string Message, string Remedy);
