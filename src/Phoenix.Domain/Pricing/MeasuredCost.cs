using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Pricing;

/// <summary>What the windows of an experiment say of its own cost and of what its pipelines take. Windows of the warm-up are not in it.</summary>
public static class MeasuredCost
{
    /// <summary>
    /// What the candidates took while they ran: the mean of the windows that count, for as long as candidates ran. Their output is counted and
    /// dropped, so that no vendor bills it.
    /// </summary>
    /// <param name="ran">From the start until the candidate was gone from every host, or until now.</param>
    /// <param name="evaluationBytes">Reported windows that are kept.</param>
    public static ExperimentFootprint Footprint(Evidence evidence, TimeSpan ran, double evaluationBytes, TimeSpan keptFor) =>
        new(ran, Use(evidence.Candidate, evidence), evaluationBytes, keptFor, null);

    /// <summary>What the candidate's pipeline takes more than the baseline's, of all hosts together; negative where less.</summary>
    public static ResourceUse Running(Evidence evidence)
    {
        var (before, after) = (Use(evidence.Baseline, evidence), Use(evidence.Candidate, evidence));
        return new(after.Cores - before.Cores, after.MemoryBytes - before.MemoryBytes);
    }

    /// <summary>
    /// The saving with bounds: by the interval of the reduction of live series that the hosts' claim gives, where it gives one. Samples and bytes have
    /// no interval of their own and stand as they were observed, so that only prices of series get bounds.
    /// </summary>
    public static (MarginalSaving? Saving, Rejection? Rejection) Saving(Price price, Evidence evidence, int hosts, ClaimJudged? claim)
    {
        var (baseline, candidate) = Pricing.Saving.Usage(evidence, hosts);
        var observed = MarginalSaving.Of(price, null, baseline, candidate);
        if (observed.Saving is null || claim is not { ReductionPct: { } estimate, LowerPct: { } lower, UpperPct: { } upper }) return observed;
        if (!price.Charges.Any(c => c.Meter is PriceMeter.MeanHourlySeries or PriceMeter.PercentileSeriesOrPoints or PriceMeter.OwnMemoryGigabytes))
            return (observed.Saving with { Gaps = [.. observed.Saving.Gaps, "this price counts no series, and only the reduction of series has an interval: the saving has no bounds"] }, null);
        var summary = evidence.Summary();
        var (samples, bytes) = (Pct(evidence.Baseline.Samples, evidence.Candidate.Samples), summary.BytesReductionPct);
        var (estimated, rejection) = MarginalSaving.Estimated(price, null, baseline,
            new(new(lower, Math.Clamp(estimate, lower, upper), upper), ReductionInterval.Exactly(samples), ReductionInterval.Exactly(bytes)));
        if (rejection is not null) return (null, rejection);
        var (perMonth, least, most) = (observed.Saving.PerMonth, estimated!.Lower!.Value, estimated.Upper!.Value);
        // What was observed is the estimate; bounds of the time to come that leave it out are widened to it and not hidden.
        return (observed.Saving with { Lower = Math.Min(least, perMonth), Upper = Math.Max(most, perMonth) }, null);
    }

    static double Pct(double before, double after) => before == 0 ? 0 : 100 * (1 - after / before);

    static ResourceUse Use(ArmTotals arm, Evidence evidence) =>
        new(evidence.Seconds == 0 ? 0 : arm.CpuMs / 1000 / evidence.Seconds, evidence.Windows == 0 ? 0 : (double)arm.ResidentBytes / evidence.Windows);
}
