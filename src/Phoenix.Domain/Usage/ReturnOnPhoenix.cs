using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Usage;

/// <summary>What a part of Phoenix took over some days.</summary>
/// <param name="CoreHours">Negative where it took less than what ran before.</param>
/// <param name="MemoryGigabyteHours">GB are 10⁹ bytes.</param>
public sealed record OwnUse(double CoreHours, double MemoryGigabyteHours)
{
    public static readonly OwnUse Nothing = new(0, 0);

    public static OwnUse Of(ResourceUse use, TimeSpan time) => new(use.Cores * time.TotalHours, use.MemoryBytes / 1e9 * time.TotalHours);

    public static OwnUse operator +(OwnUse a, OwnUse b) => new(a.CoreHours + b.CoreHours, a.MemoryGigabyteHours + b.MemoryGigabyteHours);

    public decimal Cost(OperatorRates rates) => (decimal)CoreHours * rates.PerCoreHour + (decimal)MemoryGigabyteHours * rates.PerMemoryGigabyteHour;
}

/// <param name="Of"><c>experiments</c>, <c>pipelines</c> or <c>agents</c>.</param>
/// <param name="Cost">At the operator's rates; null where there are none.</param>
public sealed record OwnCost(string Of, OwnUse Use, decimal? Cost);

/// <summary>What was saved against what Phoenix itself took for it.</summary>
/// <param name="Currency">Of the operator's rates; of the price where there are none.</param>
/// <param name="Saved">In that currency; null where it could not be told in it.</param>
/// <param name="Cost">Null where a part of it is not known.</param>
/// <param name="Ratio">Net ÷ cost: 2 is two more for each one that was spent. Null where one of both is not known, or nothing was spent.</param>
/// <param name="Missing">What was not known, so that a figure is null; empty where none is.</param>
public sealed record ReturnOnPhoenix(string? Currency, decimal? Saved, IReadOnlyList<OwnCost> Costs, decimal? Cost, decimal? Net, double? Ratio, IReadOnlyList<string> Missing)
{
    /// <param name="saved">Null where the ledger tells nothing, which <paramref name="why"/> says.</param>
    /// <param name="agents">Null where no agent has said what it takes.</param>
    /// <param name="noRates">Why there are no rates; null where there are.</param>
    /// <param name="on">Day of the exchange rate.</param>
    public static ReturnOnPhoenix Of(
        Money? saved, string? why, OwnUse experiments, OwnUse pipelines, OwnUse? agents, OperatorRates? rates, Rejection? noRates, IReadOnlyList<ExchangeRate> exchange, DateOnly on)
    {
        List<string> missing = [];
        if (saved is null) missing.Add(why ?? "nothing is known of what was saved");
        if (rates is null) missing.Add(noRates?.Detail ?? "nobody has said what own resources cost");
        if (agents is null) missing.Add("no agent has said what it takes: there was no heartbeat with its CPU and memory");
        List<OwnCost> costs =
        [
            new("experiments", experiments, rates is null ? null : experiments.Cost(rates)), new("pipelines", pipelines, rates is null ? null : pipelines.Cost(rates)),
            .. agents is null ? Array.Empty<OwnCost>() : [new("agents", agents, rates is null ? null : agents.Cost(rates))],
        ];
        decimal? cost = rates is null || agents is null ? null : costs.Sum(c => c.Cost);
        var amount = saved?.Amount;
        if (saved is not null && rates is not null && saved.Currency != rates.Currency)
        {
            var (converted, rejection) = Currencies.Convert(saved, rates.Currency, exchange, on);
            amount = converted?.Amount.Amount;
            if (rejection is not null) missing.Add(rejection.Detail);
        }
        if (cost <= 0) missing.Add("Phoenix took no more than what ran before it: there is nothing to divide by");
        var net = amount - cost;
        return new(rates?.Currency ?? saved?.Currency, amount, costs, cost, net, cost > 0 ? (double?)net / (double)cost : null, missing);
    }
}
