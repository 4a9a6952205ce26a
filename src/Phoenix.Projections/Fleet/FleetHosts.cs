using Marten;
using Phoenix.Projections.Tasks;

namespace Phoenix.Projections.Fleet;

/// <summary>Questions that commands ask of the fleet; each is one query, however many hosts it names.</summary>
public static class FleetHosts
{
    /// <summary>Those of the hosts that have enrolled.</summary>
    public static async Task<IReadOnlySet<string>> Known(this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        (await session.AdvancedSql.QueryAsync<string>(
            $"select host_id from {FleetProjection.TableName} where host_id = any(?)", cancellation, (object)hosts.ToArray())).ToHashSet();

    /// <summary>Configuration hash of what events say runs as production, by host; hosts where nothing runs are absent.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ProductionHashes(
        this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        (await session.AdvancedSql.QueryAsync<string, string>(
            $"select row(host_id), row(production_hash) from {FleetProjection.TableName} where host_id = any(?) and production_hash is not null",
            cancellation, (object)hosts.ToArray())).ToDictionary(h => h.Item1, h => h.Item2);

    /// <summary>The first of the hosts that is drained or decommissioned; null where nothing keeps new work from them.</summary>
    public static async Task<(string HostId, bool Decommissioned)?> FirstHeld(
        this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        await session.AdvancedSql.QueryAsync<string, bool>(
            $"select row(host_id), row(decommissioned) from {TaskQueueProjection.HoldTableName} where host_id = any(?) order by host_id limit 1",
            cancellation, (object)hosts.ToArray()) is [var held, ..] ? (held.Item1, held.Item2) : null;
}
