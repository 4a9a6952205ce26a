using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Explorations;
using Phoenix.Projections;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Explorations;

/// <summary>How far the exploration of one host is.</summary>
public enum ExploredHostState
{
    /// <summary>Its task waits, or is at work.</summary>
    Running,
    Done,
    Failed,
    Cancelled,

    /// <summary>It was done; what was found is kept no more.</summary>
    Expired,
}

/// <summary>What explorations found: rows for days, and no events, since values of labels are in them.</summary>
public static class ExplorationStore
{
    public const string TableName = "phoenix.exploration_report";

    /// <summary>Queues the row in the transaction that takes the task's success.</summary>
    public static void Add(IDocumentSession session, Guid taskId, string hostId, ExplorationReport report) =>
        session.QueueSqlCommand(
            $"insert into {TableName}(found_on, task_id, host_id, report) select (now() at time zone 'UTC')::date, ?, ?, ?::jsonb on conflict do nothing",
            taskId, hostId, JsonSerializer.Serialize(report, WireJson.Default.ExplorationReport));

    /// <summary>What hosts have found, by task.</summary>
    public static async Task<IReadOnlyDictionary<Guid, ExplorationReport>> Reports(NpgsqlDataSource database, Guid[] tasks, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select task_id, report from {TableName} where task_id = any($1)");
        command.Parameters.Add(new() { Value = tasks });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<Guid, ExplorationReport> found = [];
        while (await reader.ReadAsync(cancellation)) found[reader.GetGuid(0)] = JsonSerializer.Deserialize(reader.GetString(1), WireJson.Default.ExplorationReport)!;
        return found;
    }

    /// <summary>How far each of the tasks is, and the error of the last attempt.</summary>
    public static async Task<IReadOnlyDictionary<Guid, (ExploredHostState State, string? Error)>> States(NpgsqlDataSource database, Guid[] tasks, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select t.id, q.status, q.last_error, e.type, r.task_id is not null from unnest($1) t(id)
            left join {TaskQueueProjection.TableName} q on q.id = t.id
            left join lateral (select type from phoenix.mt_events where stream_id = t.id and type in ('task_succeeded', 'task_cancelled') limit 1) e on true
            left join {TableName} r on r.task_id = t.id
            """);
        command.Parameters.Add(new() { Value = tasks });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<Guid, (ExploredHostState, string?)> states = [];
        while (await reader.ReadAsync(cancellation))
        {
            var error = await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetString(2);
            var state = (await reader.IsDBNullAsync(1, cancellation) ? (short?)null : reader.GetInt16(1), await reader.IsDBNullAsync(3, cancellation) ? null : reader.GetString(3)) switch
            {
                (2, _) => ExploredHostState.Failed,
                (not null, _) => ExploredHostState.Running,
                (null, "task_cancelled") => ExploredHostState.Cancelled,
                (null, "task_succeeded") => reader.GetBoolean(4) ? ExploredHostState.Done : ExploredHostState.Expired,
                _ => ExploredHostState.Running,
            };
            states[reader.GetGuid(0)] = (state, error);
        }
        return states;
    }

    /// <summary>The latest explorations, the newest first, and the event's number to go on from.</summary>
    /// <param name="before">Those before this event's number.</param>
    public static async Task<IReadOnlyList<(long Sequence, Exploration Exploration)>> Latest(NpgsqlDataSource database, long? before, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            "select seq_id, stream_id, timestamp, user_name, data from phoenix.mt_events where type = 'exploration_requested' and ($1::bigint is null or seq_id < $1) order by seq_id desc limit $2");
        command.Parameters.Add(new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = limit });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(long, Exploration)> found = [];
        while (await reader.ReadAsync(cancellation))
        {
            var asked = JsonSerializer.Deserialize<ExplorationRequested>(reader.GetString(4), EventStoreOptions.Json)!;
            found.Add((reader.GetInt64(0), new(reader.GetGuid(1), await reader.GetFieldValueAsync<DateTimeOffset>(2, cancellation),
                await reader.IsDBNullAsync(3, cancellation) ? null : reader.GetString(3), asked.Metric, asked.PriceEntry, asked.Hosts, asked.LeftOut)));
        }
        return found;
    }
}

/// <summary>The table of what explorations found, by day (UTC). <c>PHOENIX_EXPLORATION_RETENTION_DAYS</c>, 7 days where it is not set.</summary>
public sealed class ExplorationPartitions(NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, ILogger<ExplorationPartitions> log)
    : DayPartitions(database, ExplorationStore.TableName, "found_on", Table, Retention(configuration, RetentionVariable, 7), "Explored values", clock, log)
{
    public const string RetentionVariable = "PHOENIX_EXPLORATION_RETENTION_DAYS";

    const string Table =
        $"""
        create table if not exists {ExplorationStore.TableName} (
          found_on date not null, task_id uuid not null, host_id text not null, report jsonb not null, primary key (task_id, found_on)) partition by range (found_on);
        create table if not exists {ExplorationStore.TableName}_default partition of {ExplorationStore.TableName} default;
        """;
}
