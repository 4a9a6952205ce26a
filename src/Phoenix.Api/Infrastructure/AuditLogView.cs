using Npgsql;
using Phoenix.Projections.Audit;

namespace Phoenix.Api.Infrastructure;

/// <summary>Lays the audit log's view and indexes over the event store, after the store's own schema is there.</summary>
public sealed class AuditLogView(NpgsqlDataSource database) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Nodes that start together do this one after the other.
        await using (var alone = new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('phoenix.audit_log'))", connection))
            await alone.ExecuteNonQueryAsync(cancellationToken);
        // Building an index over a long log takes longer than a statement usually may.
        await using (var make = new NpgsqlCommand(AuditLog.Make, connection) { CommandTimeout = 0 })
            await make.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
