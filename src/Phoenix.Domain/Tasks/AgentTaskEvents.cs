using System.Text.Json;
using Phoenix.Domain.Upgrades;

namespace Phoenix.Domain.Tasks;

/// <summary>Work for one host was asked for.</summary>
/// <param name="Purpose">What the work is for in its experiment.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="Desired">What should be true on the host when it is done.</param>
public sealed record TaskQueued(string HostId, TaskPurpose Purpose, int Priority, Guid ExperimentId, DesiredHostState Desired);

/// <summary>The task was handed to its host.</summary>
/// <param name="Lease">Fencing number; rises with every assignment in the whole system.</param>
/// <param name="LeaseUntil">By the database's clock.</param>
public sealed record TaskAssigned(long Lease, DateTimeOffset LeaseUntil, int Attempt);

/// <summary>The host acknowledged the assignment or told how far it is. Renews the lease.</summary>
public sealed record TaskProgressed(long Lease, string Phase, string? Detail, DateTimeOffset LeaseUntil);

/// <summary>The host has made it so. The one accepted end of a good task.</summary>
/// <param name="Report">What a preview or a load simulation found, in the shape of its wire type; null for other work.</param>
public sealed record TaskSucceeded(
    long Lease, string HostId, TaskPurpose Purpose, IReadOnlyList<RunningCollector> Collectors, IReadOnlyList<string> Removed, JsonElement? Report = null);

/// <summary>An attempt failed on the host.</summary>
/// <param name="Code">Stable, from the agent: <c>configuration-invalid</c>, <c>not-healthy</c>, …</param>
public sealed record TaskFailed(long Lease, string Code, string Detail, bool Retryable, IReadOnlyList<string> LogTail);

/// <summary>The host did not answer in time; its lease counts no more.</summary>
public sealed record TaskLeaseExpired(long Lease);

/// <summary>The task waits for another attempt.</summary>
public sealed record TaskRequeued(int Attempt, DateTimeOffset NotBefore);

/// <summary>No attempt is left; every attempt's error stays in this stream.</summary>
public sealed record TaskDeadLettered(int Attempts, string Code, string Detail);

/// <summary>An operator gave a dead-lettered task new attempts; those it had count no more.</summary>
public sealed record TaskRevived;

/// <summary>The task is no longer wanted.</summary>
public sealed record TaskCancelled(string Cause);

/// <summary>Why a host gets the task.</summary>
public enum TaskPurpose
{
    /// <summary>Run the baseline as production (where nothing runs) and the candidate beside it.</summary>
    ApplyVariants,

    /// <summary>End the candidate.</summary>
    RemoveCandidate,

    /// <summary>Make the candidate's pipeline the production one.</summary>
    Promote,

    /// <summary>Make the baseline's pipeline the production one again.</summary>
    RestoreBaseline,

    /// <summary>Play the host's recent input through a pipeline, without deploying it. Belongs to no experiment.</summary>
    PreviewPipeline,

    /// <summary>Send made-up metrics to the host's own production collector for a while. Belongs to no experiment.</summary>
    SimulateLoad,

    /// <summary>Run another version of the agent itself, or go back to the one before. Belongs to an upgrade.</summary>
    UpgradeAgent,

    /// <summary>Put the host's production pipeline back where something else runs. Belongs to no experiment.</summary>
    Reapply,

    /// <summary>Run a pipeline version as production, or what ran before it. Belongs to a deployment.</summary>
    Deploy,

    /// <summary>Send the last lines of the host's logs. Belongs to no experiment.</summary>
    ReadLogs,

    /// <summary>Count what the host's recent input is made of. Belongs to an exploration.</summary>
    ExploreInput,
}

public enum Arm
{
    Production,
    Candidate,
}

/// <param name="Remove">Names of collectors that should not run.</param>
/// <param name="Preview">What to preview; null for other work.</param>
/// <param name="Load">What load to make; null for other work.</param>
/// <param name="Upgrade">Which version of the agent to run; null for other work.</param>
/// <param name="DeploymentId">The deployment that asks for it; null for other work.</param>
/// <param name="Logs">Which log lines to send; null for other work.</param>
/// <param name="Exploration">What to count of the recent input; null for other work.</param>
public sealed record DesiredHostState(
    IReadOnlyList<CollectorOfPipeline> Collectors, IReadOnlyList<string> Remove, MeasurementSpecification? Measurement,
    PreviewSpecification? Preview = null, LoadSpecification? Load = null, UpgradeSpecification? Upgrade = null, Guid? DeploymentId = null,
    LogsSpecification? Logs = null, ExplorationSpecification? Exploration = null)
{
    public static DesiredHostState Previewing(PreviewSpecification preview) => new([], [], null, Preview: preview);

    public static DesiredHostState Loading(LoadSpecification load) => new([], [], null, Load: load);

    public static DesiredHostState Exploring(ExplorationSpecification exploration) => new([], [], null, Exploration: exploration);

    public static DesiredHostState Upgrading(UpgradeSpecification upgrade) => new([], [], null, Upgrade: upgrade);

    public static DesiredHostState ReadingLogs(LogsSpecification logs) => new([], [], null, Logs: logs);
}

/// <param name="Collector">Of this collector alone; null for the agent and all its collectors.</param>
/// <param name="Lines">Last lines of each log.</param>
public sealed record LogsSpecification(string? Collector, int Lines);

/// <param name="Configuration">The collector configuration (YAML) to try; it may belong to no published version.</param>
/// <param name="ConfigurationHash">Lower-case hex SHA-256 of its UTF-8 bytes.</param>
public sealed record PreviewSpecification(string Configuration, string ConfigurationHash, IReadOnlyList<string> ProtectedMetrics);

/// <param name="Metric">The one metric to look into; null for those with most series.</param>
public sealed record ExplorationSpecification(string? Metric);

/// <param name="Series">Series alive at a time, or at the height of a spike.</param>
/// <param name="Interval">Between two points of a series.</param>
public sealed record LoadSpecification(LoadProfile Profile, int Series, TimeSpan Interval, TimeSpan Duration);

/// <summary>What made-up load looks like.</summary>
public enum LoadProfile
{
    /// <summary>A few services with routes, status codes and latency histograms, busy in unequal parts.</summary>
    Realistic,

    /// <summary>One label with as many values as there are series.</summary>
    HighCardinality,

    /// <summary>Instances that live for a few intervals and come back under another name.</summary>
    HighChurn,

    /// <summary>A tenth of the series, and all of them for the middle fifth of the time.</summary>
    Spike,

    /// <summary>The same series with the same increments all the time.</summary>
    Steady,
}
/// <summary>A collector by reference: the configuration's text stays with the pipeline version, which never changes.</summary>
/// <param name="ExpiresAt">When the agent ends it by itself, or returns production to what it ran before; null for production that stays.</param>
public sealed record CollectorOfPipeline(
    string Name, Arm Arm, Guid PipelineId, int PipelineVersion, string ConfigurationHash, DateTimeOffset? ExpiresAt);

public sealed record MeasurementSpecification(
    string ProductionName, string CandidateName, TimeSpan Window, IReadOnlyList<string> ProtectedMetrics);

/// <param name="ExpiresAt">When it ends, or production returns to what it ran before; null for what stays.</param>
public sealed record RunningCollector(string Name, Arm Arm, Guid PipelineId, int PipelineVersion, string ConfigurationHash, bool Changed, DateTimeOffset? ExpiresAt = null);
