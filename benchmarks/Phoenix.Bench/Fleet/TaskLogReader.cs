using System.Text.Json;
using Npgsql;
using Phoenix.Bench.TaskLog;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;

namespace Phoenix.Bench.Fleet;

/// <summary>Reads the events of all tasks as the database holds them, past Marten and every projection.</summary>
static class TaskLogReader
{
    static readonly IReadOnlyDictionary<string, Type> Types = EventStoreOptions.EventTypes["AgentTask"].ToDictionary(NameInLog);

    /// <summary>Needs a server with <c>track_commit_timestamp = on</c>; without it an event counts as visible from its own timestamp on.</summary>
    public static async Task<IReadOnlyList<LoggedEvent>> Read(NpgsqlDataSource database)
    {
        var tracked = await Setting(database, "track_commit_timestamp") == "on";
        await using var command = database.CreateCommand(
            $"select seq_id, stream_id, version, timestamp, {(tracked ? "coalesce(pg_xact_commit_timestamp(xmin), timestamp)" : "timestamp")}, type, data from {EventStoreOptions.Schema}.mt_events where type = any($1) order by seq_id");
        command.CommandTimeout = 300;
        command.Parameters.Add(new() { Value = Types.Keys.ToArray() });
        await using var reader = await command.ExecuteReaderAsync();
        List<LoggedEvent> log = [];
        while (await reader.ReadAsync())
            log.Add(new(reader.GetInt64(0), reader.GetGuid(1), reader.GetInt64(2),
                await reader.GetFieldValueAsync<DateTimeOffset>(3), await reader.GetFieldValueAsync<DateTimeOffset>(4),
                JsonSerializer.Deserialize(reader.GetString(6), Types[reader.GetString(5)], EventStoreOptions.Json)!));
        return log;
    }

    static async Task<string> Setting(NpgsqlDataSource database, string name)
    {
        await using var command = database.CreateCommand($"show {name}");
        return (string)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Marten writes <see cref="TaskQueued"/> as task_queued.</summary>
    static string NameInLog(Type type) => string.Concat(type.Name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : $"{c}"));
}
