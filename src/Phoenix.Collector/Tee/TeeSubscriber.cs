using System.Net.Sockets;
using System.Threading.Channels;

namespace Phoenix.Collector.Tee;

/// <summary>One connected candidate with its own bounded queue.</summary>
internal sealed class TeeSubscriber(Socket connection)
{
    // About a minute of a busy host. Beyond it the candidate is stalled or too slow, and its window is void anyway.
    private const int MaxBatches = 1024;
    private const long MaxBytes = 64L << 20;

    // Cuts are never dropped, since they carry the count of what was. A candidate that let this many pass is gone.
    private const int MaxControlFrames = 1024;

    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>(new UnboundedChannelOptions { SingleReader = true });
    private int _batches;
    private long _bytes;
    private int _controlFrames;
    private long _droppedInWindow;
    private volatile bool _closed;

    public void Control(byte[] frame)
    {
        if (Interlocked.Increment(ref _controlFrames) > MaxControlFrames)
        {
            Close();
            return;
        }

        _frames.Writer.TryWrite(new Frame(frame, null));
    }

    public void Batch(long sequence, long unixNanos, SharedBytes batch)
    {
        if (_closed || Volatile.Read(ref _batches) >= MaxBatches || Interlocked.Read(ref _bytes) + batch.Length > MaxBytes)
        {
            _droppedInWindow++;
            return;
        }

        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _bytes, batch.Length);
        batch.Retain();
        if (!_frames.Writer.TryWrite(new Frame(TeeFrame.BatchHeader(sequence, unixNanos, batch.Length), batch)))
        {
            batch.Release();
        }
    }

    public void Cut(TeeCut cut)
    {
        Control(TeeFrame.Cut(cut with { Dropped = _droppedInWindow }));
        _droppedInWindow = 0;
    }

    /// <summary>Sends until the candidate leaves.</summary>
    /// <returns>Why it ended.</returns>
    public async Task<string> RunAsync()
    {
        var ended = WaitForEndAsync();
        try
        {
            await foreach (var frame in _frames.Reader.ReadAllAsync())
            {
                try
                {
                    await SendAsync(frame.Header);
                    if (frame.Batch is { } batch)
                    {
                        await SendAsync(batch.Memory);
                    }
                }
                finally
                {
                    Done(frame);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Close();
            await ended;
            return e.Message;
        }
        finally
        {
            // Nothing may be written after this, so that every batch left in the queue is given back.
            _frames.Writer.TryComplete();
            while (_frames.Reader.TryRead(out var left))
            {
                Done(left);
            }
        }

        await ended;
        return "closed";
    }

    public void Close()
    {
        _closed = true;
        _frames.Writer.TryComplete();
        connection.Dispose();
    }

    /// <summary>A candidate never sends: whatever can be received is its end, noticed here even while no batch flows.</summary>
    private async Task WaitForEndAsync()
    {
        try
        {
            await connection.ReceiveAsync(new byte[1]);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The same end, told differently.
        }

        Close();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await connection.SendAsync(bytes)..];
        }
    }

    private void Done(Frame frame)
    {
        if (frame.Batch is { } batch)
        {
            Interlocked.Decrement(ref _batches);
            Interlocked.Add(ref _bytes, -batch.Length);
            batch.Release();
        }
        else
        {
            Interlocked.Decrement(ref _controlFrames);
        }
    }

    private readonly record struct Frame(byte[] Header, SharedBytes? Batch);
}
