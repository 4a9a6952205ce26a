using System.Globalization;
using Npgsql;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// A table of raw reports: a partition for each day, made a week ahead; days past their retention are dropped whole, which neither leaves
/// dead rows behind nor takes longer with more of them.
/// </summary>
/// <remarks>Every node does this at its start and every hour; they take turns by a lock.</remarks>
/// <param name="table">Its name with the schema.</param>
/// <param name="day">The column that it is partitioned by.</param>
/// <param name="create">Makes the table and its default partition where they are missing.</param>
/// <param name="what">What it holds, for the log.</param>
public abstract class DayPartitions(
    NpgsqlDataSource database, string table, string day, string create, int retentionDays, string what, TimeProvider clock, ILogger log) : BackgroundService
{
    const int DaysAhead = 7;

    /// <summary>What was reported on a day that nobody had made a partition for. It is moved when the day's partition is made.</summary>
    readonly string _default = table + "_default";

    static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <exception cref="FormatException">Names the setting and what it may be.</exception>
    protected static int Retention(IConfiguration configuration, string variable, int days, int least = 1) => configuration[variable] switch
    {
        null or "" => days,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var set) && set >= least && set <= 3_650 => set,
        var text => throw new FormatException($"{variable} is '{text}'. Use a whole number of days between {least} and 3650, or leave it out for {days}."),
    };

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The table there must be; a partition that is not to be had now (a dump holds its locks) is made in an hour, and until then its rows go to the default one.
        await InTurn(connection => Execute(connection, create, cancellationToken), cancellationToken);
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
            log.LogError(e, "The partitions of {What} could not be kept up; the next attempt is in {Minutes} minutes", what, Every.TotalMinutes);
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
        var last = today.AddDays(-retentionDays);
        for (var next = today.AddDays(-1); next <= today.AddDays(DaysAhead); next = next.AddDays(1))
        {
            var wanted = next;
            if (!days.Contains(wanted)) await InTurn(async connection =>
            {
                // Another node may have been faster.
                if (!(await Days(connection, cancellation)).Days.Contains(wanted)) await Execute(connection, Partition(wanted), cancellation);
            }, cancellation);
        }
        foreach (var old in days.Where(d => d < last))
        {
            await InTurn(connection => Execute(connection, $"drop table if exists {NameOf(old)}", cancellation), cancellation);
            log.LogInformation("{What} of {Day} are past their retention of {Days} days and were dropped", what, old, retentionDays);
        }
        await InTurn(connection => Execute(connection, $"delete from {_default} where {day} < date '{last:yyyy-MM-dd}'", cancellation), cancellation);
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

    string NameOf(DateOnly of) => $"{table}_{of:yyyyMMdd}";

    string Partition(DateOnly of) =>
        $"""
        create table {NameOf(of)} (like {table} including all);
        with moved as (delete from {_default} where {day} = date '{of:yyyy-MM-dd}' returning *) insert into {NameOf(of)} select * from moved;
        alter table {table} attach partition {NameOf(of)} for values from ('{of:yyyy-MM-dd}') to ('{of.AddDays(1):yyyy-MM-dd}');
        """;

    async Task<(DateOnly Today, IReadOnlySet<DateOnly> Days)> Days(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"select current_date, c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = '{table}'::regclass", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var today = default(DateOnly);
        HashSet<DateOnly> days = [];
        while (await reader.ReadAsync(cancellation))
        {
            today = reader.GetFieldValue<DateOnly>(0);
            if (DateOnly.TryParseExact(reader.GetString(1).Split('_')[^1], "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var found)) days.Add(found);
        }
        return (today, days);
    }

    static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
