using Phoenix.Collector.Pipeline;

namespace Phoenix.Collector.Receivers;

/// <summary>Where receivers put their batches.</summary>
internal sealed class Intake(InputQueue queue, MetricsPipeline pipeline)
{
    /// <summary>Takes a validated batch.</summary>
    /// <returns>False where the pipeline is full: the points count as refused, and the sender should try again.</returns>
    public bool Accept(ReadOnlySpan<byte> batch, int points)
    {
        var copy = SharedBytes.Copy(batch);
        if (queue.TryEnqueue(copy, Clock.UnixNanos()))
        {
            return true;
        }

        copy.Release();
        pipeline.Refuse(points);
        return false;
    }

    /// <summary>Takes what a receiver of this collector collected, which nobody will send again.</summary>
    public void AcceptOwn(ReadOnlySpan<byte> batch, int points, string receiver)
    {
        if (points > 0 && !Accept(batch, points))
        {
            Log.Warn("points lost: the pipeline is full", ("receiver", receiver), ("points", points));
        }
    }
}
