using System.Collections.Concurrent;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>
/// Decoders of receivers. What a receiver decoded to check it goes with the batch to the pipeline, which so need not decode it
/// again. The tables on their way are bounded: past the bound a batch goes without, and is decoded a second time.
/// </summary>
internal sealed class DecoderPool
{
    // Of batches of a thousand points 256 are on their way at most.
    private const long MostTravelling = 16 << 20;

    // What stays after a burst.
    private const long MostIdle = 4 << 20;

    private readonly ConcurrentQueue<BatchDecoder> _idle = new();
    private long _idleBytes;
    private long _travelling;

    public BatchDecoder Rent()
    {
        if (!_idle.TryDequeue(out var decoder))
        {
            return new BatchDecoder();
        }

        Interlocked.Add(ref _idleBytes, -decoder.TableBytes);
        return decoder;
    }

    /// <summary>Lets a decoder go with its batch. Whoever takes the batch brings it back by <see cref="Arrived"/>.</summary>
    /// <returns>False where too much is on its way.</returns>
    public bool TrySend(BatchDecoder decoder)
    {
        if (Interlocked.Add(ref _travelling, decoder.TableBytes) <= MostTravelling)
        {
            return true;
        }

        Interlocked.Add(ref _travelling, -decoder.TableBytes);
        return false;
    }

    public void Arrived(BatchDecoder decoder)
    {
        Interlocked.Add(ref _travelling, -decoder.TableBytes);
        Return(decoder);
    }

    public void Return(BatchDecoder decoder)
    {
        var bytes = decoder.TableBytes;
        if (Interlocked.Add(ref _idleBytes, bytes) <= MostIdle)
        {
            _idle.Enqueue(decoder);
            return;
        }

        Interlocked.Add(ref _idleBytes, -bytes);
        decoder.FreeTables();
    }
}
