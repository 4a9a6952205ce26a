using Phoenix.Domain.Agents;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Experiments;

/// <summary>What a draft needs to know of a pipeline version; null members where it does not exist.</summary>
public sealed record ChosenPipeline(PipelineReference Reference, string SourceHash, bool Deprecated);

/// <summary>Whether an experiment makes sense before anything runs.</summary>
public static class DraftExperiment
{
    public const int MaxTextLength = 5000;
    public static readonly TimeSpan MinWindow = TimeSpan.FromSeconds(1);

    public static Decision Decide(
        string? name, string? hypothesis, ChosenPipeline? baseline, ChosenPipeline? candidate, IReadOnlyList<string> hosts,
        IReadOnlySet<string> knownHosts, ExperimentPlan plan, SuccessCriteria criteria, IReadOnlyList<string> protectedMetrics,
        string? priceEntry)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 200)
            return Rejection.Invalid("experiment-name-invalid", "name", "An experiment needs a name of 1 to 200 characters.");
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
            return Rejection.Invalid("hosts-missing", "hosts", "Name at least one enrolled host; GET /api/v2/agents lists them.");
        if (hosts.FirstOrDefault(h => !AgentDecisions.IsHostId(h) || !knownHosts.Contains(h)) is { } unknown)
            return Rejection.Invalid("host-unknown", "hosts", $"Host '{(unknown.Length > 60 ? unknown[..60] + "…" : unknown)}' is not enrolled; GET /api/v2/agents lists those that are.");
        if (plan.Window < MinWindow || plan.Window > TimeSpan.FromHours(1))
            return Rejection.Invalid("window-invalid", "plan.windowSeconds", "A window lasts 1 to 3600 seconds.");
        if (plan.WarmUp < TimeSpan.Zero || plan.WarmUp > TimeSpan.FromDays(1))
            return Rejection.Invalid("warm-up-invalid", "plan.warmUpSeconds", "A warm-up lasts 0 seconds to one day.");
        if (plan.Duration < plan.Window || plan.Duration > TimeSpan.FromDays(90))
            return Rejection.Invalid("duration-invalid", "plan.durationSeconds", "A duration is at least one window and at most 90 days.");
        if (criteria.MinSeriesReductionPct is not (>= -100 and <= 100))
            return Rejection.Invalid("criteria-invalid", "criteria.minSeriesReductionPct", "A required reduction lies between -100 and 100 per cent.");
        if (criteria.MaxConservationErrorPct is not (>= 0 and <= 100))
            return Rejection.Invalid("criteria-invalid", "criteria.maxConservationErrorPct", "An allowed error lies between 0 and 100 per cent.");
        if (criteria.MaxCandidateCpuPct is not > 0)
            return Rejection.Invalid("criteria-invalid", "criteria.maxCandidateCpuPct", "A limit of CPU is more than 0 per cent of a core.");
        if (criteria.MaxCandidateResidentBytes <= 0)
            return Rejection.Invalid("criteria-invalid", "criteria.maxCandidateResidentBytes", "A limit of memory is more than 0 bytes.");
        if (hypothesis is { Length: > MaxTextLength })
            return Rejection.Invalid("hypothesis-too-long", "hypothesis", $"A hypothesis has at most {MaxTextLength} characters.");
        if (protectedMetrics.Count > 1000 || protectedMetrics.Any(m => m is not { Length: > 0 and <= 300 }))
            return Rejection.Invalid("protected-metrics-invalid", "protectedMetrics", "At most 1,000 names or patterns of 1 to 300 characters.");
        if (priceEntry is null || ListPrices.Find(priceEntry) is not { } price)
            return Rejection.Invalid("price-entry-unknown", "priceEntry",
                $"There is no such price entry. Known: {string.Join(", ", ListPrices.Entries.Select(e => e.Id))}.");
        if (Price.List(price).Problem() is { } unpriced) return unpriced with { Field = "priceEntry" };
        return Decision.Of(new ExperimentDrafted(
            name, hypothesis ?? "", baseline.Reference, candidate.Reference, [.. hosts.Distinct()], plan, criteria, protectedMetrics, priceEntry));
    }
}
