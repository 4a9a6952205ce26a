using Npgsql;

namespace Phoenix.Api.Agents;

/// <summary>Which agents know a kind of task that older ones do not: one of those could read none of the tasks that came with it.</summary>
public static class AgentUnderstanding
{
    /// <summary>Those of the hosts whose last heartbeat says that their agent understands it.</summary>
    /// <param name="word">One of <see cref="Contracts.Understanding"/>.</param>
    public static async Task<IReadOnlySet<string>> Of(string word, IReadOnlyCollection<string> hosts, NpgsqlDataSource database, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select host_id from {AgentPresence.TableName} where host_id = any($1) and heartbeat->'understands' ? $2");
        command.Parameters.Add(new() { Value = hosts.ToArray() });
        command.Parameters.Add(new() { Value = word });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        HashSet<string> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(reader.GetString(0));
        return found;
    }
}
