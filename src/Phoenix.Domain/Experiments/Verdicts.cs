using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Experiments;

/// <summary>
/// Says what the evidence proves for the hosts and the time that were measured, and no more. Both arms saw the same
/// input, so what is observed has no sampling error; it says nothing about other hosts or other hours.
/// </summary>
public static class Verdicts
{
    public static VerdictReached Reach(Experiment experiment)
    {
        var evidence = experiment.Evidence.Summary();
        var price = ListPrices.Find(experiment.PriceEntry);
        var saving = price is null || evidence.Windows == 0 ? null : Saving.Of(price, experiment.Evidence, experiment.Hosts.Count);
        var scope = experiment.Hosts.Count == 1 ? "this host" : $"these {experiment.Hosts.Count} hosts";

        var missing = Missing(experiment, evidence).ToList();
        if (missing.Count > 0) return new(VerdictOutcome.Inconclusive, scope, missing, evidence, saving);

        var criteria = experiment.Criteria;
        List<(bool Met, string Text)> judged =
        [
            (evidence.LiveSeriesReductionPct >= criteria.MinSeriesReductionPct,
                $"live series reduced by {evidence.LiveSeriesReductionPct:0.##} %, asked {criteria.MinSeriesReductionPct:0.##} %"),
            (evidence.WorstGroupErrorPct <= criteria.MaxConservationErrorPct,
                $"worst conservation error {evidence.WorstGroupErrorPct:0.####} % in {evidence.ConservationGroups} groups, allowed {criteria.MaxConservationErrorPct:0.####} %"),
            (evidence.ProtectedRetained == evidence.ProtectedExpected,
                $"{evidence.ProtectedRetained} of {evidence.ProtectedExpected} protected streams retained"),
        ];
        return new(judged.All(c => c.Met) ? VerdictOutcome.Promote : VerdictOutcome.Reject, scope,
            [.. judged.Select(c => (c.Met ? "met: " : "not met: ") + c.Text)], evidence, saving);
    }

    static IEnumerable<string> Missing(Experiment experiment, EvidenceSummary evidence)
    {
        if (evidence.Windows < experiment.Plan.RequiredWindows)
            yield return $"{evidence.Windows} of {experiment.Plan.RequiredWindows} valid windows";
        if (evidence.Windows > 0 && evidence.Hosts < experiment.Hosts.Count)
            yield return $"a window with every host: at most {evidence.Hosts} of {experiment.Hosts.Count} were measured together";
        if (evidence.Windows > 0 && evidence.BaselineLiveSeries == 0)
            yield return "the baseline exported nothing to compare with";
        if (evidence.Windows > 0 && evidence.IncrementsChecked == 0)
            yield return "no increment was seen, so conservation could not be checked";
        if (experiment.ProtectedMetrics.Count > 0 && evidence.Windows > 0 && evidence.ProtectedExpected == 0)
            yield return "none of the protected metrics was seen";
    }
}
