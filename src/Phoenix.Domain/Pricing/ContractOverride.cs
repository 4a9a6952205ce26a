namespace Phoenix.Domain.Pricing;

/// <summary>What a contract says about one line of a bill; null leaves what the entry says.</summary>
public sealed record ChargeTerms(
    PriceMeter Meter, IReadOnlyList<PriceTier>? Tiers = null, double? Included = null, double? IncludedPerHost = null, double? Scale = null);

/// <summary>
/// What the operator's contract says instead of a list price, for some days. Of overrides that hold on one day no two may say the
/// same thing, so that it does not matter in which order they were written down.
/// </summary>
/// <param name="Id">The operator's name for it.</param>
/// <param name="Entry">Id of the price entry.</param>
/// <param name="ValidUntil">Last day; null while it is in force.</param>
/// <param name="Currency">ISO 4217; the entry's, where that has one.</param>
/// <param name="Source">Such as the contract's number.</param>
/// <param name="DiscountPct">Off every line of usage, after tiers and allowances; not off the platform fee.</param>
/// <param name="MinimumPerMonth">Committed for usage: less is not billed, whatever is used.</param>
public sealed record ContractOverride(
    string Id, string Entry, DateOnly ValidFrom, DateOnly? ValidUntil, string Currency, string Source, IReadOnlyList<ChargeTerms> Charges,
    decimal? DiscountPct = null, decimal? PlatformFee = null, decimal? MinimumPerMonth = null, SelfHostedFigures? SelfHosted = null)
{
    public bool IsValidOn(DateOnly day) => ValidFrom <= day && (ValidUntil is null || day <= ValidUntil);

    /// <summary>What it says something about; of two overrides of one day these differ.</summary>
    public IEnumerable<string> Subjects()
    {
        if (DiscountPct is not null) yield return "discount";
        if (PlatformFee is not null) yield return "platform fee";
        if (MinimumPerMonth is not null) yield return "minimum";
        if (SelfHosted is not null) yield return "figures of the own database";
        foreach (var terms in Charges)
        {
            if (terms.Tiers is not null) yield return $"tiers of {terms.Meter}";
            if (terms.Included is not null) yield return $"allowance of {terms.Meter}";
            if (terms.IncludedPerHost is not null) yield return $"allowance per host of {terms.Meter}";
            if (terms.Scale is not null) yield return $"scale of {terms.Meter}";
        }
    }
}
