using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Api.Usage;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Budgets;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Usage;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Pipelines;

namespace Phoenix.Api.Budgets;

/// <param name="Spent">In the budget's currency.</param>
/// <param name="Through">The last day that was added up; null where none of the month was.</param>
/// <param name="Forecast">Of the month's end, in the budget's currency; null where days are missing.</param>
/// <param name="NoForecast">What is missing for it.</param>
public sealed record BudgetSpending(IReadOnlyList<LedgerCell> Cells, decimal Spent, DateOnly? Through, MonthForecast? Forecast, string? NoForecast);

/// <summary>Holds what was spent against every budget, after days were added up. What was told is not told again, however often this runs.</summary>
public sealed class EvaluateBudgets(IDocumentStore store, NpgsqlDataSource database, UsageSettings settings, ILogger<EvaluateBudgets> log)
{
    /// <summary>For how long after a month's end what it spent is told of: its last days are added up and corrected then.</summary>
    const int DaysAfter = 7;

    /// <summary>
    /// This month, and in its first days the one before it. Each budget by itself: of one that cannot be evaluated it is logged, and the others are. Nodes that do
    /// this at the same time wait for each other at each budget.
    /// </summary>
    /// <param name="today">Days before it are over (UTC).</param>
    public async Task Evaluate(DateOnly today, CancellationToken cancellation)
    {
        var month = new DateOnly(today.Year, today.Month, 1);
        DateOnly[] months = today.Day <= DaysAfter ? [month.AddMonths(-1), month] : [month];
        await using var reading = store.QuerySession();
        foreach (var budget in await reading.Query<Budget>().OrderBy(b => b.Id).ToListAsync(cancellation))
            foreach (var of in months.Where(m => m >= budget.Since))
                try
                {
                    await Evaluate(budget.Id, of, cancellation);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    log.LogError(e, "Budget {Budget} could not be held against what was spent in {Month}; the next attempt is with the next adding up", budget.Id, of);
                }
    }

    async Task Evaluate(Guid id, DateOnly month, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.LastModifiedBy = EventMetadata.System;
        var stream = await session.Events.FetchForExclusiveWriting<Budget>(id, cancellation);
        if (stream.Aggregate is not { } budget) return;
        var (spending, unpriced) = await Spending(session, budget.Terms, month, cancellation);
        if (unpriced is not null)
        {
            log.LogError("Budget {Budget} cannot be held against what was spent: {Code}, {Detail}", id, unpriced.Code, unpriced.Detail);
            return;
        }
        if (spending!.Through is not { } through) return;
        var decision = BudgetDecisions.Evaluate(budget, month, spending.Spent, through, spending.Forecast, () => (null, null));
        // Hosts and experiments are asked where there is something to propose for.
        if (decision.Events.Any(e => e is BudgetBreached or BudgetForecastBreached))
        {
            var proposal = BudgetProposals.Of(spending.Cells, await Proven(session, cancellation), Runs(await Free(session, budget.Terms, cancellation)));
            decision = BudgetDecisions.Evaluate(budget, month, spending.Spent, through, spending.Forecast, () => proposal);
        }
        stream.AppendMany(decision.Events);
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>What the budget's scope cost in the month, as far as its days are added up.</summary>
    public static async Task<(BudgetSpending? Spending, Rejection? Rejection)> Spending(IQuerySession session, BudgetTerms terms, DateOnly month, CancellationToken cancellation)
    {
        var end = month.AddMonths(1);
        var begin = month.AddDays(-MonthForecast.LooksBack);
        var days = await session.Query<UsageDay>().Where(d => d.Day >= begin && d.Day < end).ToListAsync(cancellation);
        var book = await session.PriceBook(cancellation);
        // Shares are of everything that is sent, whatever the scope.
        var ofMonth = days.Where(d => d.Day >= month).ToList();
        if (ofMonth.Count == 0) return (new([], 0, null, null, "no day of the month is added up"), null);
        var (spending, currency, unpriced) = LedgerEndpoint.Priced(ofMonth, terms.PriceEntry, book);
        if (unpriced is not null) return (null, unpriced);
        var through = ofMonth.Max(d => d.Day);
        var (one, unconverted) = Currencies.Convert(new(1, currency!), terms.Currency, book.Rates, through);
        if (unconverted is not null) return (null, unconverted);
        // Days before the month are for the forecast alone, which says on how many it rests: one without a price is missing there, and nowhere else.
        var earlier = LedgerEndpoint.PricedWherePossible(days.Where(d => d.Day < month), terms.PriceEntry, book, currency);
        IReadOnlyList<LedgerCell> cells = [.. earlier.Cells, .. spending];
        var scope = BudgetProposals.InScope(terms, cells);
        var thisMonth = scope.Where(c => c.Day >= month).ToList();
        var spent = thisMonth.Sum(c => c.Cost) * one!.Amount.Amount;
        // Days on which something was recorded, and nothing of the scope, cost nothing.
        var known = days.Select(d => d.Day).Distinct().Except(earlier.Unpriced);
        var daily = known.Select(day => new DayValue(day, (double)(scope.Where(c => c.Day == day).Sum(c => c.Cost) * one.Amount.Amount))).ToList();
        var (forecast, missing) = MonthForecast.Of(month, daily, (double)spent, through);
        return (new(thisMonth, spent, through, forecast, missing), null);
    }

    static async Task<IReadOnlyList<Proved>> Proven(IQuerySession session, CancellationToken cancellation)
    {
        var deprecated = (await session.Query<PipelineText>().Where(p => p.Deprecated).Select(p => p.Id).ToListAsync(cancellation)).ToHashSet();
        return
        [
            .. (await session.Query<Experiment>().Where(x => x.State == ExperimentState.Completed || x.State == ExperimentState.Promoting || x.State == ExperimentState.Promoted).ToListAsync(cancellation))
                .Where(x => x.Verdict is { Outcome: VerdictOutcome.Promote })
                .Select(x => new Proved(x.Id, x.Baseline, x.Candidate, x.Verdict!.Evidence.LiveSeriesReductionPct, !deprecated.Contains(x.Candidate.PipelineId))),
        ];
    }

    static Func<string, IReadOnlyList<string>> Runs(IReadOnlyList<(string HostId, string Hash)> hosts) =>
        hash => [.. hosts.Where(h => h.Hash == hash).Select(h => h.HostId)];

    /// <summary>Hosts in the scope that take new work, with what runs there as production.</summary>
    async Task<IReadOnlyList<(string HostId, string Hash)>> Free(IQuerySession session, BudgetTerms terms, CancellationToken cancellation)
    {
        LabelSelector? group = null;
        if (terms.Scope == BudgetScope.Group && terms.Of != UsageCell.None)
        {
            // A group that is gone has no hosts.
            if (await session.LoadAsync<HostGroup>(StreamIds.Group(terms.Of), cancellation) is not { } known) return [];
            group = LabelSelector.Parse(known.Selector).Selector;
        }
        var groups = terms.Scope == BudgetScope.Group
            ? (await session.Query<HostGroup>().ToListAsync(cancellation)).Select(g => LabelSelector.Parse(g.Selector).Selector!).ToList() : [];
        bool IsInScope(Dictionary<string, string> labels) => terms.Scope switch
        {
            BudgetScope.Group => group?.Matches(labels) ?? !groups.Any(g => g.Matches(labels)),
            BudgetScope.Team => RecordUsage.Label(labels, settings.TeamLabel) == terms.Of,
            BudgetScope.Service => RecordUsage.Label(labels, settings.ServiceLabel) == terms.Of,
            _ => true,
        };
        await using var command = database.CreateCommand(
            $"""
            select host_id, production_hash, labels from {FleetProjection.TableName} f where production_hash is not null and drained_at is null and decommissioned_at is null
              and lost_contact is null and not exists (select from {ExperimentHostsProjection.TableName} e where e.host_id = f.host_id) order by host_id
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(string, string)> found = [];
        while (await reader.ReadAsync(cancellation))
            if (IsInScope(JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(2))!)) found.Add((reader.GetString(0), reader.GetString(1)));
        return found;
    }
}
