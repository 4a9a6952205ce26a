using System.Collections.Immutable;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Experiments;

/// <summary>An experiment was written down. Nothing runs yet.</summary>
/// <param name="Hypothesis">What its author expects, in words.</param>
/// <param name="ProtectedMetrics">Metrics that must leave untouched; <c>*</c> matches any run of characters.</param>
/// <param name="Hosts">Those that were named, or those that the selector or group meant when it was written.</param>
/// <param name="PriceEntry">Id of the price-book entry that values the difference.</param>
/// <param name="Selector">Labels that choose the hosts when the experiment starts; null where they were named or a group chooses them.</param>
/// <param name="Group">Name of the group that chooses them.</param>
/// <param name="ClonedFrom">The experiment whose design this one began with.</param>
/// <param name="SampleHosts">So many of the hosts that the selector or group means are drawn at random when it starts; null where all of them take part.</param>
public sealed record ExperimentDrafted(
    string Name, string Hypothesis, PipelineReference Baseline, PipelineReference Candidate, IReadOnlyList<string> Hosts,
    ExperimentPlan Plan, SuccessCriteria Criteria, IReadOnlyList<string> ProtectedMetrics, string PriceEntry,
    string? Selector = null, string? Group = null, Guid? ClonedFrom = null, int? SampleHosts = null);

/// <summary>The draft says something else now, in full.</summary>
public sealed record ExperimentEdited(
    string Name, string Hypothesis, PipelineReference Baseline, PipelineReference Candidate, IReadOnlyList<string> Hosts,
    ExperimentPlan Plan, SuccessCriteria Criteria, IReadOnlyList<string> ProtectedMetrics, string PriceEntry, string? Selector, string? Group,
    int? SampleHosts = null);

/// <summary>Lists show the experiment only where they are asked to.</summary>
public sealed record ExperimentArchived;

/// <summary>Lists show the experiment again.</summary>
public sealed record ExperimentUnarchived;

/// <summary>The experiment began on these hosts, which are frozen from now on.</summary>
/// <param name="CandidateExpiresAt">When the hosts end the candidate by themselves, should nobody else do it.</param>
/// <param name="AlsoProtected">What the organisation protected at this moment beyond the experiment's own list; null where nothing.</param>
public sealed record ExperimentStarted(IReadOnlyList<string> Hosts, DateTimeOffset CandidateExpiresAt, IReadOnlyList<string>? AlsoProtected = null);

/// <summary>The hosts of the experiment were drawn from a fleet, at random and in proportion to what they send.</summary>
/// <param name="Seed">Repeats the draw, from the fleet as it is written here.</param>
/// <param name="Fleet">Hosts that the claim speaks of, with the live series that each took in.</param>
/// <param name="Unsized">Hosts of which that is not known, that take nothing in, or that run another pipeline than the baseline: the claim does not speak of them.</param>
/// <param name="Drawn">In the order of the draw.</param>
public sealed record FleetSampled(int Seed, IReadOnlyList<FleetHost> Fleet, IReadOnlyList<string> Unsized, IReadOnlyList<DrawnHost> Drawn);

/// <summary>Both variants run on these hosts.</summary>
public sealed record VariantsApplied(IReadOnlyList<string> Hosts);

/// <summary>
/// These hosts were not heard of while the variants were put on their hosts, and what was to be put on them was taken back: the experiment
/// goes on without them. Its scope is the hosts that are left.
/// </summary>
public sealed record HostsLeftOut(IReadOnlyList<string> Hosts, string Reason);

/// <summary>Windows count as evidence from now on.</summary>
public sealed record WarmUpEnded;

/// <summary>The experiment measures for longer than was planned.</summary>
/// <param name="Duration">The plan's duration from now on, not what was added to it.</param>
/// <param name="CandidateExpiresAt">When the hosts end the candidate by themselves now; each is told.</param>
/// <param name="Round">Numbers the tasks that tell them.</param>
public sealed record ExperimentExtended(TimeSpan Duration, DateTimeOffset CandidateExpiresAt, int Round);

/// <summary>These hosts keep the candidate until its new time. One that was not reached ends it at the earlier time.</summary>
public sealed record CandidateRenewed(IReadOnlyList<string> Hosts);

/// <summary>One window over all hosts that reported it. Verdicts rest on these.</summary>
/// <param name="Number">1, 2, 3, …</param>
/// <param name="Hosts">Hosts whose window is in the sums.</param>
/// <param name="Seconds">Length of the window.</param>
/// <param name="MaxClockSkewSeconds">The most that a host's clock was off; its times are put right.</param>
/// <param name="HoursUtc">Hours of the day that it touched by the clocks of half of its hosts or more; null in events of versions that did not tell.</param>
/// <param name="Input">What came in, the same in both arms; null in events of versions that did not tell.</param>
public sealed record WindowMeasured(
    int Number, int Hosts, double Seconds, ArmTotals Baseline, ArmTotals Candidate, Conservation Conservation, Retention Retention,
    IReadOnlyList<int>? HoursUtc = null, double MaxClockSkewSeconds = 0, InputTotals? Input = null);

/// <summary>A host's window says nothing and is no evidence.</summary>
/// <param name="Reason"><c>input-mismatch</c>, <c>tee-dropped</c>, <c>arm-restarted</c>, <c>incomplete</c>, …</param>
public sealed record WindowVoided(int Number, string HostId, string Reason);

/// <summary>A limit that must hold was measured not to hold. The candidate goes at once.</summary>
public sealed record GuardrailBreached(Guardrail Guardrail, string Detail, double Measured, double Limit, int Window);

/// <summary>What the evidence says, and for what.</summary>
/// <param name="Scope">For what it holds, as the claim that was asked says: which hosts, which time.</param>
/// <param name="Reasons">Each criterion with what was measured; for inconclusive, what is missing.</param>
/// <param name="Saving">Null where there was nothing to price it by, which the reasons say.</param>
/// <param name="Claims">What can be said of the reduction, each with its scope; null in events of versions that knew one claim only.</param>
public sealed record VerdictReached(
    VerdictOutcome Outcome, string Scope, IReadOnlyList<string> Reasons, EvidenceSummary Evidence, Saving? Saving, IReadOnlyList<ClaimJudged>? Claims = null);

/// <summary>What is claimed of the reduction of live series. The claims are never mixed: each has its own scope.</summary>
public enum VerdictClaim
{
    /// <summary>What was saved on these hosts in these windows: exact, and nothing beyond them.</summary>
    Observed,

    /// <summary>The mean reduction on these hosts from now on, in the hours of the day that were seen.</summary>
    Hosts,

    /// <summary>The mean reduction over the fleet that the hosts were drawn from, each weighing what it sends.</summary>
    Fleet,
}

/// <summary>One claim held against the required reduction.</summary>
/// <param name="Scope">What it speaks of: which hosts, which time.</param>
/// <param name="ReductionPct">Best single figure; null where there is none.</param>
/// <param name="LowerPct">Of the interval that holds at all looks together; null where the claim has none (yet).</param>
/// <param name="Missing">What an inconclusive claim lacks.</param>
public sealed record ClaimJudged(
    VerdictClaim Claim, VerdictOutcome Outcome, string Scope, double? ReductionPct, double? LowerPct, double? UpperPct, IReadOnlyList<string> Missing);

/// <summary>The candidate runs on none of the hosts any more; the experiment is over and waits for a decision, if it earned one.</summary>
public sealed record ExperimentCompleted;

/// <summary>
/// Somebody decided for the baseline: nothing of the candidate becomes production. Where it ran as such, a rollback follows; where it was still
/// measured, a stop does.
/// </summary>
public sealed record BaselineKept;

/// <summary>Somebody asked for the candidate's pipeline to become the production one on every host.</summary>
/// <param name="Round">Numbers promotions and rollbacks of the experiment.</param>
/// <param name="DeploymentId">What brings it to the hosts, in waves; null in events of versions that brought it to all at once.</param>
/// <param name="Overrides">What was gone over: that there was no verdict, or what it said; null where the verdict was to promote.</param>
public sealed record PromotionRequested(int Round, IReadOnlyList<string> Hosts, Guid? DeploymentId = null, string? Overrides = null);

/// <summary>The promotion ended before any host was asked: the experiment is as it was before.</summary>
public sealed record PromotionWithdrawn(string Detail);

/// <summary>The candidate's pipeline is the production one on these hosts.</summary>
public sealed record VariantPromoted(IReadOnlyList<string> Hosts);

/// <summary>The candidate's pipeline is the production one on every host of the experiment.</summary>
public sealed record ExperimentPromoted;

/// <summary>The hosts go back to the baseline alone.</summary>
public sealed record RollbackRequested(RollbackCause Cause, string Detail, int Round, IReadOnlyList<string> Hosts);

/// <summary>The baseline alone runs on these hosts.</summary>
public sealed record BaselineRestored(IReadOnlyList<string> Hosts);

/// <summary>The baseline alone runs on every host of the experiment, but for those that are named as failed.</summary>
public sealed record ExperimentRolledBack;

/// <summary>Somebody asked for the experiment to end without a verdict.</summary>
public sealed record StopRequested;

/// <summary>The candidate was removed from these hosts.</summary>
public sealed record CandidateRemoved(IReadOnlyList<string> Hosts);

/// <summary>The experiment ended without a verdict; the candidate runs nowhere.</summary>
public sealed record ExperimentStopped;

/// <summary>A host could not do what the experiment asked of it, after every attempt.</summary>
public sealed record HostFailed(string HostId, string Purpose, string Error);

public enum VerdictOutcome
{
    Promote,
    Reject,
    Inconclusive,
}

public enum RollbackCause
{
    Guardrail,
    Operator,
    HostFailed,

    /// <summary>Its promotion did not hold what it promised, and was taken back.</summary>
    Rollout,
}

public enum Guardrail
{
    Conservation,
    ProtectedRetention,
    DataLoss,
    CandidateCpu,
    CandidateMemory,

    /// <summary>The candidate's exports fail where the baseline's do not.</summary>
    ExportErrors,

    /// <summary>What leaves the candidate leaves too much later than it leaves the baseline.</summary>
    AddedDelay,

    /// <summary>Again and again the arms of most hosts did not see the same input: nothing can be said of the candidate.</summary>
    InputMismatch,
}

/// <param name="WarmUp">How long both arms run before windows count.</param>
/// <param name="Duration">How much valid window time the verdict rests on.</param>
public sealed record ExperimentPlan(TimeSpan WarmUp, TimeSpan Duration, TimeSpan Window)
{
    /// <summary>The experiment ends with what it has when its windows take longer than this, from the end of the warm-up.</summary>
    public TimeSpan Deadline => Duration * 2 + TimeSpan.FromMinutes(1);

    /// <summary>Windows the verdict rests on.</summary>
    public int RequiredWindows => (int)Math.Ceiling(Duration / Window);

    /// <summary>Windows of a host that belong to the warm-up, however late they are reported.</summary>
    public int WarmUpWindows => (int)Math.Ceiling(WarmUp / Window);
}

/// <summary>When the candidate may be promoted, and when it must go.</summary>
/// <param name="MinSeriesReductionPct">Of live series: what is not reached is rejected.</param>
/// <param name="MaxConservationErrorPct">Largest relative error of any surviving label group.</param>
/// <param name="MaxCandidateCpuPct">Of one core, mean over a window.</param>
/// <param name="MaxAddedDelaySeconds">By which the candidate's points may leave later than the baseline's: alerts come so much later.</param>
/// <param name="LowestHostReductionPct">For the claim on a fleet: no host does worse than this, since of hosts that were not drawn nothing else is known.</param>
/// <param name="Claim">Of which claim the reduction is asked. Events of versions that knew one only mean the observed.</param>
public sealed record SuccessCriteria(
    double MinSeriesReductionPct, double MaxConservationErrorPct, double MaxCandidateCpuPct, long MaxCandidateResidentBytes,
    VerdictClaim Claim = VerdictClaim.Observed, double MaxAddedDelaySeconds = 60, double LowestHostReductionPct = -10)
{
    /// <summary>Who promotes wants to know what will be, not only what was.</summary>
    public static readonly SuccessCriteria Default = new(10, 0.1, 100, 512L << 20, VerdictClaim.Hosts);
}

/// <summary>What left one arm in one window, summed over hosts. Identities include the host, so counts add.</summary>
/// <param name="ExportErrors">Export attempts that failed.</param>
/// <param name="MaxDelayMs">From receipt to export: the longest of any host.</param>
public sealed record ArmTotals(
    long StreamsActive, long SeriesActive, long SeriesDistinct, long Points, long Samples, long WireBytes, double CpuMs,
    long ResidentBytes, long DroppedPoints, long ExportErrors = 0, double MaxDelayMs = 0)
{
    public static readonly ArmTotals Zero = new(0, 0, 0, 0, 0, 0, 0, 0, 0);

    public static ArmTotals operator +(ArmTotals a, ArmTotals b) => new(
        a.StreamsActive + b.StreamsActive, a.SeriesActive + b.SeriesActive, a.SeriesDistinct + b.SeriesDistinct, a.Points + b.Points,
        a.Samples + b.Samples, a.WireBytes + b.WireBytes, a.CpuMs + b.CpuMs, a.ResidentBytes + b.ResidentBytes,
        a.DroppedPoints + b.DroppedPoints, a.ExportErrors + b.ExportErrors, Math.Max(a.MaxDelayMs, b.MaxDelayMs));
}

/// <summary>What came in at the hosts of one window: what would have left, had nothing been reduced.</summary>
/// <param name="SeriesActive">Live classic Prometheus series.</param>
/// <param name="Samples">Classic Prometheus samples.</param>
/// <param name="Bytes">Of the OTLP encoding before compression.</param>
public sealed record InputTotals(long SeriesActive, long Samples, long Bytes)
{
    public static InputTotals operator +(InputTotals a, InputTotals b) => new(a.SeriesActive + b.SeriesActive, a.Samples + b.Samples, a.Bytes + b.Bytes);
}

/// <summary>The ledgers of the candidates of all hosts.</summary>
/// <param name="Increments">
/// Increments checked so far, by epoch of a candidate: an epoch belongs to one host and counts from its beginning. Of an experiment with more than a
/// hundred hosts one sum over all of them, under an empty name.
/// </param>
/// <param name="ErrorPct">Σ|in − out| ÷ Σ|in| · 100 over all groups.</param>
public sealed record Conservation(
    long Groups, ImmutableSortedDictionary<string, long> Increments, double ErrorPct, string? WorstGroup, double WorstErrorPct);

/// <summary>Protected streams that came in during the window and those that left the candidate with the same identity.</summary>
public sealed record Retention(long Expected, long Retained, IReadOnlyList<string> Missing)
{
    public double Pct => Expected == 0 ? 100 : 100.0 * Retained / Expected;
}
