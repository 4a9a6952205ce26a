using Npgsql;
using Phoenix.Projections.Experiments;

namespace Phoenix.Api.Infrastructure;

/// <summary>Lays the list of experiments beside their snapshots, after the store's own schema is there.</summary>
public sealed class ExperimentSummaryTable(NpgsqlDataSource database) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Nodes that start together do this one after the other.
        await using (var alone = new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('phoenix.experiment_summary'))", connection))
            await alone.ExecuteNonQueryAsync(cancellationToken);
        await using (var made = new NpgsqlCommand(ExperimentSummaries.IsMade, connection))
            if (await made.ExecuteScalarAsync(cancellationToken) is true) return;
        // Whoever reads a snapshot for long would else hold up this, and with it every command.
        await using (var patience = new NpgsqlCommand("set local lock_timeout = '30s'", connection)) await patience.ExecuteNonQueryAsync(cancellationToken);
        await using (var make = new NpgsqlCommand(ExperimentSummaries.Make, connection) { CommandTimeout = 0 })
            await make.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
