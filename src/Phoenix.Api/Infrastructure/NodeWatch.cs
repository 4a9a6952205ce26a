using JasperFx.Events.Daemon;
using Npgsql;
using Wolverine.Runtime;
using Wolverine.Runtime.Agents;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Two things that Wolverine leaves open when a node is not dead but frozen: a paused virtual machine, a suspended laptop, a
/// network that swallows packets.
/// </summary>
/// <remarks>
/// <para>
/// The leader of the nodes holds a lock of a database session. Where its process ends the session ends. Where it is frozen
/// the session lives on for as long as the server believes in the connection, which can be hours, and nobody would give its
/// projections to another node. A leader says something on that session with every beat; one that has been silent for
/// <see cref="Nodes.StaleAfter"/> by the database's clock is ended here, by whichever node sees it first.
/// </para>
/// <para>
/// A frozen node that comes back believes that its projections are still its own, and takes them back from the node that has
/// them now. What it then writes is refused, because it does not go on from where the projection is, and it would rest there
/// for good. Its projections are handed back here, and the leader gives them out anew.
/// </para>
/// </remarks>
public sealed class NodeWatch(NpgsqlDataSource database, IWolverineRuntime runtime, ILogger<NodeWatch> log) : BackgroundService
{
    /// <summary>How Wolverine names the sessions that hold its locks.</summary>
    const string LockSessions = "wolverine-advisory-lock:%";

    const string EndSilent =
        """
        select pid, extract(epoch from clock_timestamp() - state_change)::float8, pg_terminate_backend(pid)
        from pg_stat_activity a
        where datname = current_database() and usename = current_user and application_name like $1 and state = 'idle' and state_change < clock_timestamp() - $2
          and exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory' and l.granted)
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Nodes.HeartbeatEvery * 2);
        var last = TimeProvider.System.GetTimestamp();
        var wasAway = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            wasAway |= TimeProvider.System.GetElapsedTime(last) > Nodes.StaleAfter;
            last = TimeProvider.System.GetTimestamp();
            try
            {
                await HandBack(wasAway);
                wasAway = false;
                await EndSilentLeader(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("The nodes could not be watched this time: {Error}", e.Message);
            }
        }
    }

    async Task EndSilentLeader(CancellationToken stopping)
    {
        await using var command = database.CreateCommand(EndSilent);
        command.Parameters.Add(new() { Value = LockSessions });
        command.Parameters.Add(new() { Value = Nodes.StaleAfter });
        await using var ended = await command.ExecuteReaderAsync(stopping);
        while (await ended.ReadAsync(stopping))
            log.LogWarning("The leading node has said nothing for {Seconds:0} s: its session {Pid} is ended, so that another one leads", ended.GetDouble(1), ended.GetInt32(0));
    }

    async Task HandBack(bool wasAway)
    {
        if (((WolverineRuntime)runtime).NodeController is not { } controller) return;
        foreach (var (uri, agent) in controller.Agents)
        {
            if (agent is not IEventSubscriptionAgent { IsRebuilding: false } projection) continue;
            if (!wasAway && projection.Failure?.Category != ShardFailureCategory.ProgressionOutOfOrder) continue;
            log.LogWarning("This node was away, another one may have gone on with {Projection}: it is handed back", uri);
            await runtime.Agents.StopLocallyAsync(uri);
        }
    }
}
