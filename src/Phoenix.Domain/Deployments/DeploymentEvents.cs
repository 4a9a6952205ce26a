using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Deployments;

/// <summary>A pipeline version is to become the production one on hosts. Who is in which wave is settled here, so that nothing later depends on chance.</summary>
/// <param name="Hosts">In the order of the waves.</param>
/// <param name="Waves">How many of the hosts each wave ends with: 1, 10, 50 is one host, nine more and forty more.</param>
/// <param name="ExperimentId">The experiment whose candidate is promoted; null for a deployment for itself.</param>
/// <param name="PredictedKeptPct">Of the live series that come in, so many per cent should leave, as the experiment measured; null where nothing was predicted.</param>
/// <param name="Ticket">Where the change was asked for, as a link or a number.</param>
/// <param name="NeedsApproval">Nothing begins before another person has approved.</param>
/// <param name="Until">When every host returns to what it ran before, by itself too where nobody tells it; null for what stays.</param>
/// <param name="OverridesFreeze">It was asked for in a change freeze and goes over it, in every wave.</param>
public sealed record DeploymentRequested(
    PipelineReference Pipeline, IReadOnlyList<string> Hosts, IReadOnlyList<int> Waves, DeploymentPlan Plan, Guid? ExperimentId, double? PredictedKeptPct,
    string? Ticket, bool NeedsApproval, bool OverridesFreeze, DateTimeOffset? Until = null);

/// <summary>A second person agreed.</summary>
public sealed record DeploymentApproved;

/// <summary>A second person did not agree; nothing was deployed.</summary>
public sealed record DeploymentRejected;

/// <summary>The hosts of the next wave are asked to run the version.</summary>
/// <param name="Wave">Counts from 1.</param>
/// <param name="Before">What these hosts ran, which is what they return to.</param>
public sealed record WaveStarted(int Wave, IReadOnlyList<RanBefore> Before);

/// <summary>These hosts run the version, and data flows through it.</summary>
public sealed record HostsDeployed(IReadOnlyList<string> Hosts);

/// <summary>These hosts could not run it, and went on with what they had.</summary>
public sealed record HostDeploymentsFailed(IReadOnlyList<FailedDeployment> Hosts);

/// <summary>These hosts did not call in while they were waited for. That says nothing of the version.</summary>
public sealed record HostsNotReached(IReadOnlyList<string> Hosts);

/// <summary>Every host of the wave has ended. The next one begins after the soak time, if what is measured then allows it.</summary>
public sealed record WaveCompleted(int Wave);

/// <summary>What was measured on every host that runs the version, held against the plan's limits.</summary>
public sealed record WaveJudged(int Wave, IReadOnlyList<GateCheck> Checks);

/// <summary>No further host is asked; what had been asked and had not begun is taken back.</summary>
/// <param name="Until">When it goes on by itself: the end of a change freeze; else null.</param>
public sealed record DeploymentHeld(DeploymentCause Cause, string Detail, DateTimeOffset? Until = null);

/// <summary>The deployment goes on where it was held. Where a person says so, what had failed until then is no longer held against it, nor that nothing was proved.</summary>
/// <param name="Round">Numbers the tasks from here on, because the earlier ones were taken back.</param>
public sealed record DeploymentResumed(int Round);

/// <summary>Every host that was asked returns to what it ran before.</summary>
/// <param name="Taken">Hosts that it takes again, because it had given them free when it ended.</param>
public sealed record DeploymentRollbackRequested(DeploymentCause Cause, string Detail, int Round, IReadOnlyList<string> Taken);

/// <summary>These hosts run what they ran before.</summary>
public sealed record HostsRestored(IReadOnlyList<string> Hosts);

/// <summary>These hosts could not return, or did not call in; the order to return waits for those.</summary>
public sealed record HostRestoresFailed(IReadOnlyList<FailedDeployment> Hosts);

/// <summary>Every host has returned but for those that are named as failed.</summary>
public sealed record DeploymentRolledBack;

/// <summary>Every wave is done and was found well.</summary>
public sealed record DeploymentCompleted;

/// <summary>The deployment ended before its time; hosts that run the version go on with it.</summary>
/// <param name="Detail">What took its place; empty where a person ended it.</param>
public sealed record DeploymentAborted(string Detail);

/// <param name="PipelineId">Null where nothing ran.</param>
public sealed record RanBefore(Guid? PipelineId, int PipelineVersion, string? ConfigurationHash, IReadOnlyList<string> Hosts);

/// <param name="Error">Code and detail.</param>
public sealed record FailedDeployment(string HostId, string Error);

public enum DeploymentCause
{
    Operator,

    /// <summary>More hosts failed than the plan allows.</summary>
    Failures,

    /// <summary>What was measured after a wave broke a limit.</summary>
    Gate,

    /// <summary>Nothing was measured after a wave that could prove it.</summary>
    NothingProved,

    /// <summary>A change freeze began.</summary>
    Frozen,

    /// <summary>It was for a while only, and that is over.</summary>
    TimeOver,
}

/// <param name="Soak">How long a wave that is done must be well before the next one begins.</param>
/// <param name="Patience">How long a wave waits for hosts that do not call in, and a gate for what it needs to be measured.</param>
/// <param name="MaxFailures">More than that hold the deployment.</param>
/// <param name="MaxFailuresPct">Of the hosts asked so far; the larger of the two allowances counts.</param>
/// <param name="RollsBack">What holds it returns all its hosts instead.</param>
public sealed record DeploymentPlan(TimeSpan Soak, TimeSpan Patience, int MaxFailures, double MaxFailuresPct, bool RollsBack, GateLimits Gate)
{
    public static readonly DeploymentPlan Default = new(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), 0, 0, true, GateLimits.Default);
}

/// <summary>What must hold after each wave. A limit that is null is not asked.</summary>
/// <param name="DataLeaves">Every host's collector takes data in and its exports succeed, without loss.</param>
/// <param name="MaxConservationErrorPct">Largest relative error of a label group on any host.</param>
/// <param name="MaxSavingShortfallPct">By so many percentage points the reduction may be less than the experiment's.</param>
/// <param name="MaxCpuPct">Of one core, mean over the hosts.</param>
/// <param name="MaxResidentBytes">Mean over the hosts.</param>
public sealed record GateLimits(bool DataLeaves, double? MaxConservationErrorPct, double? MaxSavingShortfallPct, double? MaxCpuPct, long? MaxResidentBytes)
{
    public static readonly GateLimits Default = new(true, 0.1, 10, 100, 512L << 20);
    public static readonly GateLimits None = new(false, null, null, null, null);
}

/// <param name="Outcome">Open where what it needs was not measured (yet).</param>
/// <param name="Measured">In the unit of the check; null where nothing was.</param>
public sealed record GateCheck(GateKind Kind, GateOutcome Outcome, string Detail, double? Measured = null, double? Limit = null);

public enum GateKind
{
    DataLeaves,
    Fidelity,
    Saving,
    Cpu,
    Memory,
}

public enum GateOutcome
{
    Met,
    NotMet,
    Open,

    /// <summary>There is nothing to hold it against; it neither holds nor lets go on.</summary>
    NotAsked,
}
