namespace Phoenix.Domain.Pricing;

/// <summary>What makes an entry, a contract or a rate wrong in itself.</summary>
static class PriceChecks
{
    public const int MaxIdLength = 100, MaxTextLength = 500, MaxTiers = 50, MaxCharges = 20;

    /// <summary>A rate or fee past this is a slip of the pen, and its bill would not fit a <see cref="decimal"/>.</summary>
    public const decimal MaxRate = 1e9m;

    /// <summary>No two currencies are farther apart, and what is converted either way still fits a <see cref="decimal"/>.</summary>
    public const decimal LeastExchangeRate = 1e-9m;

    public static Rejection? Entry(PriceEntry e)
    {
        if (Id(e.Id) is { } wrong) return wrong;
        if ((Text("vendor", e.Vendor) ?? Text("name", e.Name) ?? Text("source", e.Source)) is { } text) return text;
        if (Dates(e.ValidFrom, e.ValidUntil) is { } dates) return dates;
        if (e.Currency is not null && !Currencies.IsKnown(e.Currency)) return Currencies.Unknown("currency", e.Currency);
        if (e.Currency is null && (e.PlatformFee != 0 || e.Charges.Any(c => c.Tiers.Count > 0)))
            return Currencies.Unknown("currency", "");
        if (Amount("platformFee", e.PlatformFee) is { } fee) return fee;
        if (!Enum.IsDefined(e.FormulaConfidence) || !Enum.IsDefined(e.Confidence))
            return Rejection.Invalid("price-confidence-invalid", "confidence", "Confidence is low, medium or high.");
        if (e.Charges.Count is 0 or > MaxCharges) return Rejection.Invalid("price-charges-invalid", "charges", $"An entry has 1 to {MaxCharges} charges.");
        if (e.Charges.GroupBy(c => c.Meter).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return Rejection.Invalid("price-charges-invalid", "charges", $"{twice.Key} is charged twice; put it into the tiers of one charge.");
        foreach (var charge in e.Charges)
            if (Charge(charge) is { } problem) return problem;
        return null;
    }

    public static Rejection? Override(ContractOverride o)
    {
        if (Id(o.Id) is { } wrong) return wrong;
        if (Text("source", o.Source) is { } text) return text;
        if (Dates(o.ValidFrom, o.ValidUntil) is { } dates) return dates;
        if (!Currencies.IsKnown(o.Currency)) return Currencies.Unknown("currency", o.Currency);
        if (o.DiscountPct is < 0 or > 100) return Rejection.Invalid("discount-invalid", "discountPct", "A discount is 0 to 100 per cent.");
        if ((Amount("platformFee", o.PlatformFee ?? 0) ?? Amount("minimumPerMonth", o.MinimumPerMonth ?? 0)) is { } amount) return amount;
        if (o.Charges.GroupBy(c => c.Meter).FirstOrDefault(g => g.Count() > 1) is { } twice)
            return Rejection.Invalid("price-charges-invalid", "charges", $"The contract speaks of {twice.Key} twice.");
        foreach (var terms in o.Charges)
        {
            if (terms.Tiers is { } tiers && Tiers(tiers) is { } problem) return problem;
            if ((Included(terms.Included ?? 0, terms.IncludedPerHost ?? 0) ?? Scale(terms.Scale ?? 1)) is { } allowance) return allowance;
        }
        if (o.SelfHosted is { } own && Figures(own) is { } figures) return figures;
        return o.Subjects().Any() ? null : Rejection.Invalid("contract-empty", "charges", "The contract says nothing: give rates, an allowance, a discount, a fee or a minimum.");
    }

    public static Rejection? Rate(ExchangeRate r)
    {
        if (!Currencies.IsKnown(r.From)) return Currencies.Unknown("from", r.From);
        if (!Currencies.IsKnown(r.To)) return Currencies.Unknown("to", r.To);
        if (r.From == r.To) return Rejection.Invalid("exchange-rate-invalid", "to", "A rate is between two currencies.");
        return r.Rate is < LeastExchangeRate or > 1 / LeastExchangeRate
            ? Rejection.Invalid("exchange-rate-invalid", "rate", "A rate is 0.000000001 to 1,000,000,000 units of the second currency for one of the first.")
            : Text("source", r.Source);
    }

    /// <summary>Whether two spans of days, ends included, have one in common.</summary>
    public static bool Overlap(DateOnly fromA, DateOnly? untilA, DateOnly fromB, DateOnly? untilB) =>
        fromA <= (untilB ?? DateOnly.MaxValue) && fromB <= (untilA ?? DateOnly.MaxValue);

    static Rejection? Charge(Charge c)
    {
        if (!Enum.IsDefined(c.Meter)) return Rejection.Invalid("price-charges-invalid", "charges.meter", "There is no such meter.");
        if (c.Tiers.Count > 0 && Tiers(c.Tiers) is { } tiers) return tiers;
        if ((Included(c.Included, c.IncludedPerHost) ?? Scale(c.Scale)) is { } allowance) return allowance;
        if (c.Multipliers is { } m && new[] { m.Histogram, m.Distribution, m.DistributionWithPercentiles }.Any(x => x is not (>= 0 and <= 1000)))
            return Rejection.Invalid("price-multiplier-invalid", "charges.multipliers", "A kind of series counts as 0 to 1,000.");
        return c.PointsPerSeries is not (> 0 and <= 1e6)
            ? Rejection.Invalid("price-allowance-invalid", "charges.pointsPerSeries", "A series includes more than 0 points per minute.")
            : null;
    }

    static Rejection? Tiers(IReadOnlyList<PriceTier> tiers)
    {
        if (tiers.Count is 0 or > MaxTiers) return Rejection.Invalid("price-tiers-invalid", "charges.tiers", $"A price has 1 to {MaxTiers} tiers.");
        if (tiers[0].From != 0) return Rejection.Invalid("price-tiers-invalid", "charges.tiers", "The first tier begins at 0.");
        for (var i = 0; i < tiers.Count; i++)
        {
            if (tiers[i].From is not (>= 0 and <= MeterUsage.MaxQuantity))
                return Rejection.Invalid("price-tiers-invalid", "charges.tiers", $"Tier {i + 1} begins at no number of units from 0 to {MeterUsage.MaxQuantity:0e+0}.");
            if (tiers[i].PerUnit is < 0 or > MaxRate)
                return Rejection.Invalid("price-tiers-invalid", "charges.tiers", $"Tier {i + 1} costs {tiers[i].PerUnit} a unit; a rate is 0 to {MaxRate:0}.");
            if (i > 0 && tiers[i].From <= tiers[i - 1].From)
                return Rejection.Invalid("price-tiers-invalid", "charges.tiers", $"Tier {i + 1} does not begin after tier {i}: tiers rise.");
        }
        return null;
    }

    static Rejection? Included(double included, double perHost) =>
        included is >= 0 and <= MeterUsage.MaxQuantity && perHost is >= 0 and <= MeterUsage.MaxQuantity
            ? null : Rejection.Invalid("price-allowance-invalid", "charges.included", "An allowance is a number of units from 0 on.");

    static Rejection? Scale(double scale) =>
        scale is > 0 and <= 1e6 ? null : Rejection.Invalid("price-scale-invalid", "charges.scale", "A scale is more than 0: the vendor's units for one measured.");

    static Rejection? Figures(SelfHostedFigures f) =>
        f.BytesPerSample is >= 0 and <= 1e6 && f.RetentionDays is >= 0 and <= 36_500 && f.MemoryBytesPerSeries is >= 0 and <= 1e9 &&
        f.CoresPerMillionSamplesPerSecond is >= 0 and <= 1e6 && f.Replicas is >= 1 and <= 100
            ? null
            : Rejection.Invalid("self-hosted-figures-invalid", "selfHosted", "Figures of an own database are measured numbers from 0 on, with 1 to 100 replicas.");

    static Rejection? Amount(string field, decimal amount) =>
        amount is >= 0 and <= MaxRate ? null : Rejection.Invalid("price-amount-invalid", field, $"An amount of money is 0 to {MaxRate:0}.");

    static Rejection? Dates(DateOnly from, DateOnly? until) =>
        until < from ? Rejection.Invalid("price-dates-invalid", "validUntil", $"The last day, {until:yyyy-MM-dd}, lies before the first, {from:yyyy-MM-dd}.") : null;

    static Rejection? Id(string? id) =>
        id is { Length: > 0 and <= MaxIdLength } && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.')
            ? null
            : Rejection.Invalid("price-id-invalid", "id", $"An id has 1 to {MaxIdLength} lower-case letters, digits, '-' and '.'.");

    internal static Rejection? Text(string field, string? text) =>
        string.IsNullOrWhiteSpace(text) || text.Length > MaxTextLength
            ? Rejection.Invalid("price-text-invalid", field, $"'{field}' has 1 to {MaxTextLength} characters.")
            : null;
}
