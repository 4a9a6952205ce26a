using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Live;

/// <summary>
/// The dashboards of this node. Each is told of a stream's newest version at most ten times a second and a bounded number of streams at a time,
/// whatever happens meanwhile, and one that reads slowly holds up nobody else.
/// </summary>
public sealed class LiveClients(IHubContext<LiveHub> hub, AppendSignal signal, AccessTokens tokens, ILogger<LiveClients> log)
{
    /// <summary>A browser is told of what has gathered in this time.</summary>
    static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Streams told of in a tick at most; the rest waits for the next.</summary>
    public const int PerTick = 200;

    /// <summary>Where more than these wait, one message says that everything may have changed.</summary>
    public const int MaxWaiting = 2000;

    readonly ConcurrentDictionary<string, Waiting> _clients = new();
    TaskCompletionSource _connects = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsEmpty => _clients.IsEmpty;

    public Task SomebodyConnects(CancellationToken cancellation)
    {
        var connects = Volatile.Read(ref _connects).Task;
        return _clients.IsEmpty ? connects.WaitAsync(cancellation) : Task.CompletedTask;
    }

    /// <param name="token">SHA-256 of the token that it came with, hex.</param>
    /// <param name="end">Cuts it.</param>
    /// <param name="gone">Says that it has ended.</param>
    public void Add(string connection, string token, Action end, CancellationToken gone)
    {
        var client = _clients[connection] = new();
        Interlocked.Exchange(ref _connects, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        // The next look begins what it is told.
        signal.Raise();
        _ = Send(connection, client, token, end, gone);
    }

    public void Remove(string connection) => _clients.TryRemove(connection, out _);

    /// <summary>
    /// Asks each dashboard that has connected since the last time to read what it shows: of every change after this it is told. What changed between its
    /// first reading and now nobody has told it.
    /// </summary>
    public void Welcome()
    {
        foreach (var client in _clients.Values) client.Welcome();
    }

    public void Tell(LiveMessage message)
    {
        foreach (var client in _clients.Values) client.Add(message);
    }

    async Task Send(string connection, Waiting client, string token, Action end, CancellationToken gone)
    {
        try
        {
            using var timer = new PeriodicTimer(Tick);
            var checkedAt = TimeProvider.System.GetTimestamp();
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
    bool _everything, _welcomed;

    public void Welcome()
    {
        lock (_lock)
        {
            _everything |= !_welcomed;
            _welcomed = true;
        }
    }

    public void Add(LiveMessage message)
    {
        lock (_lock)
        {
            if (_newest.TryGetValue(message.Id, out var known) && known.Version >= message.Version) return;
            _newest[message.Id] = message;
            if (_newest.Count <= LiveClients.MaxWaiting) return;
            _newest.Clear();
            _everything = true;
        }
    }

    /// <summary>The next messages to send, at most <see cref="LiveClients.PerTick"/>.</summary>
    public IReadOnlyList<LiveMessage> Take()
    {
        lock (_lock)
        {
            List<LiveMessage> taken = [.. _newest.Values.Take(LiveClients.PerTick)];
            foreach (var message in taken) _newest.Remove(message.Id);
            if (_everything) taken.Insert(0, new(LiveMessage.Everything, "", Guid.Empty, 0));
            _everything = false;
            return taken;
        }
    }
}
