using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Flow;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Storage settings of tables whose rows change all the time. PostgreSQL's defaults clean a table when a fifth of it is dead, which a queue of
/// short-lived rows, or one row for each host that is written every few seconds, has long exceeded; and they leave no room in a page for the
/// next version of a row, so that every change also changes every index.
/// </summary>
/// <remarks>After the schema is there, on every start of a node, and only where a setting differs.</remarks>
public sealed class HotTables(NpgsqlDataSource database) : IHostedService
{
    const string Eager = "autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=500, autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_cost_delay=1";

    /// <summary>Table and settings, as in <c>pg_class.reloptions</c>.</summary>
    public static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string>
    {
        [TaskQueueProjection.TableName] = $"fillfactor=70, {Eager}",
        [AgentPresence.TableName] = $"fillfactor=50, {Eager}",
        [FlowStore.TableName] = $"fillfactor=50, {Eager}",
        ["phoenix.mt_streams"] = $"fillfactor=50, {Eager}",
        // A handful of rows, each written many times a second.
        ["phoenix.mt_event_progression"] = "fillfactor=20, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=200, autovacuum_vacuum_cost_delay=0",
        [$"{Nodes.Schema}.wolverine_incoming_envelopes"] = $"fillfactor=70, {Eager}",
        [$"{Nodes.Schema}.wolverine_outgoing_envelopes"] = $"fillfactor=70, {Eager}",
        [$"{Nodes.Schema}.wolverine_nodes"] = "fillfactor=20, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=200, autovacuum_vacuum_cost_delay=0",
    };

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var alone = new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('phoenix.hot_tables'))", connection))
            await alone.ExecuteNonQueryAsync(cancellationToken);
        foreach (var (table, settings) in Settings)
        {
            await using var read = new NpgsqlCommand("select coalesce(reloptions, '{}') @> $2 from pg_class where oid = $1::regclass", connection);
            read.Parameters.Add(new() { Value = table });
            read.Parameters.Add(new() { Value = settings.Split(", ") });
            if (await read.ExecuteScalarAsync(cancellationToken) is true) continue;
            await using var set = new NpgsqlCommand($"alter table {table} set ({settings})", connection);
            await set.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
