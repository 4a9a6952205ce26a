using System.Collections.Concurrent;
using Phoenix.Collector.Pipeline;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers;

/// <summary>Where receivers put their batches: into the pipeline's queue, counted by receiver and transport.</summary>
internal sealed class Intake(InputQueue queue, MetricsPipeline pipeline)
{
    private readonly ConcurrentDictionary<(string Receiver, string Transport), ReceiverIntake> _receivers = new();

    /// <summary>Every receiver and transport that ever received, in a stable order.</summary>
    public IEnumerable<ReceiverIntake> Receivers => _receivers.Values.OrderBy(r => (r.Receiver, r.Transport));

    /// <param name="transport"><c>grpc</c>, <c>http</c>, or the empty text for what a receiver collects by itself.</param>
    public ReceiverIntake For(string receiver, string transport) =>
        _receivers.GetOrAdd((receiver, transport), static (key, to) => new(key.Receiver, key.Transport, to.queue, to.pipeline), (queue, pipeline));
}

/// <summary>One receiver's way in over one transport, and what it counted since the process began.</summary>
internal sealed class ReceiverIntake(string receiver, string transport, InputQueue queue, MetricsPipeline pipeline)
{
    // Less than any sender's time-out, and long enough for a queue of the default size to move.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(100);

    private long _accepted;
    private long _refused;
    private long _errors;

    public string Receiver { get; } = receiver;

    public string Transport { get; } = transport;

    /// <summary>Points that entered the pipeline's queue.</summary>
    public long AcceptedPoints => Interlocked.Read(ref _accepted);

    /// <summary>Points that were turned away, whether the sender may try again or not.</summary>
    public long RefusedPoints => Interlocked.Read(ref _refused);

    /// <summary>Reads of a receiver's own collection that failed, such as files of processes that belong to others.</summary>
    public long Errors => Interlocked.Read(ref _errors);

    /// <summary>Lets a sender wait a moment while the pipeline is full, before its batch is checked.</summary>
    /// <param name="bytes">About how large the batch will be.</param>
    public ValueTask RoomAsync(int bytes) => queue.RoomAsync(bytes, LongestWait);

    /// <summary>Takes a validated batch, and with it the caller's hold on it.</summary>
    /// <param name="decoder">What decoded it, if that goes with it.</param>
    /// <returns>False where the pipeline is full: the points count as refused, and the sender should try again.</returns>
    public bool TryAccept(SharedBytes batch, int points, BatchDecoder? decoder = null)
    {
        if (queue.TryEnqueue(batch, Clock.UnixNanos(), decoder))
        {
            Interlocked.Add(ref _accepted, points);
            return true;
        }

        batch.Release();
        Refuse(points);
        return false;
    }

    /// <summary>Checks a batch by decoding it, and takes it together with what was decoded.</summary>
    /// <param name="handOver">Gives the bytes that were checked; called where there are points in them.</param>
    /// <returns>False where the pipeline is full.</returns>
    /// <exception cref="OtlpFormatException">The batch is malformed.</exception>
    public bool TryAcceptChecked(ReadOnlySpan<byte> batch, Func<SharedBytes> handOver)
    {
        var decoders = pipeline.Decoders;
        var decoder = decoders.Rent();
        var travels = false;
        try
        {
            var points = decoder.Decode(batch).PointCount;
            if (points == 0)
            {
                return true;
            }

            travels = decoders.TrySend(decoder);
            if (TryAccept(handOver(), points, travels ? decoder : null))
            {
                return true;
            }

            if (travels)
            {
                decoders.Arrived(decoder);
            }

            return false;
        }
        finally
        {
            if (!travels)
            {
                decoders.Return(decoder);
            }
        }
    }

    /// <summary>Takes what a receiver of this collector collected, which nobody will send again.</summary>
    public void AcceptOwn(ReadOnlySpan<byte> batch, int points)
    {
        if (points > 0 && !TryAccept(SharedBytes.Copy(batch), points))
        {
            Log.Warn("points lost: the pipeline is full", ("receiver", Receiver), ("points", points));
        }
    }

    public void CountErrors(long reads) => Interlocked.Add(ref _errors, reads);

    /// <summary>Counts points that were turned away before they reached the pipeline.</summary>
    public void Refuse(long points)
    {
        Interlocked.Add(ref _refused, points);
        pipeline.Refuse(points);
    }
}
