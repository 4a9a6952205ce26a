using Phoenix.Domain.Pricing;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Experiments;

/// <summary>
/// Says what the evidence proves, and for what. Of the reduction there are two claims: what was observed, which is exact because both arms
/// saw the same input, and what these hosts will do from now on, which has an interval. The criteria say which of them is asked; both are shown.
/// </summary>
public static class Verdicts
{
    /// <param name="price">What values the difference; null where it is not known any more.</param>
    /// <param name="outcomes">Of each drawn host, where the hosts are a sample of a fleet.</param>
    public static VerdictReached Reach(Experiment experiment, Price? price, IReadOnlyList<HostOutcome>? outcomes = null)
    {
        var evidence = experiment.Evidence.Summary();
        var saving = price is null ? null : Saving.Of(price, experiment.Evidence, experiment.Hosts.Count);
        var claims = Claims(experiment, outcomes);
        var asked = claims.Single(c => c.Claim == experiment.Criteria.Claim);

        var missing = Missing(experiment, evidence).ToList();
        if (missing.Count > 0) return new(VerdictOutcome.Inconclusive, asked.Scope, missing, evidence, saving, claims);

        var criteria = experiment.Criteria;
        List<(VerdictOutcome Outcome, string Text)> judged =
        [
            (asked.Outcome, Reduction(asked, criteria.MinSeriesReductionPct)),
            (Exact(evidence.WorstGroupErrorPct <= criteria.MaxConservationErrorPct),
                $"worst conservation error {evidence.WorstGroupErrorPct:0.####} % in {evidence.ConservationGroups} groups, allowed {criteria.MaxConservationErrorPct:0.####} %"),
            (Exact(evidence.ProtectedRetained == evidence.ProtectedExpected),
                $"{evidence.ProtectedRetained} of {evidence.ProtectedExpected} protected streams retained"),
        ];
        // An intersection-union test: every criterion at its full level, none may fail.
        var outcome = judged.Any(j => j.Outcome == VerdictOutcome.Reject) ? VerdictOutcome.Reject
            : judged.All(j => j.Outcome == VerdictOutcome.Promote) ? VerdictOutcome.Promote : VerdictOutcome.Inconclusive;
        return new(outcome, asked.Scope, [
            .. judged.Select(j => Word(j.Outcome) + j.Text),
            .. price is null ? [$"no saving is told: price entry '{experiment.PriceEntry}' holds no price on this day"] : Array.Empty<string>(),
        ], evidence, saving, claims);
    }

    /// <summary>Every claim on the reduction, as the evidence is now; may be looked at after each window.</summary>
    /// <param name="outcomes">Of each drawn host: looked at once, when the verdict is due.</param>
    public static IReadOnlyList<ClaimJudged> Claims(Experiment experiment, IReadOnlyList<HostOutcome>? outcomes = null)
    {
        var (evidence, minimum) = (experiment.Evidence, experiment.Criteria.MinSeriesReductionPct);
        var observed = ObservedReduction.None.Add(evidence.Baseline.SeriesActive, evidence.Candidate.SeriesActive);
        var hosts = experiment.Hosts.Count == 1 ? "this host" : $"these {experiment.Hosts.Count} hosts";
        var all = evidence.Windows == 0 || evidence.LeastHosts >= experiment.Hosts.Count;
        return
        [
            Of(VerdictClaim.Observed, Judgement.Exact(
                observed.Share is null ? null : observed.Meets((decimal)minimum / 100), minimum / 100, observed.Share, $"{hosts}, the windows measured")),
            Of(VerdictClaim.Hosts, HostsClaim.Of(evidence.OverTime(), experiment.Hosts.Count).Judge(minimum / 100, experiment.Plan.Window),
                all ? "" : $", of which {evidence.LeastHosts} or more were measured in every window"),
            .. experiment.Sample is { } sample ? [Fleet(experiment, sample, outcomes)] : Array.Empty<ClaimJudged>(),
        ];
    }

    static ClaimJudged Fleet(Experiment x, DrawnSample sample, IReadOnlyList<HostOutcome>? outcomes)
    {
        var plan = new FleetPlan(sample.Drawn.Count, x.Criteria.LowestHostReductionPct / 100);
        var minimum = x.Criteria.MinSeriesReductionPct / 100;
        if (outcomes is null)
            return new(VerdictClaim.Fleet, VerdictOutcome.Inconclusive, $"the fleet of {sample.FleetHosts} hosts", null, null, null, ["hosts are looked at once, when the verdict is due"]);
        var time = HostsClaim.Of(x.Evidence.OverTime(), x.Hosts.Count, plan.Alpha / 2);
        // In the order of the draw; a host that fell silent stays in it with nothing, which counts as the worst.
        var byHost = outcomes.ToDictionary(o => o.HostId);
        return Of(VerdictClaim.Fleet, FleetClaim.Of(plan, sample.FleetHosts,
            [.. sample.Drawn.Select(d => byHost.TryGetValue(d.HostId, out var o) ? o with { Weight = d.Weight } : new(d.HostId, d.Weight, 0, 0))], time).Judge(minimum, x.Plan.Window));
    }

    static ClaimJudged Of(VerdictClaim claim, Judgement j, string besides = "") => new(
        claim, j.Outcome, j.Scope + besides, 100 * j.Estimate, 100 * j.Interval?.Lower, 100 * j.Interval?.Upper, [.. j.Missing.Select(m => m.Text)]);

    static string Reduction(ClaimJudged claim, double asked) =>
        $"live series reduced by {claim.ReductionPct:0.##} %" +
        (claim.LowerPct is { } lower ? $" ({lower:0.##} to {claim.UpperPct:0.##} %)" : "") + $", asked {asked:0.##} %" +
        (claim.Missing.Count > 0 ? $": {string.Join("; ", claim.Missing)}" : "");

    static VerdictOutcome Exact(bool met) => met ? VerdictOutcome.Promote : VerdictOutcome.Reject;

    static string Word(VerdictOutcome outcome) => outcome switch
    {
        VerdictOutcome.Promote => "met: ",
        VerdictOutcome.Reject => "not met: ",
        _ => "open: ",
    };

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
