using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Pricing;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Usage;
using Phoenix.Projections;
using Phoenix.Projections.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Usage;

/// <param name="Price">The price entry that values every day; null where none could be chosen.</param>
/// <param name="Days">That were added up, of those asked for.</param>
/// <param name="SavedByPrice">As the ledger tells it, in the currency of the price; null where it tells nothing.</param>
/// <param name="Return">In the currency of the operator's rates.</param>
/// <param name="Gaps">What the figures do not know, though they are told.</param>
public sealed record RoiView(string? Price, DateOnly From, DateOnly To, int Days, Money? SavedByPrice, ReturnOnPhoenix Return, IReadOnlyList<string> Gaps);

public static class RoiEndpoint
{
    /// <summary>
    /// What Phoenix saved by the ledger, and what it took for that at the operator's rates: candidates of experiments, promoted pipelines beyond those before, and agents.
    /// What is not known is null, and <c>missing</c> says why.
    /// </summary>
    /// <param name="from">First day; 30 days before the last where left out.</param>
    /// <param name="to">Last day; today where left out.</param>
    /// <param name="price">Id of a price entry. May be left out where every experiment in the ledger was valued by the same one.</param>
    [WolverineGet("/api/v2/savings/roi"), Tags("Savings"), ProducesResponseType<RoiView>(200), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        IQuerySession session, NpgsqlDataSource database, TimeProvider clock, DateOnly? from, DateOnly? to, string? price, CancellationToken cancellation)
    {
        var (first, last, wrongDays) = LedgerEndpoint.Days(clock, from, to);
        if (wrongDays is not null) return wrongDays;
        var (entry, unclear) = await LedgerEndpoint.Entry(price, session, cancellation);
        var (ledger, problem) = unclear is null ? await LedgerEndpoint.Of(session, clock, first, last, LedgerDimension.Day, entry, cancellation) : (null, null);
        if (problem is not null) return problem;
        var book = await session.PriceBook(cancellation);
        var (rates, noRates) = book.OwnRatesOn(last);

        // What has been of the days asked for.
        var begin = new DateTimeOffset(first, TimeOnly.MinValue, TimeSpan.Zero);
        var end = new DateTimeOffset(last.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) is var midnight && midnight < clock.GetUtcNow() ? midnight : clock.GetUtcNow();
        if (end < begin) end = begin;
        var (experiments, pipelines, unmeasured) = await Ran(database, begin, end, cancellation);
        var (agents, heard, silent) = await AgentsNow(database, cancellation);
        var saved = ledger is { Currency: { } currency, Total.Days: > 0 } ? new Money(ledger.Total.Saved, currency) : null;
        var result = ReturnOnPhoenix.Of(
            saved, unclear?.Detail ?? "no day of those asked for is added up; a day is, two hours after its end (UTC)", experiments, pipelines,
            heard == 0 ? null : OwnUse.Of(agents, end - begin), rates, noRates, book.Rates, last);
        return TypedResults.Ok(new RoiView(entry, first, last, ledger?.Total.Days ?? 0, saved, result, [.. Gaps(unmeasured, heard, silent), .. ledger?.Gaps ?? []]));
    }

    /// <summary>
    /// Candidates from the start of their experiment until the last was gone, and promoted pipelines while they were live, as far as that lies between the two moments: each
    /// with the mean of the windows that count.
    /// </summary>
    static async Task<(OwnUse Experiments, OwnUse Pipelines, long Unmeasured)> Ran(NpgsqlDataSource database, DateTimeOffset begin, DateTimeOffset end, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select s.windows, s.seconds, s.baseline_cpu_ms, s.baseline_resident, s.candidate_cpu_ms, s.candidate_resident,
                greatest(0, extract(epoch from least(coalesce(gone.at, $2), $2) - greatest(s.started_at, $1)))::float8,
                coalesce((select sum(greatest(0, extract(epoch from least(coalesce(l.until, $2), $2) - greatest(l.since, $1)))) from (
                    select e."timestamp" as since, lead(e."timestamp") over (order by e.version) as until, e.type from {Events} e
                    where e.stream_id = s.id and e.type in ('experiment_promoted', 'experiment_rolled_back')) l where l.type = 'experiment_promoted'), 0)::float8
            from {ExperimentSummaries.TableName} s
            left join lateral (select min(e."timestamp") as at from {Events} e
                where e.stream_id = s.id and e.type in ('experiment_completed', 'experiment_stopped', 'experiment_rolled_back')) gone on true
            where s.started_at < $2
            """);
        command.Parameters.Add(new() { Value = begin });
        command.Parameters.Add(new() { Value = end });
        var (experiments, pipelines, unmeasured) = (OwnUse.Nothing, OwnUse.Nothing, 0L);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        while (await r.ReadAsync(cancellation))
        {
            var (windows, seconds, ran, live) = (r.GetInt32(0), r.GetDouble(1), TimeSpan.FromSeconds(r.GetDouble(6)), TimeSpan.FromSeconds(r.GetDouble(7)));
            if (windows == 0 || seconds <= 0)
            {
                if (ran > TimeSpan.Zero) unmeasured++;
                continue;
            }
            var (baseline, candidate) = (Use(2), Use(4));
            experiments += OwnUse.Of(candidate, ran);
            pipelines += OwnUse.Of(new(candidate.Cores - baseline.Cores, candidate.MemoryBytes - baseline.MemoryBytes), live);

            ResourceUse Use(int column) => new(r.GetDouble(column) / 1000 / seconds, (double)r.GetInt64(column + 1) / windows);
        }
        return (experiments, pipelines, unmeasured);
    }

    const string Events = EventStoreOptions.Schema + ".mt_events";

    /// <summary>What agents themselves take, of those that said so in the last quarter of an hour.</summary>
    static async Task<(ResourceUse Use, long Heard, long Silent)> AgentsNow(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select coalesce(sum(cpu_percent) filter (where heard), 0) / 100, coalesce(sum((heartbeat->>'residentBytes')::float8) filter (where heard), 0),
                count(*) filter (where heard), count(*) filter (where not heard)
            from (select *, coalesce(cpu_percent is not null and not stopped and heartbeat_at > now() - interval '15 minutes', false) as heard from {AgentPresence.TableName}) p
            """);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        await r.ReadAsync(cancellation);
        return (new(r.GetDouble(0), r.GetDouble(1)), r.GetInt64(2), r.GetInt64(3));
    }

    static IEnumerable<string> Gaps(long unmeasured, long heard, long silent)
    {
        if (heard > 0) yield return $"what agents take is known of now alone: {heard} of them by their last heartbeats, which stand for all of the days";
        if (silent > 0) yield return $"{silent} agents were not heard in the last quarter of an hour, or not twice, and are not in it";
        if (unmeasured > 0) yield return $"{unmeasured} experiments ran without a window that counts: what their candidates took is not known and not in it";
        yield return "the control plane, its database and the windows kept in it are not in it: nothing measures what they take";
        yield return "production collectors are in it by what a promoted pipeline takes more than the one before: some collector would run anyway";
    }
}
