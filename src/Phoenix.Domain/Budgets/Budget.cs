using JasperFx.Events;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Usage;

namespace Phoenix.Domain.Budgets;

/// <summary>A level that a month has reached.</summary>
public sealed record ReachedLevel(DateOnly Month, double ThresholdPct);

/// <summary>What was proposed when a breach, or one ahead, was told last.</summary>
/// <param name="EventId">Of what was told: a month that lay under its level between and breaches it again proposes anew.</param>
/// <param name="WhyNone">Why nothing is proposed; null where something is.</param>
public sealed record ToldProposal(Guid EventId, DateOnly Month, BudgetProposal? Proposal, string? WhyNone);

/// <summary>A part of the cost that must stay under an amount a month, and how far it is.</summary>
public sealed record Budget
{
    /// <summary>Of older months nothing is evaluated any more.</summary>
    const int KeptMonths = 3;

    public Guid Id { get; init; }
    public required BudgetTerms Terms { get; init; }
    /// <summary>First day of the month in which it was set or changed: months before are none of its.</summary>
    public DateOnly Since { get; init; }

    public IReadOnlyList<ReachedLevel> Reached { get; init; } = [];

    /// <summary>The latest breach, with what it proposes.</summary>
    public BudgetBreached? Latest { get; init; }

    /// <summary>What the latest breach or forecast of one proposes; null where none was told.</summary>
    public ToldProposal? Proposed { get; init; }

    /// <summary>Months whose forecast was told.</summary>
    public IReadOnlyList<DateOnly> Forecast { get; init; } = [];

    public static Budget Create(IEvent<BudgetSet> e) => new() { Id = e.StreamId, Terms = e.Data.Terms, Since = MonthOf(e.Timestamp) };

    public Budget Apply(IEvent<BudgetChanged> e) => this with { Terms = e.Data.Terms, Since = MonthOf(e.Timestamp), Reached = [], Latest = null, Proposed = null, Forecast = [] };

    public Budget Apply(IEvent<BudgetBreached> e) => this with
    {
        Latest = e.Data, Proposed = new(e.Id, e.Data.Month, e.Data.Proposal, e.Data.WhyNoProposal),
        Reached = [.. Reached.Where(r => r.Month > e.Data.Month.AddMonths(-KeptMonths)), new ReachedLevel(e.Data.Month, e.Data.ThresholdPct)],
    };

    public Budget Apply(BudgetCleared e) => this with { Reached = [.. Reached.Where(r => r != new ReachedLevel(e.Month, e.ThresholdPct))] };

    public Budget Apply(IEvent<BudgetForecastBreached> e) => this with
    {
        Proposed = new(e.Id, e.Data.Month, e.Data.Proposal, e.Data.WhyNoProposal),
        Forecast = [.. Forecast.Where(m => m > e.Data.Month.AddMonths(-KeptMonths)), e.Data.Month],
    };

    public static bool ShouldDelete(BudgetRemoved _) => true;

    static DateOnly MonthOf(DateTimeOffset time) => new(time.UtcDateTime.Year, time.UtcDateTime.Month, 1);
}

public static class BudgetDecisions
{
    public const int MaxNameLength = 200, MaxThresholds = 10;

    public static Decision Set(BudgetTerms terms) => Problem(terms) is { } wrong ? wrong : Decision.Of(new BudgetSet(terms));

    public static Decision Change(Budget budget, BudgetTerms terms) =>
        Problem(terms) is { } wrong ? wrong : budget.Terms.SameAs(terms) ? Decision.Nothing : Decision.Of(new BudgetChanged(terms));

    /// <summary>
    /// Levels that the month has reached and that nobody was told of, and those that it lies under again. Evaluating again what was evaluated gives nothing.
    /// </summary>
    /// <param name="forecast">Of the month's end, in the budget's currency; null where too few days are known, or none is to come.</param>
    /// <param name="proposal">Asked only where something is told.</param>
    public static Decision Evaluate(
        Budget budget, DateOnly month, decimal spent, DateOnly through, MonthForecast? forecast, Func<(BudgetProposal? Proposal, string? WhyNone)> proposal)
    {
        var terms = budget.Terms;
        bool IsReached(double pct) => spent >= terms.AmountPerMonth * (decimal)pct / 100;
        bool IsTold(double pct) => budget.Reached.Contains(new ReachedLevel(month, pct));
        List<object> events = [.. terms.ThresholdsPct.Where(p => !IsReached(p) && IsTold(p)).Select(p => new BudgetCleared(month, p, spent, through))];
        var fresh = terms.ThresholdsPct.Where(p => IsReached(p) && !IsTold(p)).ToList();
        var ahead = forecast is { DaysToCome: > 0 } && spent < terms.AmountPerMonth && forecast.Estimate >= (double)terms.AmountPerMonth && !budget.Forecast.Contains(month);
        if (fresh.Count == 0 && !ahead) return new(events, null);
        var (proposed, why) = proposal();
        events.AddRange(fresh.Select(p => new BudgetBreached(month, p, spent, through, proposed, why)));
        if (ahead)
            events.Add(new BudgetForecastBreached(month, (decimal)forecast!.Estimate, (decimal)forecast.Lower, (decimal)forecast.Upper, forecast.Days, spent, through, proposed, why));
        return new(events, null);
    }

    static Rejection? Problem(BudgetTerms t) =>
        string.IsNullOrWhiteSpace(t.Name) || t.Name.Length > MaxNameLength
            ? Rejection.Invalid("budget-name-invalid", "name", $"A budget needs a name of 1 to {MaxNameLength} characters.")
        : !Enum.IsDefined(t.Scope) || (t.Scope == BudgetScope.All) != (t.Of.Length == 0) || t.Of.Length > MaxNameLength
            ? Rejection.Invalid("budget-scope-invalid", "of", "A budget of everything names nothing in 'of'; any other names its pipeline's id, group, team or service.")
        : t.Scope == BudgetScope.Pipeline && !Guid.TryParse(t.Of, out _)
            ? Rejection.Invalid("budget-scope-invalid", "of", "A pipeline is named by its id; GET /api/v2/pipelines lists them.")
        : t.AmountPerMonth is not (> 0 and <= 1e12m)
            ? Rejection.Invalid("budget-amount-invalid", "amountPerMonth", "A budget is more than 0 a month, and at most 1,000,000,000,000.")
        : !Currencies.IsKnown(t.Currency) ? Currencies.Unknown("currency", t.Currency)
        : t.ThresholdsPct.Count is 0 or > MaxThresholds || t.ThresholdsPct.Any(p => p is not (> 0 and <= 1000)) || t.ThresholdsPct.Zip(t.ThresholdsPct.Skip(1)).Any(p => p.First >= p.Second)
            ? Rejection.Invalid("budget-thresholds-invalid", "thresholdsPct", $"Levels are 1 to {MaxThresholds} rising per cents between 0 and 1000, such as 80 and 100.")
            : null;
}
