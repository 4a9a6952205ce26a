using Marten;
using Npgsql;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain;
using Phoenix.Domain.Budgets;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Usage;
using Wolverine.Http;

namespace Phoenix.Api.Budgets;

/// <param name="Scope">What must stay under the amount: all, or one pipeline, group, team or service.</param>
/// <param name="Of">A pipeline's id, or the name of a group, team or service; left out for all.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="PriceEntry">Id of the price entry by which costs are reckoned.</param>
/// <param name="ThresholdsPct">Levels in per cent of the amount, rising; 80 and 100 where left out.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record BudgetRequest(
    string? Name, BudgetScope? Scope, string? Of, decimal? AmountPerMonth, string? Currency, string? PriceEntry, double[]? ThresholdsPct, string? Reason)
{
    static readonly double[] Usual = [80, 100];

    public BudgetTerms Terms() =>
        new(Name ?? "", Scope ?? BudgetScope.All, Of ?? "", AmountPerMonth ?? 0, Currency ?? "", PriceEntry ?? "", ThresholdsPct ?? Usual);
}

/// <param name="Reason">Why, for the audit log.</param>
public sealed record DraftForBudget(string? Reason);

/// <param name="Spent">This month (UTC), in the budget's currency, days up to <paramref name="Through"/>; null where it cannot be told.</param>
/// <param name="Forecast">Of the month's end, in the budget's currency, with bounds and the days that it rests on.</param>
/// <param name="NoForecast">What is missing for one.</param>
/// <param name="Problem">Why spending cannot be told.</param>
/// <param name="Latest">The latest breach, with the experiment that it proposes or why there is none.</param>
/// <param name="Proposed">What the latest breach or forecast of one proposes, which a draft can be made of.</param>
public sealed record BudgetView(
    Guid Id, BudgetTerms Terms, DateOnly Month, decimal? Spent, double? SpentPct, DateOnly? Through, IReadOnlyList<ReachedLevel> Reached, BudgetBreached? Latest, ToldProposal? Proposed,
    MonthForecast? Forecast, string? NoForecast, Rejection? Problem);

public static class BudgetEndpoints
{
    /// <summary>All budgets by name, with what was spent this month as far as days are added up.</summary>
    [WolverineGet("/api/v2/budgets"), Tags("Budgets")]
    public static async Task<IReadOnlyList<BudgetView>> List(IQuerySession session, TimeProvider clock, CancellationToken cancellation)
    {
        List<BudgetView> views = [];
        foreach (var budget in (await session.Query<Budget>().ToListAsync(cancellation)).OrderBy(b => b.Terms.Name, StringComparer.Ordinal).ThenBy(b => b.Id))
            views.Add(await View(session, budget, clock, cancellation));
        return views;
    }

    [WolverineGet("/api/v2/budgets/{id}"), Tags("Budgets"), ProducesResponseType<BudgetView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, TimeProvider clock, CancellationToken cancellation) =>
        await session.LoadAsync<Budget>(id, cancellation) is { } budget ? TypedResults.Ok(await View(session, budget, clock, cancellation)) : Problems.NotFound("budget", id);

    /// <summary>Sets a budget. What was spent is held against it every hour, from this month on.</summary>
    [WolverinePost("/api/v2/budgets"), Tags("Budgets"), ProducesResponseType<Created>(201)]
    public static async Task<IResult> Post(BudgetRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var terms = command.Terms();
        if (await Unpriced(session, terms, clock, cancellation) is { } unpriced) return unpriced;
        var decision = BudgetDecisions.Set(terms);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        var id = Guid.CreateVersion7();
        session.Stamp(http, command.Reason);
        session.Events.StartStream<Budget>(id, decision.Events);
        return TypedResults.Created($"/api/v2/budgets/{id}", new Created(id, 1));
    }

    /// <summary>Says something else with the budget, in full. Levels that were reached are looked at anew.</summary>
    [WolverinePut("/api/v2/budgets/{id}"), Tags("Budgets"), ProducesResponseType(204), ProducesResponseType(404)]
    public static async Task<IResult> Put(Guid id, BudgetRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var terms = command.Terms();
        if (await Unpriced(session, terms, clock, cancellation) is { } unpriced) return unpriced;
        var stream = await session.Events.FetchForExclusiveWriting<Budget>(id, cancellation);
        if (stream.Aggregate is not { } budget) return Problems.NotFound("budget", id);
        var decision = BudgetDecisions.Change(budget, terms);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        return TypedResults.NoContent();
    }

    [WolverineDelete("/api/v2/budgets/{id}"), Tags("Budgets"), ProducesResponseType(204)]
    public static async Task<IResult> Remove(Guid id, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForExclusiveWriting<Budget>(id, cancellation);
        session.Stamp(http, reason);
        if (stream.Aggregate is not null) stream.AppendOne(new BudgetRemoved());
        return TypedResults.NoContent();
    }

    /// <summary>
    /// Writes down the experiment that the latest breach proposes, or the latest forecast of one, for somebody to look at and start. What would be refused in a draft is refused here too; asked
    /// again it answers with the draft that there is.
    /// </summary>
    [WolverinePost("/api/v2/budgets/{id}/draft"), Tags("Budgets"), ProducesResponseType<Created>(201), ProducesResponseType<Created>(200), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> Draft(
        Guid id, DraftForBudget command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (await session.LoadAsync<Budget>(id, cancellation) is not { } budget) return Problems.NotFound("budget", id);
        if (budget.Proposed is not { Proposal: { } proposal } told)
            return Problems.Of(409, "nothing-proposed", budget.Proposed is null ? "The budget was not breached, nor is it about to be; there is nothing to propose." : $"There is nothing to propose: {budget.Proposed.WhyNone}.");
        var draft = StreamIds.BudgetDraft(id, told.EventId);
        if (await session.LoadAsync<Experiment>(draft, cancellation) is { } there) return TypedResults.Ok(new Created(draft, there.Version));
        if (await session.LoadAsync<Experiment>(proposal.ProvedBy, cancellation) is not { } proved) return Problems.NotFound("experiment", proposal.ProvedBy);
        var decision = await DraftExperimentEndpoint.Decide(
            DraftExperimentEndpoint.LikeThat(proved) with { Name = NameOf(budget, told.Month), Hosts = [.. proposal.Hosts], Selector = null, Group = null }, session, database, clock, cancellation);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        return DraftExperimentEndpoint.Begin(session, Decision.Of((ExperimentDrafted)decision.Events[0] with { ClonedFrom = proposal.ProvedBy }), draft);
    }

    static string NameOf(Budget budget, DateOnly month)
    {
        var name = $"Budget '{budget.Terms.Name}', {month:yyyy-MM}";
        return name.Length <= DraftExperiment.MaxNameLength ? name : name[..DraftExperiment.MaxNameLength];
    }

    static async Task<IResult?> Unpriced(IQuerySession session, BudgetTerms terms, TimeProvider clock, CancellationToken cancellation)
    {
        var (price, unknown) = (await session.PriceBook(cancellation)).PriceOf(terms.PriceEntry, clock.Today());
        return (unknown ?? price!.Problem())?.ToProblem();
    }

    static async Task<BudgetView> View(IQuerySession session, Budget b, TimeProvider clock, CancellationToken cancellation)
    {
        var today = clock.Today();
        var month = new DateOnly(today.Year, today.Month, 1);
        var (spending, problem) = await EvaluateBudgets.Spending(session, b.Terms, month, cancellation);
        return new(b.Id, b.Terms, month, spending?.Spent, spending is null ? null : (double)(100 * spending.Spent / b.Terms.AmountPerMonth), spending?.Through, b.Reached, b.Latest, b.Proposed,
            spending?.Forecast, spending?.NoForecast, problem);
    }
}
