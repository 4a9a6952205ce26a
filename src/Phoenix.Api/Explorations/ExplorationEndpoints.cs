using System.Globalization;
using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Experiments;
using Phoenix.Api.Flow;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Api.Reading;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Explorations;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Explorations;

/// <summary>Hosts are named, or chosen by a selector or a group.</summary>
/// <param name="Metric">The one metric to look into in depth; the metrics with most series where left out.</param>
/// <param name="Price">Id of the price entry that values what is found.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record ExplorationRequest(string?[]? Hosts, string? Selector, string? Group, string? Metric, string? Price, string? Reason);

/// <param name="Id">Of the exploration, for <c>GET /api/v2/explorations/{id}</c>.</param>
/// <param name="LeftOut">Hosts that are meant and cannot be asked, with the reason.</param>
public sealed record ExplorationStarted(Guid Id, IReadOnlyList<ExploredHost> Hosts, IReadOnlyList<HostNotExplored> LeftOut);

public enum ExplorationState
{
    /// <summary>Some host has not answered yet; what others found is there already.</summary>
    Running,

    /// <summary>Every host has answered.</summary>
    Done,

    /// <summary>Some hosts have, the others failed.</summary>
    Partial,

    /// <summary>None has.</summary>
    Failed,
}

/// <param name="Error">Why the last attempt failed; null where none has.</param>
public sealed record ExploredHostView(Guid TaskId, string HostId, ExploredHostState State, string? Error);

public sealed record ExplorationSummary(Guid Id, DateTimeOffset AskedAt, string? Actor, string? Metric, int Hosts, ExplorationState State);

/// <param name="Metric">The one metric that was asked for; null for those with most series.</param>
/// <param name="SampleSeconds">The longest of the hosts' samples.</param>
/// <param name="PriceProblem">Why there is no money although there is a price; null where there is.</param>
/// <param name="TotalSeries">Classic Prometheus series of everything that was explored.</param>
/// <param name="MonthlyCost">Their share of the bill of everything that is known to come in; null without a price.</param>
/// <param name="OtherSeries">Series of metrics that are not listed.</param>
/// <param name="Truncated">Some metrics, labels or values are not listed.</param>
/// <param name="UntrackedPoints">Points of streams that hosts could not tell apart; where not 0, series are a lower bound.</param>
public sealed record ExplorationView(
    Guid Id, ExplorationState State, DateTimeOffset AskedAt, string? Actor, string? Metric, IReadOnlyList<ExploredHostView> Hosts, IReadOnlyList<HostNotExplored> LeftOut,
    double SampleSeconds, string? Price, string? Currency, string? PriceProblem, long TotalSeries, double? SamplesPerMinute, decimal? MonthlyCost,
    IReadOnlyList<ExploredMetric> Metrics, long OtherSeries, bool Truncated, long UntrackedPoints);

public static class ExplorationEndpoints
{
    const int MaxPriceLength = 100;

    /// <summary>Each has the states of up to fifty tasks.</summary>
    const int MaxListed = 100;

    /// <summary>
    /// Asks hosts which metrics, labels and values the recent input of their production collectors is made of. Values of labels leave the hosts; the host's
    /// owner can forbid it in the allow-list (<c>explore</c>). The production pipeline has to keep recent input (<c>service.telemetry.phoenix.sample</c>).
    /// </summary>
    [WolverinePost("/api/v2/explorations"), Tags("Flow"), ProducesResponseType<ExplorationStarted>(202), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Post(
        ExplorationRequest command, IDocumentSession session, NpgsqlDataSource database, TaskQueue queue, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength), ("price", command.Price, MaxPriceLength)) is { } tooLong) return tooLong;
        if (command.Price is { } price && (await session.PriceBook(cancellation)).PriceOf(price, clock.Today()).Rejection is { } unknown) return unknown.ToProblem();
        var (hosts, unclear) = await Targets.Resolve(command.Hosts, command.Selector, command.Group, session, database, cancellation);
        if (unclear is not null) return unclear.ToProblem();
        var (requested, tasks, rejection) = ExplorationDecisions.Request(
            [.. hosts!.Select(h => new ExploredHost(Guid.CreateVersion7(), h))], await session.Known(hosts!, cancellation), await AgentUnderstanding.Of(Understanding.Explore, hosts!, database, cancellation),
            command.Metric, command.Price);
        if ((rejection ?? await session.Held([.. hosts!], cancellation)) is { } refused) return refused.ToProblem();
        session.Stamp(http, command.Reason);
        var id = Guid.CreateVersion7();
        session.Events.StartStream<Exploration>(id, requested!);
        await queue.Begin(session, tasks, cancellation);
        return TypedResults.Accepted($"/api/v2/explorations/{id}", new ExplorationStarted(id, requested!.Hosts, requested.LeftOut));
    }

    /// <summary>What an exploration has found so far, added up over its hosts. What is found is kept for a week.</summary>
    /// <param name="price">Id of a price entry, by its price of today; the one that was asked with where left out.</param>
    [WolverineGet("/api/v2/explorations/{id}"), Tags("Flow"), ProducesResponseType<ExplorationView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, NpgsqlDataSource database, FlowStore flows, ExplorationMerges merges, TimeProvider clock, string? price, CancellationToken cancellation)
    {
        if (await session.Events.AggregateStreamAsync<Exploration>(id, token: cancellation) is not { } exploration) return Problems.NotFound("exploration", id);
        var (entry, unknown) = (price ?? exploration.PriceEntry) is { } named ? (await session.PriceBook(cancellation)).PriceOf(named, clock.Today()) : (null, null);
        if (unknown is not null) return unknown.ToProblem();
        Guid[] tasks = [.. exploration.Hosts.Select(h => h.TaskId)];
        var states = await ExplorationStore.States(database, tasks, cancellation);
        Guid[] done = [.. tasks.Where(t => states[t].State == ExploredHostState.Done)];
        var found = await merges.Of(id, done, exploration.Metric is not null, (await session.Protection(cancellation)).Beyond([]), cancellation);
        decimal? cost = null;
        string? problem = null;
        if (entry is not null && done.Length > 0)
        {
            var known = await flows.Totals(LabelSelector.Parse(null).Selector!, FlowSettings.Fresh, cancellation);
            var (priced, total, rejection) = found.With(entry, known.Total.In, Math.Max(known.Hosts, done.Length));
            (found, cost, problem) = (priced ?? found, total is { } sum ? decimal.Round(sum, 4) : null, rejection?.Detail);
        }
        return TypedResults.Ok(new ExplorationView(
            id, StateOf(exploration, states), exploration.At, exploration.Actor, exploration.Metric,
            [.. exploration.Hosts.Select(h => new ExploredHostView(h.TaskId, h.HostId, states[h.TaskId].State, states[h.TaskId].Error))], exploration.LeftOut,
            found.SampleSeconds, entry?.Entry.Id, entry?.Currency, problem, found.TotalSeries, found.SamplesPerMinute, cost,
            found.Metrics, found.OtherSeries, found.Truncated, found.UntrackedPoints));
    }

    /// <summary>Explorations, the newest first; a page has at most 100.</summary>
    [WolverineGet("/api/v2/explorations"), Tags("Flow"), ProducesResponseType<Page<ExplorationSummary>>(200), ProducesResponseType(422)]
    public static async Task<IResult> List(NpgsqlDataSource database, int? limit, string? after, CancellationToken cancellation)
    {
        long? before = null;
        if (!string.IsNullOrEmpty(after))
        {
            if (!long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
                return Problems.Of(422, "cursor-invalid", "'after' is what 'next' of an earlier page said.", "after");
            before = sequence;
        }
        var take = Paging.Limit(limit, MaxListed);
        var page = Paging.Of(await ExplorationStore.Latest(database, before, take + 1, cancellation), take, e => e.Sequence.ToString(CultureInfo.InvariantCulture));
        var states = await ExplorationStore.States(database, [.. page.Items.SelectMany(e => e.Exploration.Hosts.Select(h => h.TaskId))], cancellation);
        return TypedResults.Ok(new Page<ExplorationSummary>(
            [.. page.Items.Select(e => e.Exploration).Select(e => new ExplorationSummary(e.Id, e.At, e.Actor, e.Metric, e.Hosts.Count, StateOf(e, states)))], page.Next));
    }

    /// <summary>One that left out hosts that were meant is never more than partial.</summary>
    static ExplorationState StateOf(Exploration exploration, IReadOnlyDictionary<Guid, (ExploredHostState State, string? Error)> states)
    {
        var of = exploration.Hosts.Select(h => states[h.TaskId].State).ToList();
        return of.Contains(ExploredHostState.Running) ? ExplorationState.Running
            : of.TrueForAll(s => s is ExploredHostState.Done or ExploredHostState.Expired) ? exploration.LeftOut.Count == 0 ? ExplorationState.Done : ExplorationState.Partial
            : of.Exists(s => s is ExploredHostState.Done or ExploredHostState.Expired) ? ExplorationState.Partial : ExplorationState.Failed;
    }
}
