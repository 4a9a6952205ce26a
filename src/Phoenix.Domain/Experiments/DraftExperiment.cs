using Phoenix.Domain.Agents;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Experiments;

/// <summary>Whether an experiment makes sense before anything runs.</summary>
public static class DraftExperiment
{
    public const int MaxTextLength = 5000, MaxNameLength = 200;
    const string CopyOf = "Copy of ";
    public static readonly TimeSpan MinWindow = TimeSpan.FromSeconds(1), LongestDuration = TimeSpan.FromDays(90);

    public static Decision Decide(
        string? name, string? hypothesis, ChosenPipeline? baseline, ChosenPipeline? candidate, IReadOnlyList<string> hosts,
        IReadOnlySet<string> knownHosts, ExperimentPlan plan, SuccessCriteria criteria, IReadOnlyList<string> protectedMetrics,
        string? priceEntry, PriceBook prices, DateOnly today, string? selector = null, string? group = null, int? sampleHosts = null)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength)
            return Rejection.Invalid("experiment-name-invalid", "name", $"An experiment needs a name of 1 to {MaxNameLength} characters.");
        if (baseline is null)
            return Rejection.Invalid("pipeline-unknown", "baseline", "There is no such pipeline version; GET /api/v2/pipelines lists them.");
        if (candidate is null)
            return Rejection.Invalid("pipeline-unknown", "candidate", "There is no such pipeline version; GET /api/v2/pipelines lists them.");
        if (candidate.Deprecated)
            return Rejection.Invalid("pipeline-deprecated", "candidate", $"Pipeline '{candidate.Reference.Name}' is deprecated.");
        if (baseline.SourceHash != candidate.SourceHash)
            return Rejection.Invalid("receivers-differ", "candidate",
                "Baseline and candidate must have the same receivers, or they would not see the same input. Make the receivers sections equal.");
        if (hosts.Count == 0)
            return (selector ?? group) is { } chooser
                ? Rejection.Invalid("hosts-missing", selector is null ? "group" : "selector", $"'{chooser}' means no host that takes new work; GET /api/v2/agents shows hosts with their labels.")
                : Rejection.Invalid("hosts-missing", "hosts", "Name at least one enrolled host, a selector or a group; GET /api/v2/agents lists hosts.");
        if (hosts.FirstOrDefault(h => !AgentDecisions.IsHostId(h) || !knownHosts.Contains(h)) is { } stranger)
            return Rejection.Invalid("host-unknown", "hosts", $"Host '{(stranger.Length > 60 ? stranger[..60] + "…" : stranger)}' is not enrolled; GET /api/v2/agents lists those that are.");
        if (plan.Window < MinWindow || plan.Window > TimeSpan.FromHours(1))
            return Rejection.Invalid("window-invalid", "plan.windowSeconds", "A window lasts 1 to 3600 seconds.");
        if (plan.WarmUp < TimeSpan.Zero || plan.WarmUp > TimeSpan.FromDays(1))
            return Rejection.Invalid("warm-up-invalid", "plan.warmUpSeconds", "A warm-up lasts 0 seconds to one day.");
        if (plan.Duration < plan.Window || plan.Duration > LongestDuration)
            return Rejection.Invalid("duration-invalid", "plan.durationSeconds", "A duration is at least one window and at most 90 days.");
        if (sampleHosts is not null && (selector ?? group) is null)
            return Rejection.Invalid("sample-invalid", "sampleHosts", "Hosts are drawn from a fleet: give a selector or a group that means it.");
        if (sampleHosts < FleetClaim.MinHosts || sampleHosts > hosts.Count)
            return Rejection.Invalid("sample-invalid", "sampleHosts", $"Of a fleet of {hosts.Count} hosts {FleetClaim.MinHosts} to {hosts.Count} are drawn.");
        if (criteria.Claim == VerdictClaim.Fleet && sampleHosts is null)
            return Rejection.Invalid("sample-missing", "sampleHosts", "A claim on a fleet rests on hosts drawn from it at random: say how many.");
        if (criteria.LowestHostReductionPct is not (>= -1000 and < 100))
            return Rejection.Invalid("criteria-invalid", "criteria.lowestHostReductionPct", "The lowest reduction of a host lies between -1000 and 100 per cent.");
        if (criteria.Claim != VerdictClaim.Observed && plan.RequiredWindows < HostsClaim.LeastWindows)
            return Rejection.Invalid("plan-too-short", "plan.durationSeconds",
                $"What hosts will do from now on is told by {HostsClaim.LeastWindows} windows or more, and the plan has {plan.RequiredWindows}. " +
                $"Measure for {(plan.Window * HostsClaim.LeastWindows).TotalSeconds:0} s, cut shorter windows, or ask with criteria.claim 'observed' for what was seen in them alone.");
        if (criteria.MinSeriesReductionPct is not (>= -100 and <= 100))
            return Rejection.Invalid("criteria-invalid", "criteria.minSeriesReductionPct", "A required reduction lies between -100 and 100 per cent.");
        if (criteria.MaxConservationErrorPct is not (>= 0 and <= 100))
            return Rejection.Invalid("criteria-invalid", "criteria.maxConservationErrorPct", "An allowed error lies between 0 and 100 per cent.");
        if (criteria.MaxCandidateCpuPct is not > 0)
            return Rejection.Invalid("criteria-invalid", "criteria.maxCandidateCpuPct", "A limit of CPU is more than 0 per cent of a core.");
        if (criteria.MaxAddedDelaySeconds is not (> 0 and <= 86_400))
            return Rejection.Invalid("criteria-invalid", "criteria.maxAddedDelaySeconds", "An added delay is more than 0 seconds and at most a day.");
        if (criteria.MaxCandidateResidentBytes <= 0)
            return Rejection.Invalid("criteria-invalid", "criteria.maxCandidateResidentBytes", "A limit of memory is more than 0 bytes.");
        if (hypothesis is { Length: > MaxTextLength })
            return Rejection.Invalid("hypothesis-too-long", "hypothesis", $"A hypothesis has at most {MaxTextLength} characters.");
        if (protectedMetrics.Count > 1000 || protectedMetrics.Any(m => m is not { Length: > 0 and <= 300 }))
            return Rejection.Invalid("protected-metrics-invalid", "protectedMetrics", "At most 1,000 names or patterns of 1 to 300 characters.");
        var (price, unknown) = prices.PriceOf(priceEntry ?? "", today);
        if (unknown is not null) return Rejection.Invalid(unknown.Code, "priceEntry", unknown.Detail);
        if (price!.Problem() is { } unpriced) return unpriced with { Field = "priceEntry" };
        return Decision.Of(new ExperimentDrafted(
            name, hypothesis ?? "", baseline.Reference, candidate.Reference, [.. hosts.Distinct()], plan, criteria, protectedMetrics, priceEntry!, selector, group, SampleHosts: sampleHosts));
    }

    /// <summary>Only a draft can say something else: what has run stays as it ran.</summary>
    /// <param name="wanted">What it shall say, as a new draft would.</param>
    public static Decision Edit(Experiment x, Decision wanted)
    {
        if (x.State != ExperimentState.Draft) return ExperimentDecisions.Illegal(x, "edit", "a draft; clone it");
        if (wanted.Rejection is not null) return wanted;
        var d = (ExperimentDrafted)wanted.Events[0];
        return Decision.Of(new ExperimentEdited(
            d.Name, d.Hypothesis, d.Baseline, d.Candidate, d.Hosts, d.Plan, d.Criteria, d.ProtectedMetrics, d.PriceEntry, d.Selector, d.Group, d.SampleHosts));
    }

    /// <summary>How a clone is named where nobody says it.</summary>
    public static string NameOfClone(string name) => name.Length > MaxNameLength - CopyOf.Length ? name : CopyOf + name;
}
