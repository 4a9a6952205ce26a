using System.Text.Json.Serialization;

namespace Phoenix.Contracts;

/// <summary>HTTP headers of the agent protocol.</summary>
public static class AgentHeaders
{
    /// <summary>The host id the agent speaks for. Identifies; the bearer credential proves.</summary>
    public const string HostId = "X-Agent-Host-ID";

    /// <summary>A UUID made once per agent process. The newest boot of a host fences the older (409 <c>agent-fenced</c>).</summary>
    public const string BootId = "X-Agent-Boot-ID";
}

/// <summary>
/// <c>POST /api/v2/agents/enrol</c>. The agent makes its own credential and stores it before it asks, so that a repeated
/// request after a lost answer is harmless: the same host with the same credential is enrolled once.
/// </summary>
/// <param name="EnrolmentToken">Token an operator issued; allows hosts to enrol, nothing else.</param>
/// <param name="Credential">256 random bits, base64url. The server keeps only its SHA-256.</param>
/// <param name="Labels">Labels the host proposes for itself; they count at the first enrolment only, after that operators set them.</param>
public sealed record EnrolmentRequest(
    string HostId, string EnrolmentToken, string Credential, string AgentVersion, string OperatingSystem, string Architecture,
    IReadOnlyDictionary<string, string>? Labels = null);

/// <param name="Verification"><c>verified</c>, or <c>unverified</c> in the header-only development mode.</param>
/// <param name="SigningKeys">Whose configurations the host is to run: it pins them. Null from a control plane that does not sign.</param>
public sealed record EnrolmentResponse(string HostId, string Verification, IReadOnlyList<SigningKey>? SigningKeys = null);

/// <summary>Answer 200 of <c>GET /api/v2/tasks/poll?waitSeconds=30</c>; 204 means that there was nothing to do.</summary>
public sealed record PollResponse(IReadOnlyList<AssignedTask> Tasks);

/// <summary>One unit of work for one host.</summary>
/// <param name="Lease">Fencing token: rises with every assignment; an agent refuses a lower one than it has seen for the task.</param>
/// <param name="LeaseUntil">When the lease ends by the database's clock unless progress renews it.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="Preview">With <see cref="TaskKind.Preview"/>.</param>
/// <param name="Load">With <see cref="TaskKind.Load"/>.</param>
/// <param name="Upgrade">With <see cref="TaskKind.Upgrade"/>.</param>
/// <param name="Logs">With <see cref="TaskKind.Logs"/>.</param>
/// <param name="Explore">With <see cref="TaskKind.Explore"/>.</param>
public sealed record AssignedTask(
    Guid Id, TaskKind Kind, long Lease, DateTimeOffset LeaseUntil, int Attempt, DesiredState Desired,
    PreviewOrder? Preview = null, LoadOrder? Load = null, UpgradeOrder? Upgrade = null, HostLogsOrder? Logs = null, ExploreOrder? Explore = null);

[JsonConverter(typeof(CamelCaseEnum<TaskKind>))]
public enum TaskKind
{
    /// <summary>Make the named collectors run as described and remove the named others.</summary>
    Apply,

    /// <summary>Play the recent input of the host's production collector through a configuration, without running it.</summary>
    Preview,

    /// <summary>Send made-up metrics to the host's production collector for a while.</summary>
    Load,

    /// <summary>Run another version of the agent itself. The result comes from the version that runs in the end.</summary>
    Upgrade,

    /// <summary>Send the last lines of the agent's and its collectors' logs, see <see cref="HostLogsReport"/>. Sent only to agents that say that they understand it.</summary>
    Logs,

    /// <summary>
    /// Count which metrics, labels and values the recent input of the host's production collector is made of. Sent only to agents that say in their heartbeat
    /// that they understand it: an older one could read none of the tasks that come with it.
    /// </summary>
    Explore,
}

/// <summary>
/// What should be true on a host when the task has succeeded. Collectors that are not named are left alone.
/// </summary>
/// <param name="Collectors">Collectors that should run.</param>
/// <param name="Remove">Names of collectors that should not run (any more).</param>
/// <param name="Measurement">What to measure and report for an experiment; null where the task measures nothing.</param>
public sealed record DesiredState(
    Guid? ExperimentId, IReadOnlyList<DesiredCollector> Collectors, IReadOnlyList<string> Remove, MeasurementPlan? Measurement);

[JsonConverter(typeof(CamelCaseEnum<CollectorArm>))]
public enum CollectorArm
{
    /// <summary>Owns the receivers, acknowledges the senders, exports for real.</summary>
    Production,

    /// <summary>
    /// Hears a stock collector that is the real production: owns its receivers and serves the tee as a production arm does,
    /// exports into the shadow.
    /// </summary>
    Baseline,

    /// <summary>Fed by the tee of the production or baseline arm, exports into the shadow.</summary>
    Candidate,
}

[JsonConverter(typeof(CamelCaseEnum<CollectorRuntime>))]
public enum CollectorRuntime
{
    /// <summary><c>phoenix-collector</c>.</summary>
    Phoenix,

    /// <summary>An OpenTelemetry Collector found on the host, as production only.</summary>
    Stock,
}

/// <param name="Name">Unique on the host: <c>production</c>, or <c>candidate-</c> and a part of the experiment's id.</param>
/// <param name="Configuration">The collector's YAML, the same bytes in either arm: what was measured is what is promoted.</param>
/// <param name="ConfigurationHash">Lower-case hex SHA-256 of the UTF-8 bytes of <paramref name="Configuration"/>.</param>
/// <param name="ExpiresAt">When the agent ends the collector by itself (dead man's switch); for production, when it returns to what it ran before by itself. Null for production that stays.</param>
/// <param name="Runtime">What runs the configuration. Production collectors of one task depend on each other and are kept or put back together.</param>
/// <param name="Signature">The control plane's word for the hash, see <see cref="ConfigurationSignature"/>; null from a control plane that does not sign.</param>
public sealed record DesiredCollector(
    string Name, CollectorArm Arm, string Pipeline, int PipelineVersion, string Configuration, string ConfigurationHash,
    DateTimeOffset? ExpiresAt, CollectorRuntime Runtime = CollectorRuntime.Phoenix, string? Signature = null);

/// <param name="ProductionName">Collector whose windows are the baseline.</param>
/// <param name="CandidateName">Collector whose windows are the candidate.</param>
/// <param name="WindowSeconds">Length of a measurement window.</param>
/// <param name="ProtectedMetrics">Metric names that must leave untouched; <c>*</c> matches any run of characters.</param>
/// <param name="StockName">The stock collector that copies its input to <paramref name="ProductionName"/>; what it loses voids windows. Null where production is Phoenix's own.</param>
public sealed record MeasurementPlan(
    Guid ExperimentId, string ProductionName, string CandidateName, double WindowSeconds, IReadOnlyList<string> ProtectedMetrics,
    string? StockName = null);

/// <summary><c>POST /api/v2/tasks/{id}/progress</c>: acknowledges the assignment and renews the lease. 409 <c>lease-superseded</c> where the lease is not the current one.</summary>
public sealed record TaskProgress(long Lease, string Phase, string? Detail);

/// <param name="LeaseUntil">The renewed end of the lease, by the database's clock.</param>
public sealed record TaskProgressAccepted(DateTimeOffset LeaseUntil);

[JsonConverter(typeof(CamelCaseEnum<TaskOutcome>))]
public enum TaskOutcome
{
    Succeeded,
    Failed,
}

/// <summary>
/// <c>POST /api/v2/tasks/{id}/result</c>. Repeating the accepted result is harmless (200); a result under another lease
/// than the current one gets 409 <c>lease-superseded</c> and changes nothing.
/// </summary>
/// <param name="Preview">What a successful preview found.</param>
/// <param name="Load">What came of a successful load simulation.</param>
/// <param name="Upgrade">What runs after a successful upgrade.</param>
/// <param name="Exploration">What a successful exploration counted.</param>
/// <param name="Error">Null on success. For a configuration: file line and key.</param>
public sealed record TaskResult(
    long Lease, TaskOutcome Outcome, IReadOnlyList<AppliedCollector> Collectors, TaskError? Error,
    PreviewReport? Preview = null, LoadReport? Load = null, UpgradeReport? Upgrade = null, ExplorationReport? Exploration = null);

/// <param name="Changed">False where the collector already ran with this configuration.</param>
public sealed record AppliedCollector(string Name, string ConfigurationHash, bool Changed);

/// <param name="Code">
/// Stable: <c>configuration-invalid</c>, <c>configuration-not-allowed</c> (the host owner's allow-list), <c>signature-invalid</c>,
/// <c>not-healthy</c>, <c>collector-missing</c>, <c>hash-mismatch</c>, <c>host-in-panic</c> (until its owner clears it),
/// <c>interrupted</c> (the agent was stopped), <c>internal</c>.
/// </param>
/// <param name="Retryable">False where the same task would fail again (an invalid configuration).</param>
/// <param name="LogTail">The collector's last log lines, where it had started.</param>
public sealed record TaskError(string Code, string Detail, bool Retryable, IReadOnlyList<string> LogTail);

/// <summary><c>POST /api/v2/agents/heartbeat</c>, about every 15 s. Upserted, never an event. Answered with <see cref="HeartbeatAccepted"/>.</summary>
/// <param name="ResidentBytes">Resident memory of the agent process itself.</param>
/// <param name="CpuSeconds">CPU time of the agent process since its start.</param>
/// <param name="Stopping">True in the farewell of an agent that was told to stop and ends its collectors: the host is stopped, not lost.</param>
/// <param name="PanicAt">When the host owner put the host back by <c>phoenix-agent panic</c>; null where not, or where it was cleared.</param>
/// <param name="Dropped">What the agent's buffers gave up since its start because they were full; null where nothing.</param>
/// <param name="Understands">Kinds of tasks that not every released agent knows, as in <see cref="Understanding"/>; null from one that knows none of them.</param>
public sealed record Heartbeat(
    string AgentVersion, DateTimeOffset StartedAt, long ResidentBytes, double CpuSeconds, IReadOnlyList<CollectorHealth> Collectors,
    bool Stopping = false, DateTimeOffset? PanicAt = null, DroppedReports? Dropped = null, IReadOnlyList<string>? Understands = null);

/// <summary>Words of <see cref="Heartbeat.Understands"/>. Text and no enumeration, so that an older control plane takes a newer agent's heartbeat.</summary>
public static class Understanding
{
    /// <summary><see cref="TaskKind.Explore"/>.</summary>
    public const string Explore = "explore";

    /// <summary><see cref="TaskKind.Logs"/>.</summary>
    public const string Logs = "logs";

    public static readonly IReadOnlyList<string> All = [Explore, Logs];
}

/// <param name="Windows">Window reports.</param>
/// <param name="Results">Results of tasks.</param>
public sealed record DroppedReports(long Windows, long Results);

/// <param name="NextInSeconds">When the control plane wants the next one; already spread at random, so wait just that long.</param>
public sealed record HeartbeatAccepted(double NextInSeconds);

/// <param name="Healthy">True only while data flows.</param>
/// <param name="Restarts">Restarts after crashes since the agent took the collector over.</param>
/// <param name="LogTail">Last log lines after a crash or while unhealthy; else empty.</param>
/// <param name="Breach">What left the collector is not what came in; null where both agree or it is not known.</param>
/// <param name="CpuSeconds">CPU time of the collector's processes since the agent or an earlier one started them, by its control group; null where it has none of its own.</param>
/// <param name="Limits">Which of the host owner's limits are in force; null where none are set.</param>
/// <param name="Flow">What went through it in the last whole window; null before the first one with its configuration.</param>
public sealed record CollectorHealth(
    string Name, CollectorArm Arm, string ConfigurationHash, bool Healthy, string? Reason, int Restarts, long ResidentBytes,
    IReadOnlyList<string> LogTail, ConservationBreach? Breach = null, double? CpuSeconds = null, CollectorLimits? Limits = null, CollectorFlow? Flow = null);

/// <param name="Held">Limits that the system holds, such as <c>memory.max=512MiB</c>.</param>
/// <param name="NotHeld">Limits that are asked for and not held, with the reason.</param>
public sealed record CollectorLimits(IReadOnlyList<string> Held, IReadOnlyList<string> NotHeld);
