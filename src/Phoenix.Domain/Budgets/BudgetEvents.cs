using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Budgets;

/// <summary>A part of the cost must stay under an amount a month.</summary>
public sealed record BudgetSet(BudgetTerms Terms);

/// <summary>The budget says something else now, in full. Levels that were reached under the terms before count no more.</summary>
public sealed record BudgetChanged(BudgetTerms Terms);

/// <summary>The budget holds no more.</summary>
public sealed record BudgetRemoved;

/// <summary>What was spent in a month (UTC) reached a level; once for each month and level, unless it was cleared between.</summary>
/// <param name="Month">Its first day.</param>
/// <param name="ThresholdPct">The level, in per cent of the amount.</param>
/// <param name="Spent">In the budget's currency, days up to <paramref name="Through"/>.</param>
/// <param name="Through">The last day that was added up.</param>
/// <param name="Proposal">An experiment that could bring it down, not started; null where there is none to propose.</param>
/// <param name="WhyNoProposal">Why there is none.</param>
public sealed record BudgetBreached(
    DateOnly Month, double ThresholdPct, decimal Spent, DateOnly Through, BudgetProposal? Proposal, string? WhyNoProposal);

/// <summary>Days were corrected or priced anew, and the month lies under the level again.</summary>
public sealed record BudgetCleared(DateOnly Month, double ThresholdPct, decimal Spent, DateOnly Through);

/// <summary>If it goes on like the days before, the month will cost more than the amount, of which less is spent. Once for each month.</summary>
/// <param name="Forecast">At the end of the month, in the budget's currency, with bounds that are wide on purpose.</param>
/// <param name="Days">That the forecast rests on.</param>
/// <param name="Proposal">An experiment that could bring it down, not started; null where there is none to propose.</param>
/// <param name="WhyNoProposal">Why there is none.</param>
public sealed record BudgetForecastBreached(
    DateOnly Month, decimal Forecast, decimal Lower, decimal Upper, int Days, decimal Spent, DateOnly Through, BudgetProposal? Proposal, string? WhyNoProposal);

public enum BudgetScope
{
    /// <summary>Everything in the ledger.</summary>
    All,

    /// <summary>Every version of one pipeline.</summary>
    Pipeline,
    Group,
    Team,
    Service,
}

/// <param name="Of">A pipeline's id, or the name of a group, team or service, which may be <c>(none)</c>; empty for all.</param>
/// <param name="Currency">ISO 4217; costs in another one are converted by the operator's rate of the day.</param>
/// <param name="PriceEntry">By which costs are reckoned.</param>
/// <param name="ThresholdsPct">Levels in per cent of the amount, rising.</param>
public sealed record BudgetTerms(
    string Name, BudgetScope Scope, string Of, decimal AmountPerMonth, string Currency, string PriceEntry, IReadOnlyList<double> ThresholdsPct)
{
    /// <summary>Records compare lists by reference.</summary>
    public bool SameAs(BudgetTerms other) => this with { ThresholdsPct = other.ThresholdsPct } == other && ThresholdsPct.SequenceEqual(other.ThresholdsPct);
}

/// <summary>The design of an experiment that was proved elsewhere, for hosts in the budget's scope that run its baseline.</summary>
/// <param name="ProvedBy">The experiment whose design it takes.</param>
/// <param name="ReductionPct">Of live series, as that experiment measured it on its own hosts: no promise for these.</param>
/// <param name="Cost">What the baseline's pipeline cost in the scope in the month so far.</param>
/// <param name="Hosts">At most <see cref="BudgetProposals.MostHosts"/>, the first by name.</param>
public sealed record BudgetProposal(
    PipelineReference Baseline, PipelineReference Candidate, Guid ProvedBy, double ReductionPct, decimal Cost, IReadOnlyList<string> Hosts);
