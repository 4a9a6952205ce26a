using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Contracts;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Fleet;

namespace Phoenix.Api.Deployments;

/// <summary>What hosts that run a version say of it in their last heartbeats.</summary>
public sealed class DeployedHosts(NpgsqlDataSource database)
{
    /// <summary>Several heartbeats and polls long: a host that misses one is not silent.</summary>
    static readonly TimeSpan SilentAfter = TimeSpan.FromMinutes(2);

    /// <summary>Live series that each host's production takes in, by its last whole window; hosts that do not say so are absent.</summary>
    public async Task<IReadOnlyDictionary<string, long>> SeriesIn(string[] hosts, CancellationToken cancellation) =>
        (await Read(hosts, cancellation)).Where(h => h is { Silent: false, Flow: not null }).ToDictionary(h => h.HostId, h => h.Flow!.SeriesIn);

    public async Task<IReadOnlyList<HostFigures>> Read(string[] hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select h.id, coalesce(p.last_seen_at < now() - $2, true), p.heartbeat_at,
                (select c from jsonb_array_elements(coalesce(p.heartbeat->'collectors', '[]')) c where c->>'name' = $3 limit 1)::text
            from unnest($1) h(id) left join {AgentPresence.TableName} p on p.host_id = h.id
            """);
        command.Parameters.Add(new() { Value = hosts });
        command.Parameters.Add(new() { Value = SilentAfter });
        command.Parameters.Add(new() { Value = ExperimentTasks.Production });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<HostFigures> found = [];
        while (await reader.ReadAsync(cancellation))
        {
            var collector = await reader.IsDBNullAsync(3, cancellation) ? null : JsonSerializer.Deserialize(reader.GetString(3), WireJson.Default.CollectorHealth);
            found.Add(new(reader.GetString(0), await reader.IsDBNullAsync(2, cancellation) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(2, cancellation), reader.GetBoolean(1), collector?.ConfigurationHash,
                collector is { Healthy: false } ? collector.Reason ?? "it is not healthy" : null,
                collector?.Breach?.GroupErrorPct ?? (collector?.Flow is null ? null : 0), collector?.Breach?.Group, collector?.ResidentBytes ?? 0,
                collector?.Flow is { } f ? new(f.Seconds, f.SeriesIn, f.SeriesOut, f.PointsOut, f.ExportErrors, f.DroppedPoints, f.CpuMs) : null));
        }
        return found;
    }
}

/// <summary>Questions of a deployment to the fleet.</summary>
static class DeploymentQueries
{
    /// <summary>What the hosts run now as production, by events.</summary>
    public static async Task<IReadOnlyList<RanBefore>> RunNow(this IQuerySession session, IEnumerable<string> hosts, CancellationToken cancellation)
    {
        var asked = hosts.ToArray();
        var found = (await session.AdvancedSql.QueryAsync<string, string>(
            $"select row(host_id), row(production::text) from {FleetProjection.TableName} where host_id = any(?) and production is not null", cancellation, (object)asked))
            .ToDictionary(h => h.Item1, h => JsonSerializer.Deserialize<RunningCollector>(h.Item2, EventStoreOptions.Json)!);
        return
        [
            .. asked.GroupBy(h => found.GetValueOrDefault(h) is { } c ? (c.PipelineId, c.PipelineVersion, c.ConfigurationHash) : default)
                .Select(g => new RanBefore(g.Key.ConfigurationHash is null ? null : g.Key.PipelineId, g.Key.PipelineVersion, g.Key.ConfigurationHash, [.. g])),
        ];
    }

    /// <summary>What is asked of every change now.</summary>
    public static async Task<ChangePolicy> ChangePolicy(this IQuerySession session, CancellationToken cancellation) =>
        await session.LoadAsync<ChangePolicy>(Domain.StreamIds.ChangePolicy, cancellation) ?? Domain.Deployments.ChangePolicy.None;
}
