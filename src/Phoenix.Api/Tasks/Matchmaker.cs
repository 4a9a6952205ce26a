using System.Collections.Concurrent;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>
/// Brings parked polls and tasks together. A parked poll is an entry in memory, not a database connection; every round
/// asks the database once for all hosts that have work.
/// </summary>
public sealed class Matchmaker(TaskQueue queue, WakeUps wakeUps, IDocumentStore store, IServiceScopeFactory scopes, IHostApplicationLifetime node, ILogger<Matchmaker> log) : BackgroundService
{
    /// <summary>
    /// How often the database is asked for work nobody told of: retries that have become due, leases that have
    /// ended, and what another node queued where <see cref="WakeUpRelay"/> did not hear of it.
    /// </summary>
    static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(1);

    /// <summary>How often the sweep asks for all of it, however old.</summary>
    static readonly TimeSpan WholeSweepEvery = TimeSpan.FromMinutes(1);

    /// <summary>Hosts of one round at most: the first of ten thousand should not wait for the last.</summary>
    const int MostInRound = 500;

    /// <summary>An agent that was answered comes back within this, or is asked for anew.</summary>
    static readonly TimeSpan TrustIdleFor = TimeSpan.FromSeconds(5);

    /// <summary>How long a poll waits for its first round while the database is away.</summary>
    static readonly TimeSpan FirstRound = TimeSpan.FromSeconds(5);

    sealed class ParkedPoll
    {
        public readonly TaskCompletionSource<IReadOnlyList<AssignedTask>> Answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The database was asked for this poll at least once.</summary>
        public readonly TaskCompletionSource Asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    readonly ConcurrentDictionary<string, ParkedPoll> _parked = new();

    /// <summary>When a host's last poll ended here without work; forgotten as soon as there may be some.</summary>
    readonly ConcurrentDictionary<string, long> _idle = new();

    /// <summary>Polls that wait in memory.</summary>
    public int Parked => _parked.Count;

    /// <summary>Waits until the host has tasks; empty after <paramref name="wait"/>. A newer poll of the host ends an older one at once.</summary>
    public async Task<IReadOnlyList<AssignedTask>> Poll(string hostId, TimeSpan wait, CancellationToken gone)
    {
        if (node.ApplicationStopping.IsCancellationRequested) return [];
        var poll = new ParkedPoll();
        _parked.AddOrUpdate(hostId, poll, (_, older) =>
        {
            older.Answer.TrySetResult([]);
            return poll;
        });
        // A host that comes back at once after an idle poll has nothing that this node, which heard of no work meanwhile, would have to
        // ask the database for: ten thousand idle agents cost it nothing but the sweep.
        if (wait > TimeSpan.Zero && _idle.TryRemove(hostId, out var ended) && TimeProvider.System.GetElapsedTime(ended) < TrustIdleFor) poll.Asked.TrySetResult();
        else wakeUps.Wake(hostId);
        try
        {
            // A poll that does not want to wait is still asked for once. Most polls end without work: that is no exception, which would cost more than the poll.
            await ((Task)Task.WhenAny(poll.Answer.Task, poll.Asked.Task)).WaitAsync(FirstRound, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (poll.Asked.Task.IsCompleted) await ((Task)poll.Answer.Task).WaitAsync(wait, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            gone.ThrowIfCancellationRequested();
            // Answered, also at the last moment: the tasks are assigned, so they must go out.
            if (!poll.Answer.TrySetResult([])) return await poll.Answer.Task;
            // Before it is taken from the parked ones: a round that no longer finds it there then finds this and removes it.
            if (poll.Asked.Task.IsCompleted) _idle[hostId] = TimeProvider.System.GetTimestamp();
            return [];
        }
        finally
        {
            _parked.TryRemove(KeyValuePair.Create(hostId, poll));
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The agents of a node that stops go to another one at once.
        await using var release = node.ApplicationStopping.Register(() =>
        {
            foreach (var poll in _parked.Values) poll.Answer.TrySetResult([]);
        });
        var sweep = Sweep(stoppingToken);
        while (await wakeUps.Reader.WaitToReadAsync(stoppingToken))
        {
            HashSet<string> hosts = [];
            while (hosts.Count < MostInRound && wakeUps.Reader.TryRead(out var host))
                if (_parked.ContainsKey(host)) hosts.Add(host);
                else _idle.TryRemove(host, out _);
            if (hosts.Count == 0) continue;
            try
            {
                await Round([.. hosts], stoppingToken);
            }
            catch (Exception e) when (Problems.DatabaseAway(e))
            {
                log.LogWarning("The database is away; {Hosts} hosts stay parked: {Error}", hosts.Count, e.Message);
                await Task.Delay(SweepEvery, stoppingToken);
                foreach (var host in hosts) wakeUps.Wake(host);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LogError(e, "A round over {Hosts} hosts failed; each is tried alone", hosts.Count);
                await RoundByRound(hosts, stoppingToken);
            }
        }
        await sweep;
    }

    async Task Round(string[] hosts, CancellationToken stopping)
    {
        var taken = await queue.Take(hosts, stopping);
        foreach (var host in hosts)
        {
            var tasks = taken.GetValueOrDefault(host);
            if (_parked.TryGetValue(host, out var poll))
            {
                var delivered = tasks is null || poll.Answer.TrySetResult(tasks);
                poll.Asked.TrySetResult();
                if (delivered)
                {
                    Figures.TasksDelivered.Add(tasks?.Count ?? 0);
                    continue;
                }
            }
            // Where the poll has gone meanwhile, the assignment stays unacknowledged and goes out with the host's next poll.
            _idle.TryRemove(host, out _);
        }
    }

    /// <summary>One host's broken task must not stop the queue of all.</summary>
    async Task RoundByRound(IEnumerable<string> hosts, CancellationToken stopping)
    {
        foreach (var host in hosts)
        {
            try
            {
                await Round([host], stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogError(e, "The tasks of host {Host} could not be taken", host);
            }
        }
    }

    async Task Sweep(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(SweepEvery);
        DateTimeOffset? since = null;
        for (var whole = DateTimeOffset.MinValue; await timer.WaitForNextTickAsync(stopping);)
        {
            try
            {
                var now = DateTimeOffset.UtcNow;
                // Rows that were deleted or changed while somebody holds an old snapshot stay in the indexes: a sweep looks only at times that
                // are new since the last one, and at all of them now and then.
                if (now - whole > WholeSweepEvery) (since, whole) = (null, now);
                foreach (var host in await queue.Due(since, stopping))
                    if (_parked.ContainsKey(host)) wakeUps.Wake(host);
                // Many at once go over several sweeps, so that one that cannot be ended does not hold the sweep up.
                var expired = await queue.Expired(since, stopping);
                if (expired.Count > 0) await Expire(expired, stopping);
                if (expired.Count == TaskEvents.PerTransaction) continue;
                since = now;
            }
            catch (Exception e) when (Problems.DatabaseAway(e))
            {
                log.LogWarning("The sweep found the database away: {Error}", e.Message);
                whole = DateTimeOffset.MinValue;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                log.LogError(e, "A sweep failed; the next one tries again");
                whole = DateTimeOffset.MinValue;
            }
        }
    }

    /// <summary>One task that cannot be taken back must not keep the others.</summary>
    async Task Expire(IReadOnlyList<(Guid Id, long Lease)> expired, CancellationToken stopping)
    {
        try
        {
            await ExpireLeases.Run(expired, store, scopes, stopping);
        }
        catch (Exception e) when (expired.Count > 1 && !stopping.IsCancellationRequested && !Problems.DatabaseAway(e))
        {
            log.LogError(e, "{Leases} leases could not be ended together; each is tried alone", expired.Count);
            foreach (var one in expired) await Expire([one], stopping);
        }
        catch (Exception e) when (!stopping.IsCancellationRequested && !Problems.DatabaseAway(e))
        {
            log.LogError(e, "Lease {Lease} of task {Task} could not be ended; the next whole sweep tries again", expired[0].Lease, expired[0].Id);
        }
    }
}
