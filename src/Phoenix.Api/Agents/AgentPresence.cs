using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using Phoenix.Contracts;

namespace Phoenix.Api.Agents;

/// <summary>
/// What a host reports every few seconds: one upserted row, never an event. Also fences: the newest process of a host is
/// the one whose boot id appeared last; a process whose boot id was superseded stays out.
/// </summary>
public sealed class AgentPresence(NpgsqlDataSource database)
{
    public const string TableName = "phoenix.agent_presence";

    const string See =
        $"""
        insert into {TableName} as p (host_id, boot_id, superseded, last_seen_at) values ($1, $2, array[]::uuid[], now())
        on conflict (host_id) do update set
            superseded = case when p.boot_id is null or p.boot_id = $2 or $2 = any(p.superseded) then p.superseded
                              else (array[p.boot_id] || p.superseded)[1:16] end,
            boot_id = case when $2 = any(p.superseded) then p.boot_id else $2 end,
            last_seen_at = now()
        returning boot_id
        """;

    readonly ConcurrentDictionary<string, (Guid Boot, long At)> _current = new();
    static readonly TimeSpan TrustFor = TimeSpan.FromSeconds(5);

    /// <summary>Notes the contact. False where the process was superseded by a newer one.</summary>
    public async Task<bool> Seen(string hostId, Guid bootId, CancellationToken cancellation)
    {
        // Polls follow each other at once when tasks arrive: the row need not be written for each of them.
        if (_current.TryGetValue(hostId, out var known) && known.Boot == bootId && TimeProvider.System.GetElapsedTime(known.At) < TrustFor) return true;
        await using var command = database.CreateCommand(See);
        command.Parameters.Add(new() { Value = hostId });
        command.Parameters.Add(new() { Value = bootId });
        var current = (Guid)(await command.ExecuteScalarAsync(cancellation))!;
        _current[hostId] = (current, TimeProvider.System.GetTimestamp());
        return current == bootId;
    }

    public async Task Report(string hostId, Heartbeat heartbeat, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            insert into {TableName}(host_id, superseded, last_seen_at, heartbeat) values ($1, array[]::uuid[], now(), $2)
            on conflict (host_id) do update set last_seen_at = now(), heartbeat = excluded.heartbeat
            """);
        command.Parameters.Add(new() { Value = hostId });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(heartbeat, WireJson.Default.Heartbeat), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public async Task<IReadOnlyDictionary<string, (DateTimeOffset LastSeenAt, Heartbeat? Heartbeat)>> Read(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select host_id, last_seen_at, heartbeat from {TableName}");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, (DateTimeOffset, Heartbeat?)> found = [];
        while (await reader.ReadAsync(cancellation))
            found[reader.GetString(0)] = (await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellation),
                await reader.IsDBNullAsync(2, cancellation) ? null : JsonSerializer.Deserialize(reader.GetString(2), WireJson.Default.Heartbeat));
        return found;
    }
}
