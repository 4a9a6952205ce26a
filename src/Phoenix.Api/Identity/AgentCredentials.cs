using System.Collections.Concurrent;
using Npgsql;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Identity;

/// <summary>
/// What hosts prove themselves with, kept in memory for a while. Thousands of agents that come back together are looked up together.
/// </summary>
public sealed class AgentCredentials : IAsyncDisposable
{
    /// <summary>Rows <c>(host_id, hash)</c> of every <see cref="AgentCredential"/>.</summary>
    public const string Rows = "select id as host_id, data->>'hash' as hash from phoenix.mt_doc_agentcredential";

    const int Most = 1000, MostKept = 100_000;
    static readonly TimeSpan CacheFor = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, (string Hash, long ReadAt)> _cache = new();
    readonly NpgsqlDataSource _database;
    readonly Batcher<string, string?> _lookups;

    public AgentCredentials(NpgsqlDataSource database)
    {
        _database = database;
        _lookups = new(Read, Most);
    }

    /// <summary>The hash of the host's credential, at most a minute old; null where the host has none.</summary>
    public async Task<(string Hash, TimeSpan Age)?> Of(string hostId, CancellationToken cancellation)
    {
        if (_cache.TryGetValue(hostId, out var cached) && TimeProvider.System.GetElapsedTime(cached.ReadAt) is var age && age < CacheFor) return (cached.Hash, age);
        return await Fresh(hostId, cancellation) is { } hash ? (hash, TimeSpan.Zero) : null;
    }

    /// <summary>As it is in the database now.</summary>
    public async Task<string?> Fresh(string hostId, CancellationToken cancellation)
    {
        var hash = await _lookups.Add(hostId, cancellation);
        if (_cache.Count > MostKept) _cache.Clear();
        if (hash is null) _cache.TryRemove(hostId, out _);
        else _cache[hostId] = (hash, TimeProvider.System.GetTimestamp());
        return hash;
    }

    public void Forget(string hostId) => _cache.TryRemove(hostId, out _);

    public ValueTask DisposeAsync() => _lookups.DisposeAsync();

    async Task<IReadOnlyList<string?>> Read(IReadOnlyList<string> hosts, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand($"select host_id, hash from ({Rows}) c where host_id = any($1)");
        command.Parameters.Add(new() { Value = hosts.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, string> found = [];
        while (await reader.ReadAsync(cancellation)) found[reader.GetString(0)] = reader.GetString(1);
        return [.. hosts.Select(h => found.GetValueOrDefault(h))];
    }
}
