using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Measurements;
using Phoenix.Api.Reading;
using Phoenix.Domain.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <summary>What one host has contributed.</summary>
/// <param name="State"><c>waiting</c> (it has not done what the experiment waits for), <c>failed</c>, <c>leftOut</c> or <c>takesPart</c>.</param>
/// <param name="Windows">Reported and counted; void ones are in <paramref name="Void"/> by reason.</param>
/// <param name="Late">Windows that came after they had been closed without the host: they are kept and count for nothing.</param>
/// <param name="NotReported">Windows that were closed without it, the late ones among them.</param>
/// <param name="ReductionPct">Of live series, sums over its counted windows, warm-up included; null where the baseline sent nothing.</param>
/// <param name="CandidateCpuPct">Of one core.</param>
/// <param name="CandidateResidentBytes">Mean over windows.</param>
/// <param name="ClockSkewSeconds">What its clock was ahead by in its newest report; its times are put right.</param>
public sealed record ExperimentHostView(
    string HostId, string State, long Windows, IReadOnlyDictionary<string, long> Void, long Late, long NotReported, int? LastWindow, DateTimeOffset? LastReportedAt,
    double? BaselineLiveSeries, double? CandidateLiveSeries, double? ReductionPct, double? CandidateCpuPct, double? CandidateResidentBytes, double? ClockSkewSeconds, string? Error);

public static class ExperimentHostsEndpoint
{
    /// <summary>
    /// Host by host: what was measured, what was void and why, what came late or not at all. Where a past moment is given as <c>at</c>, of what had been reported then. Raw windows are
    /// kept for a bounded time; older ones are not in it.
    /// </summary>
    [WolverineGet("/api/v2/experiments/{id}/hosts"), Tags("Experiments"), ProducesResponseType<Page<ExperimentHostView>>(200), ProducesResponseType(404), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        Guid id, DateTimeOffset? at, IQuerySession session, ExperimentHistories histories, NpgsqlDataSource database, int? limit, string? after, CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        if (await histories.Load(session, id, at, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        var take = Paging.Limit(limit);
        string[] hosts = [.. x.Hosts.Concat(x.LeftOut).Distinct().Order(StringComparer.Ordinal).Where(h => after is null || string.CompareOrdinal(h, after) > 0).Take(take + 1)];
        return TypedResults.Ok(Paging.Of(await Read(x, hosts, at ?? DateTimeOffset.MaxValue, database, cancellation), take, h => h.HostId));
    }

    static async Task<List<ExperimentHostView>> Read(Experiment x, string[] hosts, DateTimeOffset until, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            with closed as (
                select (data->>'number')::int number, min(timestamp) at from phoenix.mt_events
                where stream_id = $1 and type in ('window_measured', 'window_voided') and timestamp <= $3 group by 1)
            , missed as (
                select data->>'hostId' host_id, count(*) windows from phoenix.mt_events
                where stream_id = $1 and type = 'window_voided' and data->>'reason' = 'not-reported' and data->>'hostId' = any($2) and timestamp <= $3 group by 1)
            , reports as (
                select distinct on (r.host_id, r.number) r.host_id, r.number, r.reported_at, r.report, r.report->>'voidReason' void, r.reported_at > c.at late
                from {WindowStore.TableName} r left join closed c on c.number = r.number where r.experiment_id = $1 and r.host_id = any($2)
                    -- A report of a window that had been closed is in, though the clock of the database may be ahead of that of the node by which the window was closed.
                    and (r.reported_at <= $3 or r.reported_at <= c.at + interval '2 seconds') order by r.host_id, r.number, r.reported_at)
            , reasons as (
                select host_id, jsonb_object_agg(void, windows)::text void from (select host_id, void, count(*) windows from reports where void is not null group by 1, 2) v group by 1)
            , sums as (
                select host_id, count(*) filter (where void is null) windows, count(*) filter (where late) late, max(number) last, max(reported_at) at,
                    sum((report->'baseline'->'output'->'counts'->>'seriesActive')::float8) filter (where void is null) baseline,
                    sum((report->'candidate'->'output'->'counts'->>'seriesActive')::float8) filter (where void is null) candidate,
                    sum((report->'candidate'->'cost'->>'cpuMs')::float8) filter (where void is null) cpu,
                    sum(extract(epoch from (report->>'endedAt')::timestamptz - (report->>'startedAt')::timestamptz)) filter (where void is null) seconds,
                    avg((report->'candidate'->'cost'->>'residentBytes')::float8) filter (where void is null) resident,
                    (array_agg(coalesce((report->>'clockSkewSeconds')::float8, 0) order by number desc))[1] skew
                from reports group by 1)
            select h, coalesce(s.windows, 0), r.void, coalesce(s.late, 0), coalesce(m.windows, 0), s.last, s.at, s.baseline, s.candidate, s.cpu, s.seconds::float8, s.resident, s.skew
            from unnest($2) h left join sums s on s.host_id = h left join reasons r on r.host_id = h left join missed m on m.host_id = h order by h collate "C"
            """);
        command.Parameters.Add(new() { Value = x.Id });
        command.Parameters.Add(new() { Value = hosts });
        command.Parameters.Add(new() { Value = until.ToUniversalTime() });
        var failed = x.FailedHosts.ToLookup(f => f.HostId, f => f.Error);
        List<ExperimentHostView> found = [];
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var (host, windows) = (reader.GetString(0), reader.GetInt64(1));
            var error = failed[host].LastOrDefault();
            var (baseline, candidate, seconds) = (Number(7), Number(8), Number(10));
            found.Add(new(host,
                x.LeftOut.Contains(host) ? "leftOut" : x.Waiting.Contains(host) ? "waiting" : error is not null ? "failed" : "takesPart", windows,
                reader.IsDBNull(2) ? new Dictionary<string, long>() : System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, long>>(reader.GetString(2))!,
                reader.GetInt64(3), reader.GetInt64(4), reader.IsDBNull(5) ? null : reader.GetInt32(5), reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6),
                windows == 0 ? null : baseline / windows, windows == 0 ? null : candidate / windows, baseline > 0 ? 100 * (1 - candidate / baseline) : null,
                seconds > 0 ? Number(9) / seconds / 10 : null, Number(11), Number(12), error));
        }
        return found;

        double? Number(int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
    }
}
