using System.Collections.Immutable;
using JasperFx.Events;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Experiments;

public enum ExperimentState
{
    Draft,
    Starting,
    WarmingUp,
    Running,
    Completing,
    Completed,
    Promoting,
    Promoted,
    RollingBack,
    RolledBack,
    Stopping,
    Stopped,
}

/// <summary>An experiment as its events tell it: what decisions rest on, and what its page shows.</summary>
public sealed record Experiment
{
    public Guid Id { get; init; }

    /// <summary>Number of events in the stream; set by the store.</summary>
    public int Version { get; set; }

    public required string Name { get; init; }
    public required string Hypothesis { get; init; }
    public required PipelineReference Baseline { get; init; }
    public required PipelineReference Candidate { get; init; }
    public required IReadOnlyList<string> Hosts { get; init; }
    public required ExperimentPlan Plan { get; init; }
    public required SuccessCriteria Criteria { get; init; }

    /// <summary>What its author protects.</summary>
    public required IReadOnlyList<string> ProtectedMetrics { get; init; }

    /// <summary>What the organisation protected beyond that when it started; nothing before.</summary>
    public IReadOnlyList<string> AlsoProtected { get; init; } = [];

    public required string PriceEntry { get; init; }

    /// <summary>Chooses the hosts anew when the experiment starts; null where they were named or a group does.</summary>
    public string? Selector { get; init; }

    public string? Group { get; init; }

    public Guid? ClonedFrom { get; init; }

    /// <summary>So many hosts are drawn at the start; null where all that are meant take part.</summary>
    public int? SampleHosts { get; init; }

    /// <summary>What was drawn; null where nothing was.</summary>
    public DrawnSample? Sample { get; init; }
    public bool Archived { get; init; }
    public ExperimentState State { get; init; }

    /// <summary>Numbers promotions and rollbacks, so that each has tasks of its own.</summary>
    public int Round { get; init; }

    /// <summary>What brings the candidate to the hosts; null before a promotion.</summary>
    public Guid? DeploymentId { get; init; }

    /// <summary>What it was before a promotion that is under way.</summary>
    public ExperimentState? PromotedFrom { get; init; }

    /// <summary>Hosts that have not yet done what the present state waits for.</summary>
    public ImmutableSortedSet<string> Waiting { get; init; } = [];

    /// <summary>Hosts that could not do what was asked of them, with the error.</summary>
    public IReadOnlyList<HostFailed> FailedHosts { get; init; } = [];

    public DateTimeOffset DraftedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CandidateExpiresAt { get; init; }

    /// <summary>Since when windows count; null before that, and in what an earlier version has stored.</summary>
    public DateTimeOffset? RunningSince { get; init; }

    /// <summary>When the verdict is reached with what there is.</summary>
    public DateTimeOffset? RunEndsAt => RunningSince + Plan.Deadline;

    /// <summary>Hosts that were not heard of at the start, and take no part.</summary>
    public ImmutableSortedSet<string> LeftOut { get; init; } = [];

    /// <summary>Somebody decided for the baseline, and nobody for the candidate since.</summary>
    public bool BaselineKept { get; init; }

    /// <summary>Windows that were measured or voided: a report that comes again changes nothing.</summary>
    public WindowNumbers RecordedWindows { get; init; } = WindowNumbers.None;

    /// <summary>Windows of single hosts that said nothing.</summary>
    public int VoidWindows { get; init; }

    /// <summary>The newest window in which the arms of a host did not see the same input; null where there was none.</summary>
    public MismatchedWindow? LastMismatch { get; init; }

    /// <summary>The last window that belongs to the warm-up; null while it lasts.</summary>
    public int? WarmUpWindow { get; init; }

    public WindowMeasured? LatestWindow { get; init; }
    public Evidence Evidence { get; init; } = Evidence.None;
    public VerdictReached? Verdict { get; init; }
    public GuardrailBreached? Breach { get; init; }

    /// <summary>Nothing is under way: no task is open and no timer runs.</summary>
    public bool Rests => State is ExperimentState.Draft or ExperimentState.Completed or ExperimentState.Promoted or ExperimentState.RolledBack or ExperimentState.Stopped;

    /// <summary>Whether a candidate may be running on a host because of this experiment, and windows may still come.</summary>
    public bool Measures => State is ExperimentState.Starting or ExperimentState.WarmingUp or ExperimentState.Running;

    public static Experiment Create(IEvent<ExperimentDrafted> e) => new()
    {
        Id = e.StreamId, Name = e.Data.Name, Hypothesis = e.Data.Hypothesis, Baseline = e.Data.Baseline, Candidate = e.Data.Candidate,
        Hosts = e.Data.Hosts, Plan = e.Data.Plan, Criteria = e.Data.Criteria, ProtectedMetrics = e.Data.ProtectedMetrics,
        PriceEntry = e.Data.PriceEntry, Selector = e.Data.Selector, Group = e.Data.Group, ClonedFrom = e.Data.ClonedFrom, SampleHosts = e.Data.SampleHosts, DraftedAt = e.Timestamp,
    };

    public Experiment Apply(ExperimentEdited e) => this with
    {
        Name = e.Name, Hypothesis = e.Hypothesis, Baseline = e.Baseline, Candidate = e.Candidate, Hosts = e.Hosts, Plan = e.Plan, Criteria = e.Criteria,
        ProtectedMetrics = e.ProtectedMetrics, PriceEntry = e.PriceEntry, Selector = e.Selector, Group = e.Group,
        SampleHosts = e.SampleHosts,
    };

    public Experiment Apply(ExperimentArchived _) => this with { Archived = true };

    public Experiment Apply(ExperimentUnarchived _) => this with { Archived = false };

    public Experiment Apply(IEvent<ExperimentStarted> e) => Await(ExperimentState.Starting) with
    {
        Hosts = e.Data.Hosts, Waiting = [.. e.Data.Hosts], CandidateExpiresAt = e.Data.CandidateExpiresAt, StartedAt = e.Timestamp,
        AlsoProtected = e.Data.AlsoProtected ?? [],
    };

    public Experiment Apply(FleetSampled e) => this with { Sample = new(e.Fleet.Count, e.Drawn) };

    public Experiment Apply(VariantsApplied e)
    {
        var done = Done(e.Hosts);
        return State == ExperimentState.Starting && done.Waiting.IsEmpty ? done with { State = ExperimentState.WarmingUp } : done;
    }

    public Experiment Apply(HostsLeftOut e)
    {
        var left = Done(e.Hosts) with { Hosts = [.. Hosts.Except(e.Hosts)], LeftOut = LeftOut.Union(e.Hosts) };
        return State == ExperimentState.Starting && left.Waiting.IsEmpty ? left with { State = ExperimentState.WarmingUp } : left;
    }

    public Experiment Apply(IEvent<WarmUpEnded> e) => this with
    {
        RunningSince = e.Timestamp,
        // The window that is open now belongs to both. Reports of the warm-up that come late have lower numbers.
        State = ExperimentState.Running, WarmUpWindow = Math.Max(RecordedWindows.Highest + 1, Plan.WarmUpWindows),
    };

    public Experiment Apply(ExperimentExtended e) => this with
    {
        Plan = Plan with { Duration = e.Duration }, CandidateExpiresAt = e.CandidateExpiresAt, Round = e.Round, Waiting = [.. Hosts],
    };

    public Experiment Apply(CandidateRenewed e) => Done(e.Hosts);

    public Experiment Apply(BaselineKept _) => this with { BaselineKept = true };

    public Experiment Apply(WindowMeasured e) => this with
    {
        RecordedWindows = RecordedWindows.Add(e.Number),
        LatestWindow = e,
        LastMismatch = LastMismatch?.Window == e.Number ? LastMismatch with { Counted = e.Hosts } : LastMismatch,
        Evidence = WarmUpWindow is { } last && e.Number > last ? Evidence.Add(e) : Evidence,
    };

    public Experiment Apply(WindowVoided e) => this with
    {
        RecordedWindows = RecordedWindows.Add(e.Number), VoidWindows = VoidWindows + 1,
        LastMismatch = e.Reason != Guardrails.InputMismatch ? LastMismatch
            : LastMismatch?.Window == e.Number ? LastMismatch with { Hosts = LastMismatch.Hosts + 1 } : new(e.Number, 1, 0),
    };

    public Experiment Apply(GuardrailBreached e) => this with { Breach = e };

    public Experiment Apply(VerdictReached e) =>
        State == ExperimentState.Running ? Await(ExperimentState.Completing) with { Verdict = e } : this with { Verdict = e };

    public Experiment Apply(CandidateRemoved e) => Done(e.Hosts);

    public Experiment Apply(ExperimentCompleted _) => this with { State = ExperimentState.Completed };

    public Experiment Apply(PromotionRequested e) => Await(ExperimentState.Promoting) with
    {
        Round = e.Round, DeploymentId = e.DeploymentId, PromotedFrom = State, BaselineKept = false,
    };

    public Experiment Apply(PromotionWithdrawn _) => this with { State = PromotedFrom ?? ExperimentState.Completed, Waiting = [] };

    public Experiment Apply(VariantPromoted e) => Done(e.Hosts);

    public Experiment Apply(ExperimentPromoted _) => this with { State = ExperimentState.Promoted };

    public Experiment Apply(RollbackRequested e) => Await(ExperimentState.RollingBack) with { Round = e.Round };

    public Experiment Apply(BaselineRestored e) => Done(e.Hosts);

    public Experiment Apply(ExperimentRolledBack _) => this with { State = ExperimentState.RolledBack };

    public Experiment Apply(StopRequested _) => Await(ExperimentState.Stopping);

    public Experiment Apply(ExperimentStopped _) => this with { State = ExperimentState.Stopped };

    public Experiment Apply(HostFailed e) => Done([e.HostId]) with { FailedHosts = [.. FailedHosts, e] };

    Experiment Await(ExperimentState state) => this with { State = state, Waiting = [.. Hosts] };

    Experiment Done(IReadOnlyList<string> hosts) => this with { Waiting = Waiting.Except(hosts) };
}

/// <param name="FleetHosts">Hosts that the claim speaks of.</param>
/// <param name="Drawn">In the order of the draw; one that was left out since stays in it.</param>
public sealed record DrawnSample(int FleetHosts, IReadOnlyList<DrawnHost> Drawn);

/// <param name="Hosts">Whose arms did not see the same input.</param>
/// <param name="Counted">Whose window counts.</param>
public sealed record MismatchedWindow(int Window, int Hosts, int Counted);
