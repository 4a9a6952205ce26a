namespace Phoenix.Domain.Pricing;

/// <summary>What something takes beyond what would run anyway, mean over its time. Negative where it takes less.</summary>
public sealed record ResourceUse(double Cores, double MemoryBytes);

/// <summary>What resources cost the operator. GB are 10⁹ bytes.</summary>
/// <param name="Currency">ISO 4217.</param>
public sealed record OperatorRates(string Currency, decimal PerCoreHour, decimal PerMemoryGigabyteHour, decimal PerStorageGigabyteMonth)
{
    public Rejection? Problem() =>
        !Currencies.IsKnown(Currency) ? Currencies.Unknown("currency", Currency)
        : new[] { PerCoreHour, PerMemoryGigabyteHour, PerStorageGigabyteMonth }.Any(r => r is < 0 or > 1e9m)
            ? Rejection.Invalid("operator-rates-invalid", "rates", "What a core, memory and storage cost is 0 or more.")
            : null;
}

/// <summary>What an experiment takes while it runs.</summary>
/// <param name="Candidates">The candidates' collectors of all hosts together.</param>
/// <param name="EvaluationBytes">Windows, ledgers and reports that are kept.</param>
/// <param name="KeptFor">How long they are kept.</param>
/// <param name="CandidateExport">
/// What the candidates send to the vendor beside the baseline, where both arms are exported; null where the candidate's output is counted
/// and dropped.
/// </param>
public sealed record ExperimentFootprint(
    TimeSpan Duration, ResourceUse Candidates, double EvaluationBytes, TimeSpan KeptFor, MeterUsage? CandidateExport);

/// <summary>What an experiment costs by itself, once.</summary>
/// <param name="DoubledBill">What the vendor bills more because both arms were exported.</param>
/// <param name="Conversion">By which rate the doubled bill came into the currency; null where nothing was converted.</param>
public sealed record ExperimentCost(
    string Currency, decimal Cpu, decimal Memory, decimal Storage, decimal DoubledBill, Converted? Conversion)
{
    const double Gigabyte = 1e9;

    public decimal Total => Cpu + Memory + Storage + DoubledBill;

    /// <param name="price">The vendor's; needed only where both arms are exported.</param>
    /// <param name="baseline">What the hosts send without the experiment.</param>
    /// <param name="rates">Exchange rates, where the vendor bills in another currency than the operator reckons.</param>
    public static (ExperimentCost? Cost, Rejection? Rejection) Of(
        ExperimentFootprint footprint, OperatorRates operatorRates, Price? price, MeterUsage? rest, MeterUsage? baseline,
        IReadOnlyList<ExchangeRate> rates, DateOnly on)
    {
        if (operatorRates.Problem() is { } problem) return (null, problem);
        if (footprint.Duration < TimeSpan.Zero || footprint.KeptFor < TimeSpan.Zero || footprint.EvaluationBytes is not (>= 0 and <= MeterUsage.MaxQuantity) ||
            Wrong(footprint.Candidates))
            return (null, Rejection.Invalid("footprint-invalid", "footprint", "What an experiment takes is measured in finite numbers, its times and bytes from 0 on."));
        var hours = footprint.Duration.TotalHours;
        var cost = new ExperimentCost(operatorRates.Currency,
            (decimal)(footprint.Candidates.Cores * hours) * operatorRates.PerCoreHour,
            (decimal)(footprint.Candidates.MemoryBytes / Gigabyte * hours) * operatorRates.PerMemoryGigabyteHour,
            (decimal)(footprint.EvaluationBytes / Gigabyte * footprint.KeptFor.TotalHours / MeterUsage.HoursPerMonth) * operatorRates.PerStorageGigabyteMonth,
            0, null);
        if (footprint.CandidateExport is not { } export) return (cost, null);
        if (price is null || baseline is null)
            return (null, Rejection.Invalid("price-missing", "price", "Where both arms are exported, the price and what is sent without the experiment are needed."));
        var (more, unpriced) = ExportedBeside.Bill(price, rest, baseline, export, footprint.Duration);
        if (unpriced is not null) return (null, unpriced);
        if (more!.Currency == cost.Currency) return (cost with { DoubledBill = more.Amount }, null);
        var (converted, unconverted) = Currencies.Convert(more, cost.Currency, rates, on);
        return unconverted is null ? (cost with { DoubledBill = converted!.Amount.Amount, Conversion = converted }, null) : (null, unconverted);
    }

    internal static bool Wrong(ResourceUse use) => Math.Abs(use.Cores) is not <= 1e9 || Math.Abs(use.MemoryBytes) is not <= MeterUsage.MaxQuantity;
}

/// <summary>What is left of a saving after what Phoenix itself takes.</summary>
/// <param name="RunningPerMonth">What the promoted pipeline takes more than the one before, at the operator's rates; negative where less.</param>
/// <param name="Lower">Net a month by the saving's lower bound; null where it has none.</param>
/// <param name="MonthsToPayBack">Until the experiment's cost is back; null where it never is.</param>
public sealed record NetSaving(
    string Currency, decimal SavingPerMonth, decimal RunningPerMonth, decimal NetPerMonth, decimal? Lower, decimal? Upper, decimal ExperimentCost,
    double? MonthsToPayBack)
{
    public static (NetSaving? Net, Rejection? Rejection) Of(
        MarginalSaving saving, ResourceUse running, OperatorRates operatorRates, ExperimentCost cost, IReadOnlyList<ExchangeRate> rates, DateOnly on)
    {
        if (operatorRates.Problem() is { } problem) return (null, problem);
        if (ExperimentCostWrong(running)) return (null, Rejection.Invalid("footprint-invalid", "running", "What a pipeline takes is measured in finite numbers."));
        if (cost.Currency != operatorRates.Currency)
            return (null, Rejection.Invalid("currency-differs", "cost", $"The experiment's cost is in {cost.Currency} and the operator's rates in {operatorRates.Currency}."));
        // One factor for all three, so that the bounds stay around the estimate.
        var (one, unconverted) = Currencies.Convert(new(1, saving.Currency), cost.Currency, rates, on);
        if (unconverted is not null) return (null, unconverted);
        var factor = one!.Amount.Amount;
        var perMonth = (decimal)(running.Cores * MeterUsage.HoursPerMonth) * operatorRates.PerCoreHour +
            (decimal)(running.MemoryBytes / 1e9 * MeterUsage.HoursPerMonth) * operatorRates.PerMemoryGigabyteHour;
        var net = saving.PerMonth * factor - perMonth;
        return (new(cost.Currency, saving.PerMonth * factor, perMonth, net, saving.Lower * factor - perMonth, saving.Upper * factor - perMonth,
            cost.Total, cost.Total <= 0 ? 0 : net > 0 ? (double)cost.Total / (double)net : null), null);
    }

    static bool ExperimentCostWrong(ResourceUse use) => Pricing.ExperimentCost.Wrong(use);
}
