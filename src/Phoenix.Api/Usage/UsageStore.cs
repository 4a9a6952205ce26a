using System.Globalization;
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

    /// <summary>How far reports of each day are in its events; nodes share it, and a restart asks for no day again.</summary>
    internal const string MarkName = "phoenix.usage_day_added";

    /// <summary>Of a day of ten thousand hosts, three million rows, on a slow disk.</summary>
    const int SlowSeconds = 300;

    /// <summary>A report is dated when its transaction begins, and seen when it ends: what came this long before a day was added up is looked at again.</summary>
    static readonly TimeSpan Unseen = TimeSpan.FromMinutes(10);

    /// <summary>The two last days before <paramref name="today"/>, and those of the days that are kept of which reports came after they were added up.</summary>
    /// <remarks>Day by day, each in its own partition: all of them in one question are a scan of everything that is kept.</remarks>
    public static async Task<IReadOnlyList<DateOnly>> DaysToAdd(NpgsqlDataSource database, DateOnly today, int retentionDays, CancellationToken cancellation)
    {
        var marks = await Marks(database, cancellation);
        List<DateOnly> days = [];
        // A day that is about to go is not touched: what is left of it would be taken for all of it.
        for (var day = today.AddDays(1 - retentionDays); day < today; day = day.AddDays(1))
            if (await Came(database, day, day >= today.AddDays(-2) ? DateTime.MinValue : marks.GetValueOrDefault(day), cancellation)) days.Add(day);
        return days;
    }

    /// <summary>When the database will have shown everything that came until <see cref="Unseen"/> before: asked before a day is added up, and written down after.</summary>
    public static async Task<DateTime> SeenUntil(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select now()");
        return (DateTime)(await command.ExecuteScalarAsync(cancellation))! - Unseen;
    }

    /// <summary>The day is added up with all that came until then; days whose reports are gone are forgotten.</summary>
    public static async Task Added(NpgsqlDataSource database, DateOnly day, DateTime until, int retentionDays, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"with gone as (delete from {MarkName} where day < $3) insert into {MarkName}(day, reported_until) values ($1, $2) on conflict (day) do update set reported_until = greatest({MarkName["phoenix.".Length..]}.reported_until, excluded.reported_until)");
        command.Parameters.Add(new() { Value = day });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = day.AddDays(-retentionDays - 2) });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    static async Task<Dictionary<DateOnly, DateTime>> Marks(NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select day, reported_until from {MarkName}");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<DateOnly, DateTime> marks = [];
        while (await reader.ReadAsync(cancellation)) marks.Add(reader.GetFieldValue<DateOnly>(0), reader.GetDateTime(1));
        return marks;
    }

    static async Task<bool> Came(NpgsqlDataSource database, DateOnly day, DateTime since, CancellationToken cancellation)
    {
        // As literals, so that the day's partition alone is planned and locked.
        await using var command = database.CreateCommand(
            $"select exists(select from {TableName} where started_on = '{day:yyyy-MM-dd}' and reported_at >= '{since.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00')");
        command.CommandTimeout = SlowSeconds;
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>
    /// A day by host and configuration. Sums are exact, so that the same reports give the same event. Of windows that two periods of a collector's epoch have, as
    /// where an agent lost what it had told, the earlier period's count; of the later one, which cannot be divided by window, the share that is its own.
    /// </summary>
    public static async Task<IReadOnlyList<(string HostId, string Hash, double Seconds, long Missed, UsageTotals Input, UsageTotals Output, long WireBytes)>> Day(
        NpgsqlDataSource database, DateOnly day, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select host_id, configuration_hash, sum((period->>'seconds')::numeric * own)::float8, {Whole("period->>'missedWindows'")}, {Totals("input")}, {Totals("output")}, {Whole("period->>'wireBytes'")}
            from (
              select host_id, configuration_hash, period,
                     case when told is null or told < first_window then 1 else greatest(0, last_window - told)::numeric / (last_window - first_window + 1) end as own
              from (
                select host_id, configuration_hash, period, first_window, last_window, max(last_window) over (
                         partition by host_id, collector, epoch order by first_window rows between unbounded preceding and 1 preceding) as told
                from {TableName} where started_on = '{day:yyyy-MM-dd}') one_by_one) shares
            group by host_id, configuration_hash order by host_id, configuration_hash
            """);
        command.CommandTimeout = SlowSeconds;
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<(string, string, double, long, UsageTotals, UsageTotals, long)> found = [];
        while (await r.ReadAsync(cancellation))
            found.Add((r.GetString(0), r.GetString(1), r.GetDouble(2), r.GetInt64(3), new(r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetDouble(7)),
                new(r.GetInt64(8), r.GetInt64(9), r.GetInt64(10), r.GetDouble(11)), r.GetInt64(12)));
        return found;
    }

    static string Totals(string side) =>
        $"{Whole($"period->'{side}'->>'points'")}, {Whole($"period->'{side}'->>'samples'")}, {Whole($"period->'{side}'->>'bytes'")}, sum((period->'{side}'->>'seriesSeconds')::numeric * own)::float8";

    /// <summary>Added up as numbers of any size; one that is too large for an event is an error, and no other number.</summary>
    static string Whole(string count) => $"round(sum(({count})::numeric * own))::bigint";
}

/// <summary>The table of usage, by the day on which a period began (UTC). <c>PHOENIX_USAGE_RETENTION_DAYS</c>, 35 days where it is not set; events stay.</summary>
public sealed class UsagePartitions(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, ILogger<UsagePartitions> log)
    : DayPartitions(database, UsageStore.TableName, "started_on", Table, Retention(configuration), "Reported usage", clock, log)
{
    public const string RetentionVariable = "PHOENIX_USAGE_RETENTION_DAYS";

    /// <summary>Three days at least: the last two are added up anew every hour, and a day is over two hours late.</summary>
    public static int Retention(IConfiguration configuration) => Retention(configuration, RetentionVariable, 35, least: 3);

    const string Table =
        $"""
        create table if not exists {UsageStore.TableName} (
          started_on date not null, host_id text not null, collector text not null, epoch text not null, first_window bigint not null, last_window bigint not null,
          configuration_hash text not null, reported_at timestamptz not null, period jsonb not null,
          primary key (host_id, collector, epoch, first_window, started_on)) partition by range (started_on);
        create index if not exists ix_usage_report_reported_at on {UsageStore.TableName} using brin (reported_at);
        create table if not exists {UsageStore.MarkName} (day date primary key, reported_until timestamptz not null);
        create table if not exists {UsageStore.TableName}_default partition of {UsageStore.TableName} default;
        """;
}
