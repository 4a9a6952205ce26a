namespace Phoenix.Domain.Pricing;

public enum Confidence
{
    Low,
    Medium,
    High,
}

public enum PriceOrigin
{
    /// <summary>Came with this version of Phoenix.</summary>
    List,

    /// <summary>Written or corrected by an operator.</summary>
    Operator,
}

/// <summary>From <paramref name="From"/> units a month on, a unit costs <paramref name="PerUnit"/>.</summary>
public sealed record PriceTier(double From, decimal PerUnit);

/// <summary>One line of a vendor's bill.</summary>
/// <param name="Tiers">Rising, the first from 0; empty where the vendor publishes no price and a contract has to say it.</param>
/// <param name="Included">Units a month that cost nothing and are taken off before the tiers.</param>
/// <param name="IncludedPerHost">The same for each host, across the whole organisation.</param>
/// <param name="Multipliers">Of <see cref="PriceMeter.MeanHourlySeries"/>; null counts every kind as one.</param>
/// <param name="PointsPerSeries">Of <see cref="PriceMeter.PercentileSeriesOrPoints"/>: points per minute that a series includes.</param>
/// <param name="Scale">
/// The vendor's units for one that Phoenix measured: 1, or what the operator found by comparing with an invoice where the vendor
/// counts something that cannot be seen from outside (such as bytes in its own form).
/// </param>
public sealed record Charge(
    PriceMeter Meter, IReadOnlyList<PriceTier> Tiers, double Included = 0, double IncludedPerHost = 0, SeriesMultipliers? Multipliers = null,
    double PointsPerSeries = 1, double Scale = 1)
{
    /// <summary>What so many units cost, after the allowance.</summary>
    public decimal Amount(double billable)
    {
        decimal amount = 0;
        for (var i = 0; i < Tiers.Count; i++)
        {
            var upTo = i + 1 < Tiers.Count ? Tiers[i + 1].From : double.PositiveInfinity;
            var inTier = Math.Min(billable, upTo) - Tiers[i].From;
            if (inTier > 0) amount += (decimal)inTier * Tiers[i].PerUnit;
        }
        return amount;
    }

    public double Billable(double quantity, int hosts) => Math.Max(0, quantity - Included - IncludedPerHost * hosts);
}

/// <summary>What an own time-series database needs, by its operator's measurement.</summary>
/// <param name="BytesPerSample">On disk, index included.</param>
/// <param name="MemoryBytesPerSeries">Resident memory for each active series.</param>
/// <param name="CoresPerMillionSamplesPerSecond">For ingestion; queries are not in it.</param>
/// <param name="Replicas">Copies that are kept.</param>
public sealed record SelfHostedFigures(
    double BytesPerSample, double RetentionDays, double MemoryBytesPerSeries, double CoresPerMillionSamplesPerSecond, int Replicas);

/// <summary>
/// How one vendor's plan was priced from a day on. Entries of one <paramref name="Id"/> follow each other; their dates never overlap.
/// </summary>
/// <param name="Id">The plan, kebab-case; what experiments name.</param>
/// <param name="ValidFrom">First day, and with <paramref name="Id"/> the entry's key.</param>
/// <param name="ValidUntil">Last day; null while it is in force.</param>
/// <param name="Currency">ISO 4217; null where no price is published and the contract says it.</param>
/// <param name="PlatformFee">A month, whatever is used.</param>
/// <param name="AsOf">When the source was read.</param>
/// <param name="Source">Where the figures come from, and what of the bill is not in them.</param>
/// <param name="FormulaConfidence">How sure it is that the vendor counts like this.</param>
/// <param name="Confidence">How sure the rates are.</param>
public sealed record PriceEntry(
    string Id, string Vendor, string Name, DateOnly ValidFrom, DateOnly? ValidUntil, IReadOnlyList<Charge> Charges, string? Currency,
    decimal PlatformFee, DateOnly AsOf, string Source, Confidence FormulaConfidence, Confidence Confidence, PriceOrigin Origin = PriceOrigin.Operator)
{
    public bool IsValidOn(DateOnly day) => ValidFrom <= day && (ValidUntil is null || day <= ValidUntil);
}
