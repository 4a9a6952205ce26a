namespace Phoenix.Domain.Upgrades;

/// <summary>Hosts are to run another version of the agent. Who is in which stage is settled here, so that nothing later depends on chance.</summary>
/// <param name="Release">The version.</param>
/// <param name="Programs">What the release consisted of when it was asked for; a host takes nothing else for it.</param>
/// <param name="Hosts">In the order in which they are upgraded.</param>
/// <param name="Stages">How many of the hosts each stage ends with: 1, 10, 50, 200 is one host, nine more, forty more and the rest.</param>
public sealed record UpgradeRequested(
    string Release, IReadOnlyList<AgentProgram> Programs, IReadOnlyList<string> Hosts, IReadOnlyList<int> Stages, UpgradePlan Plan);

/// <summary>The hosts of the next stage are asked to upgrade.</summary>
/// <param name="Stage">Counts from 1.</param>
/// <param name="UnwellBefore">Hosts of the stage whose collectors were unhealthy before anything was asked of them: that is not held against the release.</param>
public sealed record UpgradeStageStarted(int Stage, IReadOnlyList<string> UnwellBefore);

/// <summary>These hosts run the new version, have reached the control plane with it and have found their collectors again.</summary>
public sealed record HostsUpgraded(IReadOnlyList<UpgradedHost> Hosts);

/// <summary>These hosts could not be upgraded, or were not well after it.</summary>
public sealed record HostUpgradesFailed(IReadOnlyList<FailedUpgrade> Hosts);

/// <summary>These hosts did not call in while they were waited for. That says nothing of the release.</summary>
public sealed record HostsUnreached(IReadOnlyList<string> Hosts);

/// <summary>Every host of the stage has ended. The next one begins after the soak time, if they are well then.</summary>
public sealed record UpgradeStageCompleted(int Stage);

/// <summary>No further host is asked; what had been asked and had not begun is taken back.</summary>
public sealed record UpgradeHeld(UpgradeCause Cause, string Detail);

/// <summary>The upgrade goes on where it was held. What had failed until then is no longer held against it.</summary>
/// <param name="Round">Numbers the tasks from here on, because the earlier ones were taken back.</param>
public sealed record UpgradeResumed(int Round);

/// <summary>Every host that was asked to upgrade is asked to return to the version that it had.</summary>
public sealed record UpgradeRollbackRequested(UpgradeCause Cause, string Detail, int Round);

/// <summary>These hosts run the version that they had before.</summary>
public sealed record HostsReturned(IReadOnlyList<string> Hosts);

/// <summary>These hosts could not return, or did not call in; the order to return waits for those.</summary>
public sealed record HostReturnsFailed(IReadOnlyList<FailedUpgrade> Hosts);

/// <summary>Every host has returned but for those that are named as failed.</summary>
public sealed record UpgradeRolledBack;

/// <summary>Every stage is done.</summary>
public sealed record UpgradeCompleted;

/// <summary>The upgrade ended before its time; hosts that were upgraded stay so.</summary>
public sealed record UpgradeAborted;

/// <param name="FromVersion">What it ran before.</param>
public sealed record UpgradedHost(string HostId, string FromVersion);

/// <param name="Error">Code and detail.</param>
public sealed record FailedUpgrade(string HostId, string Error);

public enum UpgradeCause
{
    Operator,

    /// <summary>More hosts failed than the plan allows.</summary>
    Failures,

    /// <summary>No host of a stage was upgraded: it proves nothing for the next one.</summary>
    NothingProved,
}

/// <param name="Soak">How long a stage that is done must be well before the next one begins.</param>
/// <param name="Confirm">How long a new version has on a host to reach the control plane and find its collectors.</param>
/// <param name="Patience">How long a stage waits for hosts that do not call in.</param>
/// <param name="MaxFailures">More than that hold the upgrade.</param>
/// <param name="MaxFailuresPct">Of the hosts asked so far; the larger of the two allowances counts.</param>
/// <param name="RollsBack">Too many failures do not hold the upgrade but return all its hosts.</param>
public sealed record UpgradePlan(TimeSpan Soak, TimeSpan Confirm, TimeSpan Patience, int MaxFailures, double MaxFailuresPct, bool RollsBack)
{
    public static readonly UpgradePlan Default = new(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(15), 0, 0, false);
}
