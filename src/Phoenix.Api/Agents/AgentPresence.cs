using System.Collections.Concurrent;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Weasel.Postgresql.Tables;

namespace Phoenix.Api.Agents;

/// <summary>
/// What a host reports every few seconds: one upserted row, never an event; what many hosts say at the same time is one statement.
/// Also fences: the newest process of a host is the one whose boot id appeared last; a process whose boot id was superseded
/// stays out. All times are the database's.
/// </summary>
public sealed class AgentPresence : IAsyncDisposable
{
    public const string TableName = "phoenix.agent_presence";

    /// <summary>Hosts of one statement at most.</summary>
    const int Most = 1000;

    /// <summary>How long a process that was current is taken to be: one that is fenced, or whose credential is void, is out after that at the latest.</summary>
    public static readonly TimeSpan TrustFor = TimeSpan.FromSeconds(5);

    // Rows in the order of their keys: two nodes that write the same hosts then wait for each other instead of both for ever.
    const string See =
        $"""
        with seen as (
            insert into {TableName} as p (host_id, boot_id, superseded, last_seen_at)
            select host_id, boot_id, array[]::uuid[], now() from unnest($1, $2) t(host_id, boot_id) order by host_id
            on conflict (host_id) do update set
                superseded = case when p.boot_id is null or p.boot_id = excluded.boot_id or excluded.boot_id = any(p.superseded) then p.superseded
                                  else (array[p.boot_id] || p.superseded)[1:16] end,
                boot_id = case when excluded.boot_id = any(p.superseded) then p.boot_id else excluded.boot_id end,
                stopped = p.stopped and (p.boot_id = excluded.boot_id or excluded.boot_id = any(p.superseded)),
                last_seen_at = case when excluded.boot_id = any(p.superseded) then p.last_seen_at else greatest(p.last_seen_at, now()) end
            returning host_id, boot_id)
        select s.host_id, s.boot_id, c.hash from seen s left join ({AgentCredentials.Rows}) c using (host_id)
        """;

    /// <summary>A heartbeat of a process that was superseded meanwhile changes nothing, and its host is not among those returned.</summary>
    const string Beat =
        $"""
        insert into {TableName} as p (host_id, boot_id, superseded, last_seen_at, heartbeat_at, heartbeat, agent_version, running, healthy, unhealthy, cpu_seconds, stopped)
        select host_id, boot_id, array[]::uuid[], now(), now(), beat, version, running, healthy, unhealthy, cpu, stopped
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) t(host_id, boot_id, beat, version, running, healthy, unhealthy, cpu, stopped) order by host_id
        on conflict (host_id) do update set
            boot_id = excluded.boot_id, last_seen_at = greatest(p.last_seen_at, now()), heartbeat_at = now(), heartbeat = excluded.heartbeat,
            agent_version = excluded.agent_version, running = excluded.running, healthy = excluded.healthy, unhealthy = excluded.unhealthy,
            cpu_percent = case when excluded.cpu_seconds < p.cpu_seconds then null
                               when p.heartbeat_at > now() - interval '1 second' then p.cpu_percent
                               else 100 * (excluded.cpu_seconds - p.cpu_seconds) / extract(epoch from now() - p.heartbeat_at) end,
            cpu_seconds = excluded.cpu_seconds, stopped = excluded.stopped
        where p.boot_id is null or p.boot_id = excluded.boot_id
        returning host_id
        """;

    sealed record Contact(string HostId, Guid BootId);

    sealed record Report(string HostId, Guid BootId, Heartbeat Heartbeat);

    sealed record Known(Guid Boot, string? CredentialHash, long At);

    readonly ConcurrentDictionary<string, Known> _known = new();
    readonly NpgsqlDataSource _database;
    readonly Batcher<Contact, Known> _contacts;
    readonly Batcher<Report, bool> _reports;

    public AgentPresence(NpgsqlDataSource database)
    {
        _database = database;
        _contacts = new((contacts, cancellation) => InTurn(contacts, c => c.HostId, WriteContacts, cancellation), Most);
        _reports = new((reports, cancellation) => InTurn(reports, r => r.HostId, WriteReports, cancellation), Most);
    }

    /// <summary>The table, for the store's schema.</summary>
    public static Table Table
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn("host_id", "text").AsPrimaryKey();
            table.AddColumn<Guid>("boot_id");
            table.AddColumn("superseded", "uuid[]").NotNull();
            table.AddColumn("last_seen_at", "timestamptz").NotNull();
            table.AddColumn("heartbeat", "jsonb");
            table.AddColumn("heartbeat_at", "timestamptz");
            table.AddColumn("agent_version", "text");
            table.AddColumn("stopped", "boolean").NotNull().DefaultValueByExpression("false"); // the process has said goodbye
            table.AddColumn("running", "jsonb"); // configuration hash of each production collector, by name
            table.AddColumn("healthy", "integer");
            table.AddColumn("unhealthy", "integer");
            table.AddColumn("cpu_seconds", "double precision");
            table.AddColumn("cpu_percent", "double precision"); // of one core, between the last two heartbeats
            return table;
        }
    }

    /// <summary>Hosts that this node has heard.</summary>
    public int Heard => _known.Count;

    /// <summary>Whether this node meets the process for the first time.</summary>
    public bool IsNew(string hostId, Guid bootId) => !_known.TryGetValue(hostId, out var known) || known.Boot != bootId;

    /// <summary>The next request of the host is looked up.</summary>
    public void Forget(string hostId) => _known.TryRemove(hostId, out _);

    /// <summary>
    /// Notes the contact. Says whether the process is the host's newest, and the hash of the host's credential as it is now; null
    /// where the host has none, because it was decommissioned.
    /// </summary>
    /// <param name="credentialHash">Of the credential that the request was let in with.</param>
    public async Task<(bool Newest, string? CredentialHash)> Seen(string hostId, Guid bootId, string? credentialHash, CancellationToken cancellation)
    {
        // Polls follow each other at once when tasks arrive: the row need not be written for each of them.
        if (_known.TryGetValue(hostId, out var known) && known.Boot == bootId && known.CredentialHash == credentialHash
            && TimeProvider.System.GetElapsedTime(known.At) < TrustFor) return (true, known.CredentialHash);
        known = await _contacts.Add(new(hostId, bootId), cancellation);
        return (known.Boot == bootId, known.CredentialHash);
    }

    /// <summary>Keeps the heartbeat. False where the process was superseded by a newer one meanwhile.</summary>
    public Task<bool> Keep(string hostId, Guid bootId, Heartbeat heartbeat, CancellationToken cancellation) =>
        _reports.Add(new(hostId, bootId, heartbeat), cancellation);

    public async ValueTask DisposeAsync()
    {
        await _contacts.DisposeAsync();
        await _reports.DisposeAsync();
    }

    /// <summary>One statement changes a row once: what a host says a second time in a batch goes into the next statement, in order.</summary>
    static async Task<IReadOnlyList<TAnswer>> InTurn<TItem, TAnswer>(
        IReadOnlyList<TItem> items, Func<TItem, string> host, Func<List<TItem>, CancellationToken, Task<IReadOnlyList<TAnswer>>> write, CancellationToken cancellation)
    {
        var answers = new TAnswer[items.Count];
        for (var left = Enumerable.Range(0, items.Count).ToList(); left.Count > 0;)
        {
            var now = left.DistinctBy(i => host(items[i])).ToList();
            var written = await write([.. now.Select(i => items[i])], cancellation);
            for (var i = 0; i < now.Count; i++) answers[now[i]] = written[i];
            if (now.Count == left.Count) break;
            var done = now.ToHashSet();
            left.RemoveAll(done.Contains);
        }
        return answers;
    }

    async Task<IReadOnlyList<Known>> WriteContacts(List<Contact> contacts, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(See);
        command.Parameters.Add(new() { Value = contacts.Select(c => c.HostId).ToArray() });
        command.Parameters.Add(new() { Value = contacts.Select(c => c.BootId).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, Known> found = [];
        var now = TimeProvider.System.GetTimestamp();
        // Remembered here and not where it was asked for: statements follow each other, but those who wait for them go on in any order.
        while (await reader.ReadAsync(cancellation))
            _known[reader.GetString(0)] = found[reader.GetString(0)] = new(reader.GetGuid(1), await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetString(2), now);
        return [.. contacts.Select(c => found[c.HostId])];
    }

    async Task<IReadOnlyList<bool>> WriteReports(List<Report> reports, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand(Beat);
        command.Parameters.Add(new() { Value = reports.Select(r => r.HostId).ToArray() });
        command.Parameters.Add(new() { Value = reports.Select(r => r.BootId).ToArray() });
        command.Parameters.Add(new() { Value = reports.Select(r => JsonSerializer.Serialize(r.Heartbeat, WireJson.Default.Heartbeat)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = reports.Select(r => r.Heartbeat.AgentVersion).ToArray() });
        command.Parameters.Add(new() { Value = reports.Select(r => Running(r.Heartbeat)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        command.Parameters.Add(new() { Value = reports.Select(r => r.Heartbeat.Collectors.Count(c => c.Healthy)).ToArray() });
        command.Parameters.Add(new() { Value = reports.Select(r => r.Heartbeat.Collectors.Count(c => !c.Healthy)).ToArray() });
        command.Parameters.Add(new() { Value = reports.Select(r => r.Heartbeat.CpuSeconds).ToArray() });
        command.Parameters.Add(new() { Value = reports.Select(r => r.Heartbeat.Stopping).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        HashSet<string> kept = [];
        while (await reader.ReadAsync(cancellation)) kept.Add(reader.GetString(0));
        return [.. reports.Select(r => kept.Contains(r.HostId))];
    }

    static string Running(Heartbeat heartbeat) => JsonSerializer.Serialize(
        heartbeat.Collectors.Where(c => c.Arm == CollectorArm.Production).DistinctBy(c => c.Name).ToDictionary(c => c.Name, c => c.ConfigurationHash));
}
