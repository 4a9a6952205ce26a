using System.Text.Json;
using Npgsql;
using Phoenix.Contracts;
using Weasel.Postgresql.Tables;

namespace Phoenix.Api.HostLogs;

/// <summary>
/// Log lines of hosts, for a short while and outside of the events: what is in an event stays there, and a log may hold what nobody meant to keep.
/// One row for each task that asked for them.
/// </summary>
/// <remarks>What is past its time is not told, and every node deletes it within minutes.</remarks>
public sealed class HostLogStore(NpgsqlDataSource database, TimeProvider clock, ILogger<HostLogStore> log) : BackgroundService
{
    public const string TableName = "phoenix.host_log";

    /// <summary>From when the host has sent them.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

    /// <summary>The table, for the store's schema.</summary>
    public static Table Table
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn<Guid>("task_id").AsPrimaryKey();
            table.AddColumn("host_id", "text").NotNull();
            table.AddColumn("received_at", "timestamptz").NotNull();
            table.AddColumn("files", "text").NotNull();
            return table;
        }
    }

    /// <summary>Repeated by the host, as after a lost answer, the last report counts.</summary>
    public async Task Keep(Guid taskId, string hostId, IReadOnlyList<HostLogFile> files, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            insert into {TableName} (task_id, host_id, received_at, files) values ($1, $2, now(), $3)
            on conflict (task_id) do update set received_at = now(), files = excluded.files
            """);
        command.Parameters.Add(new() { Value = taskId });
        command.Parameters.Add(new() { Value = hostId });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(files, WireJson.Default.IReadOnlyListHostLogFile) });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>What the host has sent for the task; null where it has sent nothing yet, or where its time is over.</summary>
    public async Task<IReadOnlyList<HostLogFile>?> Read(Guid taskId, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select files from {TableName} where task_id = $1 and received_at > now() - $2");
        command.Parameters.Add(new() { Value = taskId });
        command.Parameters.Add(new() { Value = KeptFor });
        return await command.ExecuteScalarAsync(cancellation) is string files ? JsonSerializer.Deserialize(files, WireJson.Default.IReadOnlyListHostLogFile) : null;
    }

    /// <summary>Deletes what is past its time.</summary>
    public async Task Forget(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"delete from {TableName} where received_at <= now() - $1");
        command.Parameters.Add(new() { Value = KeptFor });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            try
            {
                await Forget(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                log.LogWarning("Log lines of hosts that are past their time could not be deleted; the next attempt is in {Minutes} minutes: {Error}", Every.TotalMinutes, e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
