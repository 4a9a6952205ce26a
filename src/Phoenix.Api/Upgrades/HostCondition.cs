using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Domain.Upgrades;

namespace Phoenix.Api.Upgrades;

/// <summary>How hosts are, by their last heartbeats.</summary>
public sealed class HostCondition(NpgsqlDataSource database)
{
    /// <summary>Several heartbeats and polls long: a host that misses one is not silent.</summary>
    static readonly TimeSpan SilentAfter = TimeSpan.FromMinutes(2);

    /// <param name="Version">What the agent says that it is; null before the first heartbeat.</param>
    /// <param name="Unhealthy">A collector that is unhealthy; null where all are well.</param>
    public sealed record Found(string HostId, bool Silent, string? Version, string? Unhealthy);

    public async Task<IReadOnlyList<Found>> Read(string[] hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select h.id, coalesce(p.last_seen_at < now() - $2, true), p.heartbeat->>'agentVersion',
                (select c->>'name' from jsonb_array_elements(coalesce(p.heartbeat->'collectors', '[]')) c where c->>'healthy' = 'false' limit 1)
            from unnest($1) h(id) left join {AgentPresence.TableName} p on p.host_id = h.id
            """);
        command.Parameters.Add(new() { Value = hosts });
        command.Parameters.Add(new() { Value = SilentAfter });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<Found> found = [];
        while (await reader.ReadAsync(cancellation))
            found.Add(new(reader.GetString(0), reader.GetBoolean(1), await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetString(2),
                await reader.IsDBNullAsync(3, cancellation) ? null : reader.GetString(3)));
        return found;
    }

    /// <summary>Hosts among these with a collector that is unhealthy now.</summary>
    public async Task<IReadOnlySet<string>> Unwell(string[] hosts, CancellationToken cancellation) =>
        (await Read(hosts, cancellation)).Where(h => h.Unhealthy is not null).Select(h => h.HostId).ToHashSet();

    /// <summary>Which of the upgraded hosts are not as they should be, and why.</summary>
    public async Task<IReadOnlyList<FailedUpgrade>> UnwellAfter(Upgrade x, CancellationToken cancellation)
    {
        var stage = x.HostsOf(x.Stage).ToHashSet();
        return
        [
            .. (await Read([.. x.Upgraded.Keys], cancellation)).Select(h =>
                h.Silent ? new FailedUpgrade(h.HostId, $"silent-after-upgrade: nothing was heard of it for {SilentAfter.TotalMinutes:0} minutes")
                : h.Version != x.Release ? new(h.HostId, $"other-version-after-upgrade: it says that it runs {h.Version ?? "nothing yet"}")
                // What was unhealthy before is not the release's fault; of earlier stages that is no longer known.
                : h.Unhealthy is { } collector && stage.Contains(h.HostId) && !x.UnwellBefore.Contains(h.HostId)
                    ? new(h.HostId, $"unhealthy-after-upgrade: its collector '{collector}' is not healthy")
                : null).OfType<FailedUpgrade>(),
        ];
    }
}
