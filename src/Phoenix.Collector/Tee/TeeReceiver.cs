using System.Net.Sockets;
using Phoenix.Collector.Pipeline;

namespace Phoenix.Collector.Tee;

/// <summary>
/// The candidate's side of the tee: reads frames into the input queue on a thread of its own, and comes back with a growing
/// pause when the production arm is away. A full queue makes it stop reading, which the production arm answers by dropping.
/// </summary>
internal sealed class TeeReceiver(string path, InputQueue queue, MetricsPipeline pipeline) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly ManualResetEventSlim _stop = new();
    private readonly Lock _gate = new();
    private Socket? _connection;
    private Thread? _thread;
    private volatile bool _connected;

    public bool Connected => _connected;

    public void Start()
    {
        _thread = new Thread(Run) { Name = "tee", IsBackground = true };
        _thread.Start();
    }

    public void Dispose()
    {
        _stop.Set();
        lock (_gate)
        {
            _connection?.Dispose();
        }

        _thread?.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        var pause = FirstPause;
        while (!_stop.IsSet)
        {
            try
            {
                using var connection = Connect();
                using var stream = new NetworkStream(connection);
                while (true)
                {
                    ReadFrame(stream);
                    pause = FirstPause;
                }
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidDataException)
            {
                if (!_stop.IsSet)
                {
                    Log.Warn("the tee is away", ("path", path), ("reason", e.Message));
                }
            }

            _connected = false;
            _stop.Wait(pause * (0.5 + Random.Shared.NextDouble()));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        lock (_gate)
        {
            _connection = socket;
            // Stop may have come between: then nobody else would close this one.
            if (_stop.IsSet)
            {
                socket.Dispose();
            }
        }

        return socket;
    }

    private void ReadFrame(NetworkStream stream)
    {
        Span<byte> small = stackalloc byte[64];
        stream.ReadExactly(small[..TeeFrame.HeaderLength]);
        var (type, length) = TeeFrame.ReadHeader(small);
        switch (type)
        {
            case TeeFrameType.Hello:
                stream.ReadExactly(small[..length]);
                var (epoch, openWindow) = TeeFrame.ReadHello(small);
                _connected = true;
                queue.Enqueue(() => pipeline.SourceJoined(epoch, openWindow), Clock.UnixNanos());
                break;
            case TeeFrameType.Cut:
                stream.ReadExactly(small[..length]);
                var cut = TeeFrame.ReadCut(small);
                queue.Enqueue(() => pipeline.SourceCut(cut), Clock.UnixNanos());
                break;
            default:
                ReadBatch(stream, small, length);
                break;
        }
    }

    private void ReadBatch(NetworkStream stream, Span<byte> prefix, int length)
    {
        stream.ReadExactly(prefix[..TeeFrame.BatchPrefix]);
        var sequence = BitConverter.ToInt64(prefix);
        var unixNanos = BitConverter.ToInt64(prefix[8..]);
        var batch = SharedBytes.Rent(length - TeeFrame.BatchPrefix);
        var queued = false;
        try
        {
            stream.ReadExactly(batch.Span);
            queued = queue.EnqueueWhenRoom(batch, unixNanos, sequence);
        }
        finally
        {
            if (!queued)
            {
                batch.Release();
            }
        }
    }
}
