using System.Globalization;
using Npgsql;

namespace Phoenix.Api.Measurements;

/// <summary>
/// The table of raw windows: a partition for each day, made a week ahead; days past their retention are dropped whole, which neither leaves
/// dead rows behind nor takes longer with more of them. <c>PHOENIX_WINDOW_RETENTION_DAYS</c>, 30 days where it is not set.
/// </summary>
/// <remarks>Every node does this at its start and every hour; they take turns by a lock.</remarks>
public sealed class WindowPartitions(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, ILogger<WindowPartitions> log) : BackgroundService
{
    public const string RetentionVariable = "PHOENIX_WINDOW_RETENTION_DAYS";

    const int DaysAhead = 7;

    /// <summary>What was reported on a day that nobody had made a partition for. It is moved when the day's partition is made.</summary>
    const string Default = WindowStore.TableName + "_default";

    static readonly TimeSpan Every = TimeSpan.FromHours(1);

    readonly int _retentionDays = Retention(configuration);

    /// <exception cref="FormatException">Names the setting and what it may be.</exception>
    public static int Retention(IConfiguration configuration) => configuration[RetentionVariable] switch
    {
        null or "" => 30,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is >= 1 and <= 3_650 => days,
        var text => throw new FormatException($"{RetentionVariable} is '{text}'. Use a whole number of days between 1 and 3650, or leave it out for 30."),
    };

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The table there must be; a partition that is not to be had now (a dump holds its locks) is made in an hour, and until then its rows go to the default one.
        await InTurn(connection => Execute(connection, Table + TakeOver, cancellationToken), cancellationToken);
        await KeepOrLog(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await KeepOrLog(stoppingToken);
    }

    async Task KeepOrLog(CancellationToken cancellation)
    {
        try
        {
            await Keep(cancellation);
        }
        catch (NpgsqlException e)
        {
            log.LogError(e, "The partitions of reported windows could not be kept up; the next attempt is in {Minutes} minutes", Every.TotalMinutes);
        }
    }

    /// <summary>
    /// Makes the partitions that are missing and drops those whose time is over, by the day of the database's clock (UTC). Each in a transaction of its own:
    /// making one locks the default partition and dropping one the table, which together could wait for a report that has the one and wants the other.
    /// </summary>
    public async Task Keep(CancellationToken cancellation)
    {
        var (today, days) = (default(DateOnly), (IReadOnlySet<DateOnly>)new HashSet<DateOnly>());
        await InTurn(async connection => (today, days) = await Days(connection, cancellation), cancellation);
        var last = today.AddDays(-_retentionDays);
        for (var day = today.AddDays(-1); day <= today.AddDays(DaysAhead); day = day.AddDays(1))
            if (!days.Contains(day)) await InTurn(async connection =>
            {
                // Another node may have been faster.
                if (!(await Days(connection, cancellation)).Days.Contains(day)) await Execute(connection, Partition(day), cancellation);
            }, cancellation);
        foreach (var day in days.Where(d => d < last))
        {
            await InTurn(connection => Execute(connection, $"drop table if exists {NameOf(day)}", cancellation), cancellation);
            log.LogInformation("Windows reported on {Day} are past their retention of {Days} days and were dropped", day, _retentionDays);
        }
        await InTurn(connection => Execute(connection, $"delete from {Default} where reported_on < date '{last:yyyy-MM-dd}'", cancellation), cancellation);
    }

    /// <summary>Nodes take turns by a lock, and nobody waits for long for those of others.</summary>
    async Task InTurn(Func<NpgsqlConnection, Task> work, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await Execute(connection, "set local timezone = 'UTC'; select pg_advisory_xact_lock(hashtext('phoenix.window_partitions')); set local lock_timeout = '10s'", cancellation);
        await work(connection);
        await transaction.CommitAsync(cancellation);
    }

    const string Table =
        $"""
        create table if not exists {WindowStore.TableName} (
          reported_on date not null, experiment_id uuid not null, number integer not null, host_id text not null, reported_at timestamptz not null, report jsonb not null,
          primary key (experiment_id, number, host_id, reported_on)) partition by range (reported_on);
        create table if not exists {Default} partition of {WindowStore.TableName} default;
        """;

    /// <summary>What an earlier version kept in one table without partitions goes on from where it was.</summary>
    const string TakeOver =
        $"""

        do $$ begin
          if to_regclass('phoenix.measurement_window') is not null then
            insert into {WindowStore.TableName}(reported_on, experiment_id, host_id, number, reported_at, report) select (reported_at at time zone 'UTC')::date, experiment_id, host_id, number, reported_at, report from phoenix.measurement_window on conflict do nothing;
            drop table phoenix.measurement_window;
          end if;
        end $$;
        """;

    static string NameOf(DateOnly day) => $"{WindowStore.TableName}_{day:yyyyMMdd}";

    static string Partition(DateOnly day) =>
        $"""
        create table {NameOf(day)} (like {WindowStore.TableName} including all);
        with moved as (delete from {Default} where reported_on = date '{day:yyyy-MM-dd}' returning *) insert into {NameOf(day)} select * from moved;
        alter table {WindowStore.TableName} attach partition {NameOf(day)} for values from ('{day:yyyy-MM-dd}') to ('{day.AddDays(1):yyyy-MM-dd}');
        """;

    static async Task<(DateOnly Today, IReadOnlySet<DateOnly> Days)> Days(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"select current_date, c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '{WindowStore.TableName}'::regclass", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var today = default(DateOnly);
        HashSet<DateOnly> days = [];
        while (await reader.ReadAsync(cancellation))
        {
            today = reader.GetFieldValue<DateOnly>(0);
            if (DateOnly.TryParseExact(reader.GetString(1).Split('_')[^1], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)) days.Add(day);
        }
        return (today, days);
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
