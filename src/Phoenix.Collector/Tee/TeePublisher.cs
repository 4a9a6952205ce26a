using System.Net.Sockets;

namespace Phoenix.Collector.Tee;

/// <summary>
/// The production arm's side of the tee: every input batch and every cut goes to every candidate that is connected. Never
/// waits: what a slow candidate cannot take is dropped for that candidate alone and told in its next cut.
/// </summary>
internal sealed class TeePublisher : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly List<TeeSubscriber> _subscribers = [];
    private readonly Socket _listener;
    private readonly UnixSocketPath _path;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private Guid _epoch;
    private long _openWindow;

    /// <exception cref="UnixSocketException">The path cannot be listened on.</exception>
    public TeePublisher(string path, Guid epoch, long openWindow)
    {
        _epoch = epoch;
        _openWindow = openWindow;
        _path = UnixSocketPath.Claim(path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(16);
        _accepting = AcceptAsync();
    }

    public int Subscribers
    {
        get
        {
            lock (_gate)
            {
                return _subscribers.Count;
            }
        }
    }

    /// <summary>Begins a new epoch: connected candidates are told, later ones join it.</summary>
    public void BeginEpoch(Guid epoch, long openWindow)
    {
        lock (_gate)
        {
            (_epoch, _openWindow) = (epoch, openWindow);
            foreach (var subscriber in _subscribers)
            {
                subscriber.Control(TeeFrame.Hello(epoch, openWindow));
            }
        }
    }

    public void Batch(long sequence, long unixNanos, SharedBytes batch)
    {
        lock (_gate)
        {
            foreach (var subscriber in _subscribers)
            {
                subscriber.Batch(sequence, unixNanos, batch);
            }
        }
    }

    /// <summary>Tells every candidate that a window is closed; the next one is open from here on.</summary>
    public void Cut(long window, long unixNanos, long first, long last)
    {
        lock (_gate)
        {
            _openWindow = window + 1;
            foreach (var subscriber in _subscribers)
            {
                subscriber.Cut(new TeeCut(window, unixNanos, first, last, 0));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        List<TeeSubscriber> left;
        lock (_gate)
        {
            left = [.. _subscribers];
        }

        foreach (var subscriber in left)
        {
            subscriber.Close();
        }

        _path.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket connection;
            try
            {
                connection = await _listener.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (_stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of descriptors, or a peer that left at once: the next one may still be served.
                Log.Warn("the tee could not accept a candidate", ("reason", e.Message));
                await Task.Delay(100, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            var subscriber = new TeeSubscriber(connection);
            lock (_gate)
            {
                // Under the lock, so that the hello stands exactly between two batches.
                subscriber.Control(TeeFrame.Hello(_epoch, _openWindow));
                _subscribers.Add(subscriber);
            }

            Log.Info("candidate connected to the tee");
            _ = RemoveWhenClosedAsync(subscriber);
        }
    }

    private async Task RemoveWhenClosedAsync(TeeSubscriber subscriber)
    {
        var reason = await subscriber.RunAsync();
        lock (_gate)
        {
            _subscribers.Remove(subscriber);
        }

        subscriber.Close();
        Log.Info("candidate left the tee", ("reason", reason));
    }
}
