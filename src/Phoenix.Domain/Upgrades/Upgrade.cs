using System.Collections.Immutable;
using JasperFx.Events;

namespace Phoenix.Domain.Upgrades;

public enum UpgradeState
{
    /// <summary>Hosts of a stage are waited for.</summary>
    Running,

    /// <summary>A stage is done and is watched for a while.</summary>
    Soaking,
    Held,
    RollingBack,
    RolledBack,
    Completed,
    Aborted,
}

/// <summary>A staged upgrade of agents as its events tell it.</summary>
public sealed record Upgrade
{
    public Guid Id { get; init; }

    /// <summary>Number of events in the stream; set by the store.</summary>
    public int Version { get; set; }

    public required string Release { get; init; }
    public required IReadOnlyList<AgentProgram> Programs { get; init; }

    /// <summary>In the order of the stages.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>How many of the hosts each stage ends with.</summary>
    public required IReadOnlyList<int> Stages { get; init; }

    public required UpgradePlan Plan { get; init; }
    public UpgradeState State { get; init; }

    /// <summary>The stage that was begun last, from 1.</summary>
    public int Stage { get; init; }

    /// <summary>Numbers what is asked of the hosts: a resumed upgrade and a rollback have tasks of their own.</summary>
    public int Round { get; init; }

    /// <summary>Hosts that have not yet done what the present state waits for.</summary>
    public ImmutableSortedSet<string> Waiting { get; init; } = [];

    /// <summary>Hosts that took the new version, with the one before.</summary>
    public ImmutableSortedDictionary<string, string> Upgraded { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Hosts that failed or were not well after it, with the error.</summary>
    public ImmutableSortedDictionary<string, string> Failed { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedSet<string> Unreached { get; init; } = [];
    public ImmutableSortedSet<string> Returned { get; init; } = [];

    /// <summary>Hosts of the present stage that were unwell before it.</summary>
    public ImmutableSortedSet<string> UnwellBefore { get; init; } = [];

    /// <summary>Failures up to the last time somebody let the upgrade go on.</summary>
    public int Forgiven { get; init; }

    /// <summary>Why it was held, rolled back or aborted.</summary>
    public string? Detail { get; init; }

    public DateTimeOffset RequestedAt { get; init; }

    /// <summary>Hosts that were asked to upgrade so far.</summary>
    public int Begun => Stage == 0 ? 0 : Stages[Stage - 1];

    /// <summary>Whether something may still be asked of a host.</summary>
    public bool IsOpen => State is UpgradeState.Running or UpgradeState.Soaking or UpgradeState.Held or UpgradeState.RollingBack;

    public IEnumerable<string> HostsOf(int stage) => Hosts.Take(Stages[stage - 1]).Skip(stage == 1 ? 0 : Stages[stage - 2]);

    public static Upgrade Create(IEvent<UpgradeRequested> e) => new()
    {
        Id = e.StreamId, Release = e.Data.Release, Programs = e.Data.Programs, Hosts = e.Data.Hosts, Stages = e.Data.Stages, Plan = e.Data.Plan,
        RequestedAt = e.Timestamp,
    };

    public Upgrade Apply(UpgradeStageStarted e) => this with
    {
        State = UpgradeState.Running, Stage = e.Stage, Waiting = [.. HostsOf(e.Stage)], UnwellBefore = [.. e.UnwellBefore],
    };

    public Upgrade Apply(HostsUpgraded e) => this with
    {
        Waiting = Waiting.Except(e.Hosts.Select(h => h.HostId)),
        Upgraded = Upgraded.SetItems(e.Hosts.Select(h => KeyValuePair.Create(h.HostId, h.FromVersion))),
    };

    public Upgrade Apply(HostUpgradesFailed e) => this with
    {
        Waiting = Waiting.Except(e.Hosts.Select(h => h.HostId)), Failed = Failed.SetItems(e.Hosts.Select(h => KeyValuePair.Create(h.HostId, h.Error))),
    };

    public Upgrade Apply(HostsUnreached e) => this with { Waiting = Waiting.Except(e.Hosts), Unreached = Unreached.Union(e.Hosts) };

    public Upgrade Apply(UpgradeStageCompleted _) => this with { State = UpgradeState.Soaking };

    public Upgrade Apply(UpgradeHeld e) => this with { State = UpgradeState.Held, Detail = e.Detail };

    public Upgrade Apply(UpgradeResumed e) => this with
    {
        State = Waiting.IsEmpty ? UpgradeState.Soaking : UpgradeState.Running, Round = e.Round, Forgiven = Failed.Count, Detail = null,
    };

    public Upgrade Apply(UpgradeRollbackRequested e) => this with
    {
        // A host that failed or was not heard of may run the new version all the same; where it does not, there is nothing to do.
        State = UpgradeState.RollingBack, Round = e.Round, Waiting = [.. Hosts.Take(Begun)], Detail = e.Detail,
    };

    public Upgrade Apply(HostsReturned e) => this with { Waiting = Waiting.Except(e.Hosts), Returned = Returned.Union(e.Hosts) };

    public Upgrade Apply(HostReturnsFailed e) => this with
    {
        Waiting = Waiting.Except(e.Hosts.Select(h => h.HostId)), Failed = Failed.SetItems(e.Hosts.Select(h => KeyValuePair.Create(h.HostId, h.Error))),
    };

    public Upgrade Apply(UpgradeRolledBack _) => this with { State = UpgradeState.RolledBack };

    public Upgrade Apply(UpgradeCompleted _) => this with { State = UpgradeState.Completed };

    public Upgrade Apply(UpgradeAborted _) => this with { State = UpgradeState.Aborted, Waiting = [] };
}
