using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Statistics;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Experiments;

/// <summary>The guarded state machine of an experiment: which command or message does what in which state.</summary>
public static class ExperimentDecisions
{
    /// <summary>How long a state waits for a host that does not do what was asked, before it goes on without it.</summary>
    public static readonly TimeSpan HostPatience = TimeSpan.FromMinutes(10);

    /// <summary>Of the hosts that were meant, so many may not be heard of at the start without the experiment going back: a tenth.</summary>
    const int LeftOutAtMost = 10;

    /// <summary>A candidate outlives the time that is planned for it by so much, so that the experiment takes it off and not the host.</summary>
    static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    /// <param name="live">Configuration hash of what runs as production, by host; hosts where nothing runs are absent.</param>
    /// <param name="protection">What the organisation protects now; from here on the experiment keeps to just that.</param>
    /// <param name="sample">The draw that chose the hosts; null where all that are meant take part.</param>
    public static Decision Start(Experiment x, IReadOnlyDictionary<string, string> live, DateTimeOffset now, MetricProtection protection, FleetSampled? sample = null)
    {
        if (x.State != ExperimentState.Draft) return Illegal(x, "start", "a draft");
        if (x.Archived) return Archived(x);
        if (x.Hosts.Count == 0)
            return Rejection.Conflict("hosts-missing", $"'{x.Selector ?? x.Group}' means no host that takes new work now; GET /api/v2/agents shows hosts with their labels.");
        return NotLive(x, x.Baseline, "baseline-not-live", live) ?? Decision.Of([
            .. sample is null ? Array.Empty<object>() : [sample],
            new ExperimentStarted(x.Hosts, now + HostPatience + x.Plan.WarmUp + x.Plan.Deadline + Slack,
                protection.Beyond(x.ProtectedMetrics) is { Count: > 0 } also ? also : null)]);
    }

    /// <summary>Archiving hides, and takes nothing away; what is under way stays in sight.</summary>
    public static Decision Archive(Experiment x) =>
        x.Archived ? Decision.Nothing : x.Rests ? Decision.Of(new ExperimentArchived()) : Illegal(x, "archive", "at rest: a draft, completed, promoted, rolled back or stopped");

    public static Decision Unarchive(Experiment x) => x.Archived ? Decision.Of(new ExperimentUnarchived()) : Decision.Nothing;

    public static Decision Stop(Experiment x) =>
        x.Measures ? Decision.Of(new StopRequested()) : Illegal(x, "stop", "starting, warming up or running");

    /// <param name="deployment">What will bring it to the hosts.</param>
    /// <param name="forced">Whatever the verdict says, where there is one; who may do that is decided elsewhere.</param>
    public static Decision Promote(Experiment x, IReadOnlyDictionary<string, string> live, Guid deployment, bool forced = false)
    {
        if (x.State is not (ExperimentState.Completed or ExperimentState.RolledBack) && !(forced && x.State == ExperimentState.Stopped))
            return Illegal(x, "promote", "completed with a verdict");
        if (x.Archived) return Archived(x);
        var against = x.Verdict is null ? "there is no verdict"
            : x.Verdict.Outcome != VerdictOutcome.Promote ? $"the verdict is {x.Verdict.Outcome.ToString().ToLowerInvariant()}: {string.Join("; ", x.Verdict.Reasons)}" : null;
        if (against is not null && !forced)
            return x.Verdict is null ? Illegal(x, "promote", "completed with a verdict")
                : Rejection.Conflict("verdict-not-promote", $"{char.ToUpperInvariant(against[0])}{against[1..]}");
        return NotLive(x, x.Baseline, "baseline-not-live", live) ?? Decision.Of(new PromotionRequested(x.Round + 1, x.Hosts, deployment, against));
    }

    /// <summary>Hosts run the candidate's pipeline as production; the deployment, not the last host, says when all is done.</summary>
    public static Decision PromotionProgressed(Experiment x, Guid deployment, IReadOnlyList<string> hosts)
    {
        if (x.State != ExperimentState.Promoting || x.DeploymentId != deployment) return Decision.Nothing;
        string[] fresh = [.. hosts.Where(x.Waiting.Contains)];
        return fresh.Length == 0 ? Decision.Nothing : Decision.Of(new VariantPromoted(fresh));
    }

    /// <summary>The deployment has ended.</summary>
    /// <param name="failed">Hosts that do not run it, with the reason, where the others do.</param>
    public static Decision PromotionEnded(Experiment x, Guid deployment, PromotionOutcome outcome, string detail, IReadOnlyList<HostFailed> failed) =>
        x.State != ExperimentState.Promoting || x.DeploymentId != deployment ? Decision.Nothing : outcome switch
        {
            PromotionOutcome.Promoted => Decision.Of([.. failed.Where(f => x.Waiting.Contains(f.HostId)), new ExperimentPromoted()]),
            PromotionOutcome.TakenBack => Decision.Of(new RollbackRequested(RollbackCause.Rollout, detail, x.Round + 1, x.Hosts)),
            _ => Decision.Of(new PromotionWithdrawn(detail)),
        };

    public static Decision RollBack(Experiment x, IReadOnlyDictionary<string, string> live) =>
        x.State == ExperimentState.Promoted && NotLive(x, x.Candidate, "candidate-not-live", live) is { } elsewhere ? elsewhere
        : x.Measures || x.State is ExperimentState.Promoting or ExperimentState.Promoted
            // At once, and in sight.
            ? Decision.Of([.. x.Archived ? [new ExperimentUnarchived()] : Array.Empty<object>(), new RollbackRequested(RollbackCause.Operator, "", x.Round + 1, x.Hosts)])
            : Illegal(x, "roll back", "started or promoted");

    /// <summary>Silent where the state no longer waits for it: timers come late, messages twice.</summary>
    public static Decision EndWarmUp(Experiment x) =>
        x.State == ExperimentState.WarmingUp ? Decision.Of(new WarmUpEnded()) : Decision.Nothing;

    /// <summary>The deadline: the verdict is reached with what there is. Before it nothing happens: an extension has moved it.</summary>
    /// <param name="outcomes">Of each host, for a claim on a fleet; null where none is asked.</param>
    public static Decision EndRun(Experiment x, Price? price, DateTimeOffset now, IReadOnlyList<HostOutcome>? outcomes = null) =>
        x.State == ExperimentState.Running && !(now < x.RunEndsAt) ? Decision.Of(Verdicts.Reach(x, price, outcomes)) : Decision.Nothing;

    /// <summary>Measures for longer. Every host is told, so that the candidate does not end by its own switch before.</summary>
    /// <param name="by">Added to the plan's duration.</param>
    public static Decision Extend(Experiment x, TimeSpan by)
    {
        if (x.State is not (ExperimentState.WarmingUp or ExperimentState.Running)) return Illegal(x, "extend", "warming up or running; clone one that is over");
        if (by < x.Plan.Window || x.Plan.Duration + by > DraftExperiment.LongestDuration)
            return Rejection.Invalid("duration-invalid", "seconds",
                $"An experiment is extended by one window ({x.Plan.Window.TotalSeconds:0.###} s) or more, to {DraftExperiment.LongestDuration.TotalDays:0} days at most; it is planned for {x.Plan.Duration.TotalSeconds:0} s.");
        var longer = x.Plan with { Duration = x.Plan.Duration + by };
        return Decision.Of(new ExperimentExtended(longer.Duration, x.CandidateExpiresAt!.Value + (longer.Deadline - x.Plan.Deadline), x.Round + 1));
    }

    /// <summary>
    /// Hosts that were not heard of since the start: a few are left out, and the experiment speaks of the others; of more it would no longer be what
    /// was asked, and all go back.
    /// </summary>
    /// <param name="silent">Some of those that are waited for.</param>
    public static Decision LeaveOut(Experiment x, IReadOnlyList<string> silent)
    {
        string[] hosts = [.. silent.Where(x.Waiting.Contains)];
        if (x.State != ExperimentState.Starting || hosts.Length == 0) return Decision.Nothing;
        var reason = $"the host did not do it within {HostPatience.TotalMinutes:0} minutes";
        return (x.LeftOut.Count + x.Waiting.Count) * LeftOutAtMost <= x.Hosts.Count + x.LeftOut.Count
            ? Decision.Of(new HostsLeftOut(hosts, reason))
            : Decision.Of(
                new HostFailed(hosts[0], nameof(TaskPurpose.ApplyVariants), reason),
                new RollbackRequested(RollbackCause.HostFailed, $"{x.LeftOut.Count + x.Waiting.Count} of {x.Hosts.Count + x.LeftOut.Count} hosts, {hosts[0]} among them: {reason}", x.Round + 1, x.Hosts));
    }

    /// <summary>Decides for the baseline, whatever was measured.</summary>
    /// <param name="live">Configuration hash of what runs as production, by host.</param>
    public static Decision Keep(Experiment x, IReadOnlyDictionary<string, string> live)
    {
        if (x.State == ExperimentState.Draft) return Illegal(x, "decide for the baseline of", "started");
        if (x.BaselineKept) return Decision.Nothing;
        var follows = x.State is ExperimentState.Promoting or ExperimentState.Promoted ? RollBack(x, live) : x.Measures ? Stop(x) : Decision.Nothing;
        return follows.Rejection is not null ? follows : Decision.Of([new BaselineKept(), .. follows.Events]);
    }

    /// <summary>A window over all reporting hosts: recorded once, checked against the guardrails, and perhaps the last that was needed.</summary>
    public static Decision Record(Experiment x, WindowMeasured? measured, IReadOnlyList<WindowVoided> voided, Price? price, IReadOnlyList<HostOutcome>? outcomes = null)
    {
        var number = measured?.Number ?? voided[0].Number;
        if (x.State is not (ExperimentState.WarmingUp or ExperimentState.Running) || x.RecordedWindows.Contains(number)) return Decision.Nothing;
        List<object> events = [.. voided, .. measured is null ? Array.Empty<object>() : [measured]];
        var after = measured is null ? x : x.Apply(measured);
        var breach = measured is null ? null : Guardrails.Check(measured, x.Criteria, x.LatestWindow);
        if ((breach ?? Guardrails.Mismatch(x, number, measured?.Hosts ?? 0, voided)) is { } breached)
        {
            events.Add(breached);
            events.Add(Verdicts.Reach(after, price, outcomes) with { Outcome = VerdictOutcome.Reject, Reasons = [$"guardrail {breached.Guardrail}: {breached.Detail}"] });
            events.Add(new RollbackRequested(RollbackCause.Guardrail, breached.Detail, x.Round + 1, x.Hosts));
        }
        else if (measured is not null && after.State == ExperimentState.Running && after.Evidence.Windows >= x.Plan.RequiredWindows && Verdicts.Reach(after, price, outcomes) is var verdict
            // An interval over time may be looked at as often as one likes: what is open goes on until it is decided, or the deadline. The values of
            // hosts are looked at once, as they were planned to be.
            && (verdict.Outcome != VerdictOutcome.Inconclusive || x.Criteria.Claim != VerdictClaim.Hosts))
        {
            events.Add(verdict);
        }
        return new Decision(events, null);
    }

    /// <summary>
    /// Hosts have done what the state waits for, or given it up after every attempt; the last one moves the experiment on. While something is
    /// being put on hosts, one that gives up sends all back; while something is being taken off, the others go on and the failed host stays named
    /// in the log (its candidate ends by its own switch). Hosts that are not waited for change nothing.
    /// </summary>
    public static Decision HostsEnded(Experiment x, IReadOnlyList<string> done, IReadOnlyList<HostFailed> failed)
    {
        string[] finished = [.. done.Where(x.Waiting.Contains).Distinct()];
        HostFailed[] gaveUp = [.. failed.Where(f => x.Waiting.Contains(f.HostId)).DistinctBy(f => f.HostId)];
        if (finished.Length + gaveUp.Length == 0) return Decision.Nothing;
        List<object> events = [.. gaveUp];
        var last = finished.Length + gaveUp.Length == x.Waiting.Count;
        var (progress, end) = x.State switch
        {
            ExperimentState.Starting => (new VariantsApplied(finished), null),
            ExperimentState.WarmingUp or ExperimentState.Running => (new CandidateRenewed(finished), null),
            ExperimentState.Completing => (new CandidateRemoved(finished), new ExperimentCompleted()),
            ExperimentState.Stopping => (new CandidateRemoved(finished), new ExperimentStopped()),
            ExperimentState.Promoting when x.DeploymentId is null => (new VariantPromoted(finished), new ExperimentPromoted()),
            ExperimentState.RollingBack => (new BaselineRestored(finished), new ExperimentRolledBack()),
            _ => ((object?)null, (object?)null),
        };
        if (progress is not null && finished.Length > 0) events.Insert(0, progress);
        if (gaveUp.Length > 0 && (x.State is ExperimentState.Starting or ExperimentState.Promoting))
            events.Add(new RollbackRequested(RollbackCause.HostFailed, $"{gaveUp[0].HostId}: {gaveUp[0].Error}", x.Round + 1, x.Hosts));
        else if (last && end is not null)
            events.Add(end);
        return new(events, null);
    }

    /// <summary>Another pipeline than the one that is to be replaced would be lost; hosts where nothing runs lose nothing.</summary>
    static Decision? NotLive(Experiment x, PipelineReference expected, string code, IReadOnlyDictionary<string, string> live)
    {
        if (x.Hosts.FirstOrDefault(h => live.TryGetValue(h, out var hash) && hash != expected.ConfigurationHash) is not { } host) return null;
        return Rejection.Conflict(code,
            $"Host '{host}' runs another pipeline than '{expected.Name}' v{expected.Version} as production. " +
            "Draft an experiment with the live pipeline as its baseline.");
    }

    static Rejection Archived(Experiment x) =>
        Rejection.Conflict("experiment-archived", $"Experiment {x.Id} is archived. Take it out of the archive first, or clone it.");

    internal static Rejection Illegal(Experiment x, string what, string needed) =>
        Rejection.Conflict("illegal-transition", $"Cannot {what} experiment {x.Id} in state {Camel(x.State)}; it must be {needed}.");

    static string Camel(ExperimentState state)
    {
        var name = state.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}

/// <summary>How a promotion ended.</summary>
public enum PromotionOutcome
{
    /// <summary>The candidate's pipeline is the production one.</summary>
    Promoted,

    /// <summary>Hosts that had it went back.</summary>
    TakenBack,

    /// <summary>No host was asked.</summary>
    Withdrawn,
}
