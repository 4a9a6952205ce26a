using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Upgrades;

/// <summary>What an upgrade asks of a host. Ids follow from upgrade, round and host, so that asking twice queues once.</summary>
public static class UpgradeTasks
{
    /// <summary>A way back does not wait behind other work.</summary>
    const int Low = -5, Urgent = 100;

    public static Guid Id(Guid upgradeId, int round, string hostId) => StreamIds.Task(upgradeId, nameof(TaskPurpose.UpgradeAgent), round, hostId);

    /// <summary>The task of a host that the present state waits for.</summary>
    public static TaskQueued For(Upgrade x, string hostId) => x.State == UpgradeState.RollingBack
        ? Task(x, hostId, Urgent, new(x.Id, UpgradeDirection.Return, x.Release, [], x.Plan.Confirm))
        : Task(x, hostId, Low, new(x.Id, UpgradeDirection.Install, x.Release, x.Programs, x.Plan.Confirm));

    static TaskQueued Task(Upgrade x, string hostId, int priority, UpgradeSpecification upgrade) =>
        new(hostId, TaskPurpose.UpgradeAgent, priority, Guid.Empty, DesiredHostState.Upgrading(upgrade));
}
