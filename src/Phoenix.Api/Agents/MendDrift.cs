using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Deployments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Reading;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Agents;

/// <summary>
/// Where the change policy asks for it, puts back what a host should run and does not. A host in panic is left to its owner; one where putting back has
/// failed is left to an operator; and one is put back at most once in a while, since what drifts again at once has a cause that this does not mend.
/// </summary>
public sealed class MendDrift(IDocumentStore store, NpgsqlDataSource database, TaskRequests requests, ILogger<MendDrift> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(15), OnceIn = TimeSpan.FromMinutes(10);

    /// <summary>Hosts of one sweep at most: a change of all hosts at once would be a rollout that nobody watches.</summary>
    const int Most = 50;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (Problems.Transient(e)) log.LogWarning("Drift was not looked for: {Error}", e.Message);
                else log.LogError(e, "Drift could not be looked for; the next sweep tries again");
            }
        }
    }

    /// <summary>Looks once.</summary>
    /// <returns>How many hosts are put back.</returns>
    public async Task<int> Sweep(CancellationToken cancellation)
    {
        await using (var session = store.QuerySession())
            if (!(await session.ChangePolicy(cancellation)).MendDrift) return 0;
        // One node at a time, for as long as it looks: two would ask for the same hosts.
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using (var one = new NpgsqlCommand("select pg_try_advisory_xact_lock(x'6d656e64'::bigint)", connection, transaction))
            if (await one.ExecuteScalarAsync(cancellation) is not true) return 0;
        var mended = 0;
        foreach (var (host, production) in await Drifted(connection, transaction, cancellation))
        {
            var answer = await requests.Add(new(host, new(EventMetadata.System, Guid.NewGuid().ToString("N"), "drift", null), "drift: the change policy puts back what a host should run",
                standing => AgentDecisions.Reapply(host, production, standing.InExperiment)), cancellation);
            // Refused where it has just begun to take part in something that looks after its pipelines.
            if (answer.Rejection is null) mended++;
        }
        if (mended > 0) log.LogWarning("{Hosts} hosts run something else than they should and are put back", mended);
        return mended;
    }

    static async Task<List<(string Host, RunningCollector Production)>> Drifted(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select h.host_id, h.production::text from {FleetProjection.TableName} h join {AgentPresence.TableName} p using (host_id)
            where h.production is not null and h.drained_at is null and h.lost_contact is null and not p.stopped and p.heartbeat->>'panicAt' is null
                and h.production_since < now() - $1 and {HostDrift.Code} is not null
                and not exists (select from {ExperimentHostsProjection.TableName} e where e.host_id = h.host_id)
                and not exists (select from {TaskQueueProjection.TableName} q where q.host_id = h.host_id and q.purpose = '{nameof(TaskPurpose.Reapply)}')
            order by h.host_id limit {Most}
            """, connection, transaction);
        command.Parameters.Add(new() { Value = OnceIn });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(string, RunningCollector)> found = [];
        while (await reader.ReadAsync(cancellation))
            found.Add((reader.GetString(0), JsonSerializer.Deserialize<RunningCollector>(reader.GetString(1), EventStoreOptions.Json)!));
        return found;
    }
}
