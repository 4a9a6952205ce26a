using System.Net;
using System.Net.Sockets;

namespace Phoenix.EndToEnd;

/// <summary>A TCP load balancer before the nodes: connections go round, and past a node that refuses them.</summary>
internal sealed class Balancer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly int[] _ports;
    private readonly Task _accepting;
    private int _next;

    public Balancer(params int[] ports)
    {
        _ports = ports;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_ended.Token));
            }
        }
        catch (Exception e) when (_ended.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            for (var attempt = 0; attempt < _ports.Length; attempt++)
            {
                using var node = new TcpClient();
                try
                {
                    await node.ConnectAsync(IPAddress.Loopback, _ports[Interlocked.Increment(ref _next) % _ports.Length], _ended.Token);
                }
                catch (SocketException)
                {
                    // This node is away: the next one.
                    continue;
                }

                var there = CopyAsync(client.GetStream(), node.GetStream());
                var back = CopyAsync(node.GetStream(), client.GetStream());
                // Where one side ends, so does the other: a client must see that its node has died.
                await Task.WhenAny(there, back);
                return;
            }
        }
    }

    private async Task CopyAsync(Stream from, Stream to)
    {
        try
        {
            await from.CopyToAsync(to, _ended.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Cut off, which the other direction is told by closing both.
            return;
        }
    }
}
