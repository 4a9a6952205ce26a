namespace Phoenix.Domain.Pricing;

/// <summary>A price entry as it holds for this operator on a day: the list with the contract's overrides.</summary>
/// <param name="Overrides">All that hold on the day, in any order.</param>
public sealed record Price(PriceEntry Entry, IReadOnlyList<ContractOverride> Overrides)
{
    public static Price List(PriceEntry entry) => new(entry, []);

    public IReadOnlyList<Charge> Charges => [.. Entry.Charges.Select(charge => Overrides
        .SelectMany(o => o.Charges).Where(t => t.Meter == charge.Meter)
        .Aggregate(charge, (c, t) => c with
        {
            Tiers = t.Tiers ?? c.Tiers, Included = t.Included ?? c.Included, IncludedPerHost = t.IncludedPerHost ?? c.IncludedPerHost,
            Scale = t.Scale ?? c.Scale,
        }))];

    /// <summary>Null where neither the list nor a contract says one.</summary>
    public string? Currency => Entry.Currency ?? (Overrides.Count > 0 ? Overrides[0].Currency : null);

    public decimal DiscountPct => Overrides.FirstOrDefault(o => o.DiscountPct is not null)?.DiscountPct ?? 0;

    public decimal PlatformFee => Overrides.FirstOrDefault(o => o.PlatformFee is not null)?.PlatformFee ?? Entry.PlatformFee;

    public decimal MinimumPerMonth => Overrides.FirstOrDefault(o => o.MinimumPerMonth is not null)?.MinimumPerMonth ?? 0;

    public SelfHostedFigures? SelfHosted => Overrides.FirstOrDefault(o => o.SelfHosted is not null)?.SelfHosted;

    /// <summary>Why nothing can be priced by it; null where it can.</summary>
    public Rejection? Problem()
    {
        var unpriced = Charges.Where(c => c.Tiers.Count == 0).Select(c => c.Meter).ToList();
        if (unpriced.Count > 0 || Currency is null)
            return Rejection.Conflict("price-needs-contract",
                $"{Entry.Vendor} publishes no price for '{Entry.Id}': set a contract override with the rates of {string.Join(", ", unpriced)}.");
        return SelfHosted is null && Charges.Any(c => c.Meter is PriceMeter.OwnStorageGigabytes or PriceMeter.OwnMemoryGigabytes or PriceMeter.OwnCores)
            ? Rejection.Conflict("price-needs-contract",
                $"'{Entry.Id}' is priced by the operator's own figures: set an override with bytes a sample, retention, memory a series, cores and replicas.")
            : null;
    }

    /// <summary>The month's bill. Refused where there is no price, the usage is nonsense, or nothing was measured that the vendor bills.</summary>
    public (Bill? Bill, Rejection? Rejection) BillOf(MeterUsage usage)
    {
        if ((Problem() ?? usage.Problem()) is { } problem) return (null, problem);
        List<BillLine> lines = [];
        List<PriceMeter> missing = [];
        foreach (var charge in Charges)
        {
            if (Meters.Of(charge, usage, SelfHosted) is not { } quantity)
            {
                missing.Add(charge.Meter);
                continue;
            }
            if (quantity.Units is not (>= 0 and <= MeterUsage.MaxQuantity))
                return (null, Rejection.Invalid("usage-invalid", "usage", $"A month's {charge.Meter} would be {quantity.Units:0.###e+0}: no bill is made of that."));
            var billable = charge.Billable(quantity.Units, usage.Hosts);
            lines.Add(new(charge.Meter, quantity.Units, billable, charge.Amount(billable), quantity.Remark));
        }
        if (lines.Count == 0)
            return (null, Rejection.Conflict("meter-not-measured",
                $"Nothing was measured that '{Entry.Id}' bills: {string.Join(", ", missing)}."));
        var used = lines.Sum(l => l.Amount);
        var discount = used * DiscountPct / 100;
        return (new(Entry.Id, Currency!, lines, discount, Math.Max(0, MinimumPerMonth - (used - discount)), PlatformFee, Extrapolation.Of(usage), missing), null);
    }
}
