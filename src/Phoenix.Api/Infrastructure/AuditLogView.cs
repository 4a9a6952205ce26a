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
        // Every start but the first after an upgrade ends here, without a lock that appends would wait for.
        await using (var made = new NpgsqlCommand(AuditLog.IsMade, connection))
            if (await made.ExecuteScalarAsync(cancellationToken) is true) return;
        // Whoever reads the view for long would else hold up the replacement, and with it every append. Building an index may take its time.
        await using (var patience = new NpgsqlCommand("set local lock_timeout = '30s'", connection)) await patience.ExecuteNonQueryAsync(cancellationToken);
        await using (var make = new NpgsqlCommand(AuditLog.Make, connection) { CommandTimeout = 0 })
            await make.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
