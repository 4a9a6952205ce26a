using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Live;

/// <summary>
/// The dashboards of this node. Each is told of a stream's newest version at most ten times a second and a bounded number of streams at a time,
/// whatever happens meanwhile, and one that reads slowly holds up nobody else.
/// </summary>
public sealed class LiveClients(IHubContext<LiveHub> hub, AccessTokens tokens, TimeProvider clock, ILogger<LiveClients> log)
{
    /// <summary>A browser is told of what has gathered in this time.</summary>
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Streams told of in a tick at most; the rest waits for the next.</summary>
    public const int PerTick = 200;

    /// <summary>Where more than these wait, one message says that everything may have changed.</summary>
    public const int MaxWaiting = 2000;

    /// <summary>
    /// So much more than was asked for is told: projections may lag behind the events that long, while another node takes them over, and what a page says is on its way for up to
    /// three seconds (<c>HEARD_BY_MS</c> in <c>live.ts</c>).
    /// </summary>
    static readonly TimeSpan Slack = TimeSpan.FromSeconds(15);

    /// <summary>A dashboard that has not said by then since when it reads is asked to read everything.</summary>
    static readonly TimeSpan SaysBy = TimeSpan.FromSeconds(2);

    readonly RecentlyTold _recently = new(clock);
    readonly ConcurrentDictionary<string, Waiting> _clients = new();
    volatile bool _follows;
    TaskCompletionSource _connects = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsEmpty => _clients.IsEmpty;

    /// <summary>Returns when somebody is there, or after the time.</summary>
    public async Task SomebodyConnects(TimeSpan atMost, CancellationToken cancellation)
    {
        var connects = Volatile.Read(ref _connects).Task;
        if (_clients.IsEmpty) await Task.WhenAny(connects, Task.Delay(atMost, cancellation));
    }

    /// <param name="token">SHA-256 of the token that it came with, hex.</param>
    /// <param name="end">Cuts it.</param>
    /// <param name="gone">Says that it has ended.</param>
    public void Add(string connection, string token, Action end, CancellationToken gone)
    {
        var client = _clients[connection] = new();
        Interlocked.Exchange(ref _connects, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        _ = Send(connection, client, token, end, gone);
    }

    public void Remove(string connection) => _clients.TryRemove(connection, out _);

    /// <summary>
    /// Tells a dashboard what has changed since it began to read, or asks it to read everything where that is not known. Before the log is followed nobody is
    /// told anything, since what came between would be missed: it is asked for later.
    /// </summary>
    /// <param name="reads">How long ago it began; null where it does not know.</param>
    public void Begin(string connection, TimeSpan? reads)
    {
        if (_follows && _clients.TryGetValue(connection, out var client)) client.Begin(reads is { } time ? _recently.Within(time + Slack) : null);
    }

    /// <summary>From now on every change is told.</summary>
    public void Follows()
    {
        _recently.Begin();
        _follows = true;
    }

    public void Tell(LiveMessage message)
    {
        // First, so that who begins meanwhile hears it either way.
        _recently.Add(message);
        foreach (var client in _clients.Values) client.Add(message);
    }

    async Task Send(string connection, Waiting client, string token, Action end, CancellationToken gone)
    {
        try
        {
            using var timer = new PeriodicTimer(Tick);
            var (connectedAt, checkedAt) = (TimeProvider.System.GetTimestamp(), TimeProvider.System.GetTimestamp());
            while (await timer.WaitForNextTickAsync(gone))
            {
                if (TimeProvider.System.GetElapsedTime(checkedAt) >= AccessTokens.CacheFor)
                {
                    if (!await Stands(token, gone))
                    {
                        end();
                        return;
                    }
                    checkedAt = TimeProvider.System.GetTimestamp();
                }
                if (_follows && TimeProvider.System.GetElapsedTime(connectedAt) >= SaysBy) client.Begin(null);
                foreach (var message in client.Take()) await hub.Clients.Client(connection).SendAsync(LiveHub.Method, message, gone);
            }
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            // It has disconnected.
        }
        catch (Exception e)
        {
            log.LogWarning("A dashboard is told nothing any more: {Error}", e.Message);
        }
        finally
        {
            Remove(connection);
        }
    }

    /// <summary>Whether the token still counts; while the database is away nothing can have changed that would be told.</summary>
    async Task<bool> Stands(string token, CancellationToken gone)
    {
        try
        {
            return await tokens.Of(token, gone) is not null;
        }
        catch (Exception e) when (Problems.DatabaseAway(e))
        {
            return true;
        }
    }
}

/// <summary>What one dashboard has not been told yet: the newest of each stream, and in their place one message where it is too much.</summary>
public sealed class Waiting
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, LiveMessage> _newest = [];
    readonly Queue<Guid> _order = [];
    bool _everything, _begun;

    /// <summary>Counts the first time only.</summary>
    /// <param name="missed">What has changed since it began to read; null where that is not known.</param>
    public void Begin(IReadOnlyList<LiveMessage>? missed)
    {
        lock (_lock)
        {
            if (_begun) return;
            _begun = true;
            _everything |= missed is null;
        }
        foreach (var message in missed ?? []) Add(message);
    }

    public void Add(LiveMessage message)
    {
        lock (_lock)
        {
            if (_newest.TryGetValue(message.Id, out var known) && known.Version >= message.Version) return;
            // One that waits already keeps its place.
            if (!_newest.ContainsKey(message.Id)) _order.Enqueue(message.Id);
            _newest[message.Id] = message;
            if (_newest.Count <= LiveClients.MaxWaiting) return;
            _newest.Clear();
            _order.Clear();
            _everything = true;
        }
    }

    /// <summary>The next messages to send, at most <see cref="LiveClients.PerTick"/>; those that wait longest first.</summary>
    public IReadOnlyList<LiveMessage> Take()
    {
        lock (_lock)
        {
            List<LiveMessage> taken = _everything ? [new(LiveMessage.Everything, "", Guid.Empty, 0)] : [];
            _everything = false;
            for (var left = LiveClients.PerTick; left > 0 && _order.TryDequeue(out var id); left--)
                if (_newest.Remove(id, out var message)) taken.Add(message);
            return taken;
        }
    }
}
