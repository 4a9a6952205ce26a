using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Pricing;
using Phoenix.Api.Reading;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Usage;
using Phoenix.Projections;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
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
        return await Patience.Run(database, "days-too-many", "Give 'from' and 'to' closer together.", async connection =>
        {
            var (experiments, pipelines, unmeasured) = await Ran(connection, begin, end, cancellation);
            var (agents, heard, silent) = await AgentsNow(connection, cancellation);
            var saved = ledger is { Currency: { } currency, Total.Days: > 0 } ? new Money(ledger.Total.Saved, currency) : null;
            var result = ReturnOnPhoenix.Of(
                saved, unclear?.Detail ?? "no day of those asked for is added up; a day is, two hours after its end (UTC)", experiments, pipelines,
                heard == 0 ? null : OwnUse.Of(agents, end - begin), rates, noRates, book.Rates, last);
            return TypedResults.Ok(new RoiView(entry, first, last, ledger?.Total.Days ?? 0, saved, result, [.. Gaps(unmeasured, heard, silent), .. ledger?.Gaps ?? []]));
        }, cancellation);
    }

    /// <summary>
    /// Candidates that ran at some time between the two moments: the seconds from the start of their experiment until the last was gone, as far as they lie there. Events that end
    /// candidates are few and have an index; an experiment's own stream, which has its windows, is not read.
    /// </summary>
    public const string CandidatesSql =
        $"""
        with gone as materialized (select e.stream_id as id, min(e."timestamp") as at from {Events} e where e.type in ({ExperimentSummaries.CandidateEnds}) group by e.stream_id)
        select s.windows, s.seconds, s.baseline_cpu_ms, s.baseline_resident, s.candidate_cpu_ms, s.candidate_resident,
            extract(epoch from least(gone.at, $2) - greatest(s.started_at, $1))::float8
        from {ExperimentSummaries.TableName} s left join gone using (id)
        where s.started_at < $2 and (gone.at is null or gone.at > $1)
        """;

    /// <summary>
    /// Pipelines that a promotion made production, as far as they were it between the two moments: the mean over the experiment's hosts of the seconds from when a host had it
    /// to the next change of its production, whatever made that, or to when it left the fleet. Where several experiments promoted the same, the last one before has it.
    /// </summary>
    public const string PromotedSql =
        $"""
        with promoted as materialized (select e.stream_id as id, min(e."timestamp") as at from {Events} e where e.type = 'promotion_requested' and e."timestamp" < $2 group by e.stream_id),
        live as (
          select distinct on (v.host_id, v.since) s.id, least(changed.at, f.decommissioned_at, $2) - greatest(v.since, $1) as lasted, cardinality(h.hosts) as hosts
          from promoted p join {ExperimentSummaries.TableName} s using (id) join {ExperimentSummaries.HostsTableName} h using (id) cross join unnest(h.hosts) as host
          join {HostVersionsProjection.TableName} v on v.host_id = host and v.configuration_hash = s.candidate->>'configurationHash' and v.since >= p.at and v.since < $2
          left join lateral (select min(n.since) as at from {HostVersionsProjection.TableName} n where n.host_id = v.host_id and n.since > v.since) changed on true
          left join {FleetProjection.TableName} f on f.host_id = v.host_id
          where changed.at is null or changed.at > $1
          order by v.host_id, v.since, p.at desc)
        select s.windows, s.seconds, s.baseline_cpu_ms, s.baseline_resident, s.candidate_cpu_ms, s.candidate_resident, l.seconds
        from (select id, sum(greatest(0, extract(epoch from lasted)) / hosts)::float8 as seconds from live group by id) l join {ExperimentSummaries.TableName} s using (id)
        """;

    /// <summary>What that took: of candidates all of it, of promoted pipelines what they take beyond those before; each the mean of the windows that count.</summary>
    static async Task<(OwnUse Experiments, OwnUse Pipelines, long Unmeasured)> Ran(NpgsqlConnection connection, DateTimeOffset begin, DateTimeOffset end, CancellationToken cancellation)
    {
        var (experiments, pipelines, unmeasured) = (OwnUse.Nothing, OwnUse.Nothing, 0L);
        await foreach (var (measured, _, candidate, ran) in Read(CandidatesSql))
            if (measured) experiments += OwnUse.Of(candidate, ran);
            else if (ran > TimeSpan.Zero) unmeasured++;
        await foreach (var (measured, baseline, candidate, live) in Read(PromotedSql))
            if (measured) pipelines += OwnUse.Of(new(candidate.Cores - baseline.Cores, candidate.MemoryBytes - baseline.MemoryBytes), live);
        return (experiments, pipelines, unmeasured);

        async IAsyncEnumerable<(bool Measured, ResourceUse Baseline, ResourceUse Candidate, TimeSpan Time)> Read(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new() { Value = begin });
            command.Parameters.Add(new() { Value = end });
            await using var r = await command.ExecuteReaderAsync(cancellation);
            while (await r.ReadAsync(cancellation))
            {
                var (windows, seconds) = (r.GetInt32(0), r.GetDouble(1));
                yield return (windows > 0 && seconds > 0, Use(2), Use(4), TimeSpan.FromSeconds(r.GetDouble(6)));

                ResourceUse Use(int column) => new(r.GetDouble(column) / 1000 / seconds, (double)r.GetInt64(column + 1) / windows);
            }
        }
    }

    const string Events = EventStoreOptions.Schema + ".mt_events";

    /// <summary>What agents themselves take, of those that said so in the last quarter of an hour. Who has left the fleet or said goodbye is not missed.</summary>
    static async Task<(ResourceUse Use, long Heard, long Silent)> AgentsNow(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select coalesce(sum(cpu_percent) filter (where heard), 0) / 100, coalesce(sum((heartbeat->>'residentBytes')::float8) filter (where heard), 0),
                count(*) filter (where heard), count(*) filter (where not heard)
            from (
              select p.cpu_percent, p.heartbeat, coalesce(p.cpu_percent is not null and p.heartbeat_at > now() - interval '15 minutes', false) as heard
              from {FleetProjection.TableName} h left join {AgentPresence.TableName} p using (host_id)
              where h.decommissioned_at is null and p.stopped is not true) agents
            """, connection);
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
