using System.Threading.Channels;
using Phoenix.Pipelines;

namespace Phoenix.Collector.Preview;

/// <summary>
/// The latest input batches, compressed, for previews. The pipeline only hands a reference over: a thread of its own
/// compresses, and where that falls behind, batches are left out and counted instead of waited for.
/// </summary>
internal sealed class RecentInput
{
    // Enough for a burst of scrapes at one tick; the batches they hold are bounded by the input queue's own pool.
    private const int Waiting = 8;

    private readonly Channel<(long UnixNanos, SharedBytes Batch)> _offered;
    private readonly Queue<(long UnixNanos, byte[] Packed)> _kept = new();
    private readonly Lock _gate = new();
    private long _bytes;
    private long _missed;

    public RecentInput(SampleSettings settings)
    {
        Settings = settings;
        _offered = Channel.CreateBounded<(long, SharedBytes)>(new BoundedChannelOptions(Waiting) { SingleReader = true, SingleWriter = true });
        // Without it there are no previews; the collector goes on and says why.
        Task.Run(PackAsync).ContinueWith(
            packing => Log.Error("recent input is no longer kept", ("reason", packing.Exception!.InnerException!.Message)),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public SampleSettings Settings { get; }

    /// <summary>Batches left out since the start.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    /// <summary>Keeps the batch if there is time for it. Never waits.</summary>
    public void Offer(long unixNanos, SharedBytes batch)
    {
        batch.Retain();
        if (!_offered.Writer.TryWrite((unixNanos, batch)))
        {
            batch.Release();
            Interlocked.Increment(ref _missed);
        }
    }

    /// <summary>The sample as it stands, in the format of <see cref="Sample"/>.</summary>
    public async Task WriteAsync(Stream stream, CancellationToken cancellation)
    {
        List<byte[]> kept;
        lock (_gate)
        {
            Evict(Clock.UnixNanos());
            kept = [.. _kept.Select(k => k.Packed)];
        }

        using var head = new MemoryStream();
        Sample.WriteHead(head, Missed);
        await stream.WriteAsync(head.ToArray(), cancellation);
        foreach (var batch in kept)
        {
            await stream.WriteAsync(batch, cancellation);
        }
    }

    /// <summary>Takes no more; what was offered is given back to its pool.</summary>
    public void Complete() => _offered.Writer.TryComplete();

    private async Task PackAsync()
    {
        await foreach (var (unixNanos, batch) in _offered.Reader.ReadAllAsync())
        {
            byte[] packed;
            try
            {
                packed = Sample.Pack(unixNanos, batch.Span);
            }
            finally
            {
                batch.Release();
            }

            lock (_gate)
            {
                _kept.Enqueue((unixNanos, packed));
                _bytes += packed.Length;
                Evict(unixNanos);
            }
        }
    }

    private void Evict(long now)
    {
        while (_kept.TryPeek(out var oldest) && (_bytes > Settings.MaxBytes || now - oldest.UnixNanos > Clock.Nanos(Settings.MaxAge)))
        {
            _kept.Dequeue();
            _bytes -= oldest.Packed.Length;
        }
    }
}
