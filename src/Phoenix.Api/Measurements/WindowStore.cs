using System.Text.Json;
using Marten;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Contracts;

namespace Phoenix.Api.Measurements;

/// <summary>
/// Raw windows as hosts report them: rows, not events. What a decision rests on becomes a <c>WindowMeasured</c> event.
/// </summary>
public static class WindowStore
{
    public const string TableName = "phoenix.measurement_window";

    /// <summary>Queues the rows in the session's transaction. Idempotent by (experiment, host, number): the first report of a window stays.</summary>
    public static void Add(IDocumentSession session, Guid experimentId, string hostId, IReadOnlyList<WindowReport> windows) =>
        session.QueueSqlCommand(
            $"insert into {TableName}(experiment_id, host_id, number, reported_at, report) select ?, ?, n, now(), d::jsonb from unnest(?, ?) as w(n, d) " +
            "on conflict (experiment_id, host_id, number) do nothing",
            experimentId, hostId, windows.Select(w => w.Number).ToArray(),
            windows.Select(w => JsonSerializer.Serialize(w, WireJson.Default.WindowReport)).ToArray());

    /// <summary>What each host reported for a window.</summary>
    public static async Task<IReadOnlyDictionary<string, WindowReport>> Read(NpgsqlDataSource database, Guid experimentId, int number, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select host_id, report from {TableName} where experiment_id = $1 and number = $2");
        command.Parameters.Add(new() { Value = experimentId, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = number });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, WindowReport> found = [];
        while (await reader.ReadAsync(cancellation))
            found[reader.GetString(0)] = JsonSerializer.Deserialize(reader.GetString(1), WireJson.Default.WindowReport)!;
        return found;
    }
}
