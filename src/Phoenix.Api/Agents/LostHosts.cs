using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Fleet;
using Weasel.Postgresql.Tables;

namespace Phoenix.Api.Agents;

/// <summary>
/// Notes which hosts have fallen silent and which are heard again. Every node sweeps; the rows of the hosts are locked while the event is
/// appended and passed by where another node has them, so that each silence is one event.
/// </summary>
/// <remarks>
/// A host's silence says something only while somebody listened. Nodes note together since when one of them has always been there
/// (<c>since</c>): a time in which no node could write to the database, because all were down or it was away, begins a new span, and silence is
/// counted from its begin at the earliest. Where more than half of the fleet falls silent together, it is rather the way to the control
/// plane that is broken (a load balancer, a network): then nobody is lost before ten times as long has passed.
/// </remarks>
public sealed class LostHosts(IDocumentStore store, FleetSettings settings, IHostApplicationLifetime lifetime, ILogger<LostHosts> log) : BackgroundService
{
    public const string HearingTableName = "phoenix.fleet_hearing";

    static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    /// <summary>Three sweeps that nobody made are a time in which nobody listened.</summary>
    static readonly TimeSpan Gap = 3 * Every;

    /// <summary>Fewer hosts than that may well fall silent together.</summary>
    const int DoubtFrom = 10;

    const int DoubtFactor = 10;

    /// <summary>Hosts of one transaction at most.</summary>
    const int Most = 500;

    /// <summary>The hosts that can be lost, and since when each has been silent while somebody listened. Who has said goodbye is not lost.</summary>
    const string Silent =
        $"""
        from {FleetProjection.TableName} h join {AgentPresence.TableName} p using (host_id)
        cross join lateral (select greatest(p.last_seen_at, $1) as since) silent
        where h.lost_contact is null and h.decommissioned_at is null and not p.stopped
        """;

    bool _doubts;

    /// <summary>The table, for the store's schema: one row.</summary>
    public static Table HearingTable
    {
        get
        {
            var table = new Table(HearingTableName);
            table.AddColumn("id", "smallint").AsPrimaryKey();
            table.AddColumn("since", "timestamptz").NotNull();
            table.AddColumn("beat_at", "timestamptz").NotNull();
            return table;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Who does not answer requests yet does not listen.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (lifetime.ApplicationStarted.Register(started.SetResult)) await started.Task.WaitAsync(stoppingToken);
        using var timer = new PeriodicTimer(Every);
        do
        {
            try
            {
                await Sweep(stoppingToken);
            }
            catch (Exception e) when (Problems.Transient(e) && !stoppingToken.IsCancellationRequested)
            {
                log.LogWarning("Silent hosts were not looked for: {Error}", e.Message);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogError(e, "Silent hosts could not be looked for; the next sweep tries again");
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Looks once.</summary>
    /// <returns>How many hosts were declared lost here, and how many were found again.</returns>
    public async Task<(int Lost, int Recovered)> Sweep(CancellationToken cancellation)
    {
        var since = await Listen(cancellation);
        var recovered = await All(
            $"""
            select h.host_id, p.last_seen_at from {FleetProjection.TableName} h join {AgentPresence.TableName} p using (host_id)
            where h.lost_contact is not null and h.decommissioned_at is null and p.last_seen_at > h.lost_contact
            order by h.host_id limit {Most} for update of h skip locked
            """, [], (host, _) => new AgentRecovered(host), cancellation);
        var patience = await Patience(since, cancellation);
        var lost = await All(
            $"select h.host_id, p.last_seen_at {Silent} and silent.since < now() - $2 order by h.host_id limit {Most} for update of h skip locked",
            [since, patience], (host, contact) => new AgentLost(host, contact), cancellation);
        Figures.HostsLost.Add(lost);
        Figures.HostsRecovered.Add(recovered);
        if (lost > 0) log.LogWarning("{Hosts} hosts have not been heard of for {Patience} and count as lost", lost, patience);
        if (recovered > 0) log.LogInformation("{Hosts} lost hosts are heard again", recovered);
        return (lost, recovered);
    }

    /// <summary>Says that this node listens.</summary>
    /// <returns>Since when there was always one that did.</returns>
    async Task<DateTimeOffset> Listen(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        await using var command = new NpgsqlCommand(
            $"""
            insert into {HearingTableName} as h (id, since, beat_at) values (1, now(), now())
            on conflict (id) do update set since = case when h.beat_at < now() - $1 then now() else h.since end, beat_at = greatest(h.beat_at, now())
            returning since
            """);
        command.Parameters.Add(new() { Value = Gap });
        await using var reader = await session.ExecuteReaderAsync(command, cancellation);
        await reader.ReadAsync(cancellation);
        return await reader.GetFieldValueAsync<DateTimeOffset>(0, cancellation);
    }

    async Task<TimeSpan> Patience(DateTimeOffset since, CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        await using var command = new NpgsqlCommand($"select count(*), count(*) filter (where silent.since < now() - $2) {Silent}");
        command.Parameters.Add(new() { Value = since });
        // A fleet that is cut off does not fall silent in one moment: half of the time shows that it does.
        command.Parameters.Add(new() { Value = settings.LostAfter / 2 });
        await using var reader = await session.ExecuteReaderAsync(command, cancellation);
        await reader.ReadAsync(cancellation);
        var (hosts, quiet) = (reader.GetInt64(0), reader.GetInt64(1));
        var doubts = quiet >= DoubtFrom && quiet * 2 > hosts;
        if (doubts && !_doubts)
            log.LogWarning("{Quiet} of {Hosts} hosts are silent together: the way to the control plane may be broken. None counts as lost before {Patience}",
                quiet, hosts, settings.LostAfter * DoubtFactor);
        _doubts = doubts;
        return doubts ? settings.LostAfter * DoubtFactor : settings.LostAfter;
    }

    /// <summary>Appends one event for each host that the query gives, some hundred a transaction.</summary>
    async Task<int> All(string query, object[] parameters, Func<string, DateTimeOffset, object> happened, CancellationToken cancellation)
    {
        for (var total = 0; ;)
        {
            await using var session = store.LightweightSession();
            await session.BeginTransactionAsync(cancellation);
            session.LastModifiedBy = EventMetadata.System;
            var found = 0;
            await using (var command = new NpgsqlCommand(query, session.Connection))
            {
                foreach (var parameter in parameters) command.Parameters.Add(new() { Value = parameter });
                await using var reader = await command.ExecuteReaderAsync(cancellation);
                for (; await reader.ReadAsync(cancellation); found++)
                {
                    var host = reader.GetString(0);
                    session.Events.Append(StreamIds.Agent(host), happened(host, await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellation)));
                }
            }
            if (found > 0) await session.SaveChangesAsync(cancellation);
            total += found;
            if (found < Most) return total;
        }
    }
}
