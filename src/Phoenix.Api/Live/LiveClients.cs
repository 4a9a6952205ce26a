using System.Collections.Concurrent;
using Microsoft.AspNetCore.SignalR;

namespace Phoenix.Api.Live;

/// <summary>
/// The dashboards of this node. Each is told of a stream's newest version at most ten times a second and a bounded number of streams at a time,
/// whatever happens meanwhile, and one that reads slowly holds up nobody else.
/// </summary>
public sealed class LiveClients(IHubContext<LiveHub> hub, AppendSignal signal, ILogger<LiveClients> log)
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

    public void Add(string connection, CancellationToken gone)
    {
        var client = _clients[connection] = new();
        Interlocked.Exchange(ref _connects, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        // The next look begins what it is told.
        signal.Raise();
        _ = Send(connection, client, gone);
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

    async Task Send(string connection, Waiting client, CancellationToken gone)
    {
        try
        {
            using var timer = new PeriodicTimer(Tick);
            while (await timer.WaitForNextTickAsync(gone))
                foreach (var message in client.Take()) await hub.Clients.Client(connection).SendAsync(LiveHub.Method, message, gone);
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
            if (_everything) taken.Insert(0, new(LiveMessage.Everything, Guid.Empty, 0));
            _everything = false;
            return taken;
        }
    }
}
