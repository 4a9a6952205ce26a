using System.Text.Json;
using Marten;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Contracts;
using Phoenix.Domain.Statistics;

namespace Phoenix.Api.Measurements;

/// <summary>
/// Raw windows as hosts report them: rows, not events. What a decision rests on becomes a <c>WindowMeasured</c> event; the rows are kept in a
/// partition a day and go with it (<see cref="WindowPartitions"/>).
/// </summary>
public static class WindowStore
{
    public const string TableName = "phoenix.window_report";

    /// <summary>Queues the rows in the session's transaction. Idempotent by (experiment, host, number): the first report of a window stays.</summary>
    /// <remarks>A partition knows its own day alone, so that a report repeated on a later day is looked for in those before too.</remarks>
    public static void Add(IDocumentSession session, Guid experimentId, string hostId, IReadOnlyList<WindowReport> windows) =>
        session.QueueSqlCommand(
            $"insert into {TableName}(reported_on, experiment_id, host_id, number, reported_at, report) select (now() at time zone 'UTC')::date, s.experiment, s.host, w.n, now(), w.d::jsonb " +
            "from unnest(?, ?) as w(n, d), (select ?::uuid as experiment, ?::text as host) s " +
            $"where not exists (select from {TableName} b where b.reported_on < (now() at time zone 'UTC')::date and b.experiment_id = s.experiment and b.number = w.n and b.host_id = s.host) " +
            "on conflict do nothing",
            windows.Select(w => w.Number).ToArray(), windows.Select(w => JsonSerializer.Serialize(w, WireJson.Default.WindowReport)).ToArray(),
            experimentId, hostId);

    /// <summary>How many hosts have reported a window.</summary>
    public static async Task<long> Count(NpgsqlDataSource database, Guid experimentId, int number, CancellationToken cancellation)
    {
        // A report repeated past midnight may be there twice for a moment.
        await using var command = database.CreateCommand($"select count(distinct host_id) from {TableName} where experiment_id = $1 and number = $2");
        command.Parameters.Add(new() { Value = experimentId });
        command.Parameters.Add(new() { Value = number });
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>What each host reported for a window.</summary>
    public static async Task<IReadOnlyDictionary<string, WindowReport>> Read(NpgsqlDataSource database, Guid experimentId, int number, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select host_id, report from {TableName} where experiment_id = $1 and number = $2 order by reported_at");
        command.Parameters.Add(new() { Value = experimentId, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = number });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, WindowReport> found = [];
        while (await reader.ReadAsync(cancellation))
            found.TryAdd(reader.GetString(0), JsonSerializer.Deserialize(reader.GetString(1), WireJson.Default.WindowReport)!);
        return found;
    }

    /// <summary>Windows of an experiment's end that say what a promotion should bring.</summary>
    const int Newest = 20;

    /// <summary>
    /// Of the live series that came in, so many per cent left the candidate in the newest windows; null where none is there any more. In and out of one
    /// arm, since after a promotion there is only one.
    /// </summary>
    /// <param name="hosts">Of these alone: hosts differ, and those of a first wave are few. Null for all.</param>
    public static async Task<double?> KeptPct(NpgsqlDataSource database, Guid experimentId, IReadOnlyCollection<string>? hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select sum((report->'candidate'->'output'->'counts'->>'seriesActive')::double precision), sum((report->'candidate'->'input'->'counts'->>'seriesActive')::double precision)
            from {TableName} where experiment_id = $1 and report->>'voidReason' is null and ($3::text[] is null or host_id = any($3))
                and number > (select max(number) - $2 from {TableName} where experiment_id = $1 and report->>'voidReason' is null)
            """);
        command.Parameters.Add(new() { Value = experimentId });
        command.Parameters.Add(new() { Value = Newest });
        command.Parameters.Add(new() { Value = (object?)hosts?.ToArray() ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return await reader.IsDBNullAsync(1, cancellation) || reader.GetDouble(1) <= 0 ? null : 100 * reader.GetDouble(0) / reader.GetDouble(1);
    }

    /// <summary>What each host's arms add up to over the windows that count as evidence: live series, summed over windows; what came after a window was closed is left out, but for how far clocks may differ. The weights of a draw are not known here.</summary>
    public static async Task<IReadOnlyList<HostOutcome>> Outcomes(NpgsqlDataSource database, Guid experimentId, int afterWindow, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select host_id, sum((report->'baseline'->'output'->'counts'->>'seriesActive')::double precision), sum((report->'candidate'->'output'->'counts'->>'seriesActive')::double precision)
            from (select distinct on (r.host_id, r.number) r.host_id, r.report from {TableName} r
                  join (select (data->>'number')::int number, min(timestamp) at from phoenix.mt_events where stream_id = $1 and type = 'window_measured' group by 1) c on c.number = r.number
                  where r.experiment_id = $1 and r.number > $2 and r.reported_at <= c.at + interval '10 seconds' order by r.host_id, r.number, r.reported_at) r
            where report->>'voidReason' is null group by host_id order by host_id
            """);
        command.Parameters.Add(new() { Value = experimentId });
        command.Parameters.Add(new() { Value = afterWindow });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<HostOutcome> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(new(reader.GetString(0), 0, reader.GetDouble(1), reader.GetDouble(2)));
        return found;
    }
}
