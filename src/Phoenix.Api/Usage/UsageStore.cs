using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Usage;

namespace Phoenix.Api.Usage;

/// <summary>
/// What production collectors took in and sent, as hosts report it: rows, not events. What money rests on becomes a <c>UsageRecorded</c> event a day;
/// the rows lie in a partition a day and go with it.
/// </summary>
public static class UsageStore
{
    public const string TableName = "phoenix.usage_report";

    /// <summary>
    /// Queues the rows in the session's transaction. Of periods that begin with the same window the longer one holds the shorter, and stays, in whichever
    /// order and how often they come.
    /// </summary>
    public static void Add(IDocumentSession session, string hostId, IReadOnlyList<UsagePeriod> periods)
    {
        // One statement changes a row once. In one order, so that repeats that overtake each other do not wait in a circle.
        var rows = periods.GroupBy(p => (p.Collector, p.Epoch, p.FirstWindow)).Select(g => g.MaxBy(p => p.LastWindow)!)
            .OrderBy(p => p.Collector, StringComparer.Ordinal).ThenBy(p => p.Epoch, StringComparer.Ordinal).ThenBy(p => p.FirstWindow).ToList();
        session.QueueSqlCommand(
            $"insert into {TableName}(started_on, host_id, collector, epoch, first_window, last_window, configuration_hash, reported_at, period) " +
            "select p.day, s.host, p.collector, p.epoch, p.first, p.last, p.hash, now(), p.period::jsonb from unnest(?, ?, ?, ?, ?, ?, ?) as p(day, collector, epoch, first, last, hash, period), (select ?::text as host) s " +
            "on conflict (host_id, collector, epoch, first_window, started_on) do update set last_window = excluded.last_window, configuration_hash = excluded.configuration_hash, " +
            $"reported_at = excluded.reported_at, period = excluded.period where excluded.last_window > {TableName["phoenix.".Length..]}.last_window",
            rows.Select(p => DateOnly.FromDateTime(p.StartedAt.UtcDateTime)).ToArray(), rows.Select(p => p.Collector).ToArray(), rows.Select(p => p.Epoch).ToArray(),
            rows.Select(p => p.FirstWindow).ToArray(), rows.Select(p => p.LastWindow).ToArray(), rows.Select(p => p.ConfigurationHash).ToArray(),
            rows.Select(p => JsonSerializer.Serialize(p, WireJson.Default.UsagePeriod)).ToArray(), hostId);
    }

    /// <summary>Days before <paramref name="today"/> of which a report came since then, and in any case the last two.</summary>
    public static async Task<IReadOnlyList<DateOnly>> DaysReported(NpgsqlDataSource database, DateTimeOffset since, DateOnly today, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select distinct started_on from {TableName} where started_on < $2 and (reported_at >= $1 or started_on >= $2 - 2) order by 1");
        command.Parameters.Add(new() { Value = since.UtcDateTime });
        command.Parameters.Add(new() { Value = today });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<DateOnly> days = [];
        while (await reader.ReadAsync(cancellation)) days.Add(reader.GetFieldValue<DateOnly>(0));
        return days;
    }

    /// <summary>A day by host and configuration. Sums are exact, so that the same reports give the same event.</summary>
    public static async Task<IReadOnlyList<(string HostId, string Hash, double Seconds, long Missed, UsageTotals Input, UsageTotals Output, long WireBytes)>> Day(
        NpgsqlDataSource database, DateOnly day, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select host_id, configuration_hash, sum((period->>'seconds')::numeric)::float8, sum((period->>'missedWindows')::bigint)::bigint, {Totals("input")}, {Totals("output")},
                   sum((period->>'wireBytes')::bigint)::bigint
            from {TableName} where started_on = $1 group by host_id, configuration_hash order by host_id, configuration_hash
            """);
        command.Parameters.Add(new() { Value = day });
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<(string, string, double, long, UsageTotals, UsageTotals, long)> found = [];
        while (await r.ReadAsync(cancellation))
            found.Add((r.GetString(0), r.GetString(1), r.GetDouble(2), r.GetInt64(3), new(r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetDouble(7)),
                new(r.GetInt64(8), r.GetInt64(9), r.GetInt64(10), r.GetDouble(11)), r.GetInt64(12)));
        return found;
    }

    static string Totals(string side) =>
        $"sum((period->'{side}'->>'points')::bigint)::bigint, sum((period->'{side}'->>'samples')::bigint)::bigint, sum((period->'{side}'->>'bytes')::bigint)::bigint, " +
        $"sum((period->'{side}'->>'seriesSeconds')::numeric)::float8";
}

/// <summary>The table of usage, by the day on which a period began (UTC). <c>PHOENIX_USAGE_RETENTION_DAYS</c>, 35 days where it is not set; events stay.</summary>
public sealed class UsagePartitions(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, ILogger<UsagePartitions> log)
    : DayPartitions(database, UsageStore.TableName, "started_on", Table, Retention(configuration), "Reported usage", clock, log)
{
    public const string RetentionVariable = "PHOENIX_USAGE_RETENTION_DAYS";

    public static int Retention(IConfiguration configuration) => Retention(configuration, RetentionVariable, 35);

    const string Table =
        $"""
        create table if not exists {UsageStore.TableName} (
          started_on date not null, host_id text not null, collector text not null, epoch text not null, first_window bigint not null, last_window bigint not null,
          configuration_hash text not null, reported_at timestamptz not null, period jsonb not null,
          primary key (host_id, collector, epoch, first_window, started_on)) partition by range (started_on);
        create index if not exists ix_usage_report_reported_at on {UsageStore.TableName} using brin (reported_at);
        create table if not exists {UsageStore.TableName}_default partition of {UsageStore.TableName} default;
        """;
}
