namespace Phoenix.Domain.Pricing;

/// <summary>
/// What a month's bill would be less: everything that the organisation sends with the change and without it. Inside an allowance, a free
/// tier or a committed minimum that is nothing, however much less is sent.
/// </summary>
/// <param name="Lower">The least by the bounds of the reduction; null where it was measured and not estimated.</param>
/// <param name="Upper">The most by them.</param>
/// <param name="Gaps">What the figure does not know, in words; each one makes it less than a promise.</param>
/// <param name="WhyNothing">Where nothing is saved: why; else null.</param>
public sealed record MarginalSaving(
    string PriceEntry, string Vendor, string Currency, decimal PerMonth, decimal? Lower, decimal? Upper, Bill Before, Bill After,
    Extrapolation From, IReadOnlyList<string> Gaps, string? WhyNothing)
{
    /// <summary>By two measured arms.</summary>
    /// <param name="rest">What else the organisation sends to the vendor; null where nobody said it, and then the change is priced as if it were all.</param>
    public static (MarginalSaving? Saving, Rejection? Rejection) Of(Price price, MeterUsage? rest, MeterUsage baseline, MeterUsage candidate) =>
        baseline.Covered != candidate.Covered || baseline.Month != candidate.Month || baseline.Hosts != candidate.Hosts
            ? (null, Rejection.Invalid("usage-arms-differ", "candidate", "Both arms are measured over the same time on the same hosts."))
            : Difference(price, rest, baseline, candidate);

    /// <summary>By what was sent before and an estimate of how much less it would be.</summary>
    public static (MarginalSaving? Saving, Rejection? Rejection) Estimated(Price price, MeterUsage? rest, MeterUsage baseline, Reduction reduction)
    {
        if (reduction.Problem() is { } wrong) return (null, wrong);
        var (saving, rejection) = Difference(price, rest, baseline, reduction.Estimate(baseline));
        if (rejection is not null) return (null, rejection);
        var lower = Difference(price, rest, baseline, reduction.Lower(baseline));
        var upper = Difference(price, rest, baseline, reduction.Upper(baseline));
        if ((lower.Rejection ?? upper.Rejection) is { } problem) return (null, problem);
        // Where a vendor's allowance of one thing grows with another, sending less may save less: the bounds are those of money, whichever bound they are from.
        decimal[] perMonth = [lower.Saving!.PerMonth, saving!.PerMonth, upper.Saving!.PerMonth];
        return (saving with { Lower = perMonth.Min(), Upper = perMonth.Max() }, null);
    }

    static (MarginalSaving? Saving, Rejection? Rejection) Difference(Price price, MeterUsage? rest, MeterUsage baseline, MeterUsage candidate)
    {
        if ((baseline.Problem() ?? candidate.Problem()) is { } nonsense) return (null, nonsense);
        if (price.Problem() is { } unpriced) return (null, unpriced);
        if (price.Charges.FirstOrDefault(c => Measured(price, c, baseline) != Measured(price, c, candidate)) is { } oneSided)
            return (null, Rejection.Invalid("usage-arms-differ", "candidate", $"{oneSided.Meter} was measured of one arm only."));
        if (!price.Charges.Any(c => Measured(price, c, baseline)))
            return (null, Rejection.Conflict("meter-not-measured",
                $"Nothing was measured that '{price.Entry.Id}' bills: {string.Join(", ", price.Charges.Select(c => c.Meter))}."));
        var (before, problem) = With(price, rest, baseline);
        if (problem is not null) return (null, problem);
        var (after, otherProblem) = With(price, rest, candidate);
        if (otherProblem is not null) return (null, otherProblem);
        var perMonth = before!.Total - after!.Total;
        return (new(price.Entry.Id, price.Entry.Vendor, before.Currency, perMonth, null, null, before, after, Extrapolation.Of(baseline),
            [.. GapsOf(price, rest, baseline, before)], perMonth == 0 ? Why(before, after) : null), null);
    }

    static (Bill? Bill, Rejection? Rejection) With(Price price, MeterUsage? rest, MeterUsage change)
    {
        if (rest is null) return price.BillOf(change);
        var (sum, rejection) = change.Plus(rest);
        return rejection is null ? price.BillOf(sum!) : (null, rejection);
    }

    static bool Measured(Price price, Charge charge, MeterUsage usage) => Meters.Of(charge, usage, price.SelfHosted) is not null;

    static IEnumerable<string> GapsOf(Price price, MeterUsage? rest, MeterUsage baseline, Bill before)
    {
        if (rest is null)
            yield return "what else is sent to the vendor was not declared: tiers and allowances are counted as if this were all";
        foreach (var charge in price.Charges)
        {
            if (!Measured(price, charge, baseline)) yield return $"{charge.Meter} was not measured here, so that its saving is left out";
            else if (rest is not null && !Measured(price, charge, rest)) yield return $"{charge.Meter} of the rest is not known and counted as none";
        }
        foreach (var line in before.Lines)
            if (line.Remark is { } remark) yield return $"{line.Meter}: {remark}";
    }

    static string Why(Bill before, Bill after) =>
        before.Lines.Zip(after.Lines).All(l => l.First.Quantity.Equals(l.Second.Quantity)) ? "as much as before is sent of what the vendor counts"
        : before.TopUp > 0 && after.TopUp > 0 ? "the contract's minimum is not used up either way"
        : before.Lines.Zip(after.Lines).All(l => l.First.Billable.Equals(l.Second.Billable)) ? "it lies inside the allowance"
        : "what is less lies in a tier without a price, or is made up for by more of something else";
}
