using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Tasks;

namespace Phoenix.Projections.Fleet;

/// <summary>A host as it stands when work is asked of it.</summary>
/// <param name="Known">It has enrolled.</param>
/// <param name="InExperiment">It takes part in an experiment.</param>
/// <param name="Held">Drained or decommissioned: nothing new goes there.</param>
public sealed record HostStanding(bool Known, bool InExperiment, bool Held, bool Decommissioned);

/// <summary>Questions that commands ask of the fleet; each is one query, however many hosts it names.</summary>
public static class FleetHosts
{
    /// <summary>Those of the hosts that have enrolled.</summary>
    public static async Task<IReadOnlySet<string>> Known(this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        (await session.AdvancedSql.QueryAsync<string>(
            $"select host_id from {FleetProjection.TableName} where host_id = any(?)", cancellation, (object)hosts.ToArray())).ToHashSet();

    /// <summary>Hosts with these labels that take new work: those that are drained or decommissioned are left out.</summary>
    /// <param name="heard">Leaves out those that are lost too: work that all have to do would wait for them.</param>
    public static async Task<IReadOnlyList<string>> Matching(this NpgsqlDataSource database, LabelSelector labels, bool heard, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand();
        command.CommandText =
            $"select host_id from {FleetProjection.TableName} where drained_at is null and decommissioned_at is null {(heard ? "and lost_contact is null " : "")}and {labels.Condition("labels", command.Parameters)} order by host_id";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(reader.GetString(0));
        return found;
    }

    /// <summary>Labels of the hosts; those that nobody knows are absent.</summary>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> Labels(
        this NpgsqlDataSource database, string[] hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select host_id, labels from {FleetProjection.TableName} where host_id = any($1)");
        command.Parameters.Add(new() { Value = hosts });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, IReadOnlyDictionary<string, string>> found = [];
        while (await reader.ReadAsync(cancellation)) found[reader.GetString(0)] = JsonSerializer.Deserialize<Dictionary<string, string>>(reader.GetString(1))!;
        return found;
    }

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

    /// <summary>How each of the hosts stands, those that nobody knows too.</summary>
    public static async Task<IReadOnlyDictionary<string, HostStanding>> Standing(this NpgsqlDataSource database, string[] hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select h, f.host_id is not null, e.host_id is not null, q.host_id is not null, coalesce(q.decommissioned, false) from unnest($1) h
            left join {FleetProjection.TableName} f on f.host_id = h
            left join {ExperimentHostsProjection.TableName} e on e.host_id = h
            left join {TaskQueueProjection.HoldTableName} q on q.host_id = h
            """);
        command.Parameters.Add(new() { Value = hosts });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        Dictionary<string, HostStanding> found = [];
        while (await reader.ReadAsync(cancellation))
            found[reader.GetString(0)] = new(reader.GetBoolean(1), reader.GetBoolean(2), reader.GetBoolean(3), reader.GetBoolean(4));
        return found;
    }
}
