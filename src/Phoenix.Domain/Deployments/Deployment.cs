using System.Collections.Immutable;
using JasperFx.Events;
using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Deployments;

public enum DeploymentState
{
    AwaitingApproval,

    /// <summary>Hosts of a wave are waited for.</summary>
    Running,

    /// <summary>A wave is done and is watched.</summary>
    Soaking,
    Held,
    RollingBack,
    RolledBack,
    Completed,
    Aborted,
    Rejected,
}

/// <summary>A pipeline version on its way to hosts, as its events tell it.</summary>
public sealed record Deployment
{
    public Guid Id { get; init; }

    /// <summary>Number of events in the stream; set by the store.</summary>
    public int Version { get; set; }

    public required PipelineReference Pipeline { get; init; }

    /// <summary>In the order of the waves.</summary>
    public required IReadOnlyList<string> Hosts { get; init; }

    /// <summary>How many of the hosts each wave ends with.</summary>
    public required IReadOnlyList<int> Waves { get; init; }

    public required DeploymentPlan Plan { get; init; }
    public Guid? ExperimentId { get; init; }
    public double? PredictedKeptPct { get; init; }
    public string? Ticket { get; init; }

    /// <summary>Change freezes do not hold it.</summary>
    public bool OverridesFreeze { get; init; }

    /// <summary>When every host returns to what it ran before; null for what stays.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Opaque id of who asked for it; somebody else has to approve.</summary>
    public string? RequestedBy { get; init; }

    public DateTimeOffset RequestedAt { get; init; }
    public DeploymentState State { get; init; }

    /// <summary>The wave that was begun last, from 1; 0 before the first.</summary>
    public int Wave { get; init; }

    /// <summary>Numbers what is asked of the hosts: a resumed deployment and a way back have tasks of their own.</summary>
    public int Round { get; init; }

    /// <summary>Hosts that have not yet done what the present state waits for.</summary>
    public ImmutableSortedSet<string> Waiting { get; init; } = [];

    public ImmutableSortedSet<string> Deployed { get; init; } = [];

    /// <summary>Hosts that failed, with the error.</summary>
    public ImmutableSortedDictionary<string, string> Failed { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedSet<string> NotReached { get; init; } = [];
    public ImmutableSortedSet<string> Restored { get; init; } = [];

    /// <summary>What the hosts asked so far ran before.</summary>
    public ImmutableList<RanBefore> Before { get; init; } = [];

    /// <summary>What was measured after the last wave that was judged.</summary>
    public WaveJudged? Judged { get; init; }

    /// <summary>Since when the present wave is watched.</summary>
    public DateTimeOffset? SoakingSince { get; init; }

    /// <summary>Failures up to the last time somebody let it go on.</summary>
    public int Forgiven { get; init; }

    /// <summary>Somebody has let it go on although nothing proved the present wave.</summary>
    public bool GoesOnUnproved { get; init; }

    /// <summary>Why it is held, was rolled back or aborted.</summary>
    public string? Detail { get; init; }

    public DeploymentCause? HeldBy { get; init; }

    /// <summary>When a freeze ends that holds it.</summary>
    public DateTimeOffset? HeldUntil { get; init; }

    /// <summary>Hosts that were asked so far.</summary>
    public int Begun => Wave == 0 ? 0 : Waves[Wave - 1];

    public bool HasEnded => State is DeploymentState.RolledBack or DeploymentState.Completed or DeploymentState.Aborted or DeploymentState.Rejected;

    /// <summary>Hosts that may fail without holding it.</summary>
    public int AllowedFailures => Math.Max(Plan.MaxFailures, (int)(Begun * Plan.MaxFailuresPct / 100));

    public IEnumerable<string> HostsOf(int wave) => Hosts.Take(Waves[wave - 1]).Skip(wave == 1 ? 0 : Waves[wave - 2]);

    /// <summary>What the host ran before it was asked; null where nothing did.</summary>
    public RanBefore? BeforeOf(string host) => Before.FirstOrDefault(b => b.PipelineId is not null && b.Hosts.Contains(host));

    public static Deployment Create(IEvent<DeploymentRequested> e) => new()
    {
        Id = e.StreamId, Pipeline = e.Data.Pipeline, Hosts = e.Data.Hosts, Waves = e.Data.Waves, Plan = e.Data.Plan, ExperimentId = e.Data.ExperimentId,
        PredictedKeptPct = e.Data.PredictedKeptPct, Ticket = e.Data.Ticket, OverridesFreeze = e.Data.OverridesFreeze, Until = e.Data.Until, RequestedBy = e.UserName, RequestedAt = e.Timestamp,
        State = e.Data.NeedsApproval ? DeploymentState.AwaitingApproval : DeploymentState.Running,
    };

    public Deployment Apply(DeploymentApproved _) => this with { State = DeploymentState.Running };

    public Deployment Apply(DeploymentRejected _) => this with { State = DeploymentState.Rejected };

    public Deployment Apply(WaveStarted e) => this with
    {
        State = DeploymentState.Running, Wave = e.Wave, Waiting = [.. HostsOf(e.Wave)], Before = Before.AddRange(e.Before), SoakingSince = null, GoesOnUnproved = false,
    };

    public Deployment Apply(HostsDeployed e) => this with { Waiting = Waiting.Except(e.Hosts), Deployed = Deployed.Union(e.Hosts) };

    public Deployment Apply(HostDeploymentsFailed e) => this with
    {
        Waiting = Waiting.Except(e.Hosts.Select(h => h.HostId)), Failed = Failed.SetItems(e.Hosts.Select(h => KeyValuePair.Create(h.HostId, h.Error))),
    };

    public Deployment Apply(HostsNotReached e) => this with { Waiting = Waiting.Except(e.Hosts), NotReached = NotReached.Union(e.Hosts) };

    public Deployment Apply(IEvent<WaveCompleted> e) => this with { State = DeploymentState.Soaking, SoakingSince = e.Timestamp };

    public Deployment Apply(WaveJudged e) => this with { Judged = e };

    public Deployment Apply(DeploymentHeld e) => this with { State = DeploymentState.Held, HeldBy = e.Cause, Detail = e.Detail, HeldUntil = e.Until };

    public Deployment Apply(IEvent<DeploymentResumed> e) => this with
    {
        State = Waiting.IsEmpty && Wave > 0 ? DeploymentState.Soaking : DeploymentState.Running, SoakingSince = e.Timestamp,
        // The end of a freeze forgives nothing, and proves nothing.
        Round = e.Data.Round, Forgiven = HeldBy == DeploymentCause.Frozen ? Forgiven : Failed.Count,
        GoesOnUnproved = HeldBy == DeploymentCause.NothingProved || (HeldBy == DeploymentCause.Frozen && GoesOnUnproved), Detail = null, HeldBy = null, HeldUntil = null,
    };

    public Deployment Apply(DeploymentRollbackRequested e) => this with
    {
        // A host that failed or was not heard of may run the version all the same; where it does not, there is nothing to do.
        State = DeploymentState.RollingBack, Round = e.Round, Waiting = [.. Hosts.Take(Begun)], Detail = e.Detail, HeldBy = null, HeldUntil = null,
    };

    public Deployment Apply(HostsRestored e) => this with { Waiting = Waiting.Except(e.Hosts), Restored = Restored.Union(e.Hosts) };

    public Deployment Apply(HostRestoresFailed e) => this with
    {
        Waiting = Waiting.Except(e.Hosts.Select(h => h.HostId)), Failed = Failed.SetItems(e.Hosts.Select(h => KeyValuePair.Create(h.HostId, h.Error))),
    };

    public Deployment Apply(DeploymentRolledBack _) => this with { State = DeploymentState.RolledBack };

    public Deployment Apply(DeploymentCompleted _) => this with { State = DeploymentState.Completed };

    public Deployment Apply(DeploymentAborted e) => this with { State = DeploymentState.Aborted, Waiting = [], Detail = e.Detail };
}
