namespace Phoenix.Pipelines.Components;

/// <summary>What an exporter does whose queue is full.</summary>
public enum Overflow
{
    /// <summary>
    /// Holds the input where no exporter of the pipeline could take a batch; drops its own newest batch while another one can.
    /// One stalled backend thus starves no other, and a single one loses nothing.
    /// </summary>
    Isolate,

    /// <summary>Holds the input: nothing is taken from the receivers' queue until there is room, and senders are refused.</summary>
    Hold,

    /// <summary>Drops its newest batch and counts it. Never holds anything up.</summary>
    Drop,
}

/// <summary>Batches that wait to be sent: <c>sending_queue</c>.</summary>
/// <param name="Batches">How many may wait, those under way included.</param>
/// <param name="Bytes">Memory that they may hold.</param>
/// <param name="Consumers">Requests under way at a time; more than one gives up the order.</param>
public sealed record QueueSettings(int Batches, long Bytes, int Consumers, Overflow Overflow)
{
    internal static QueueSettings Default { get; } = new(1000, 64L << 20, 1, Overflow.Isolate);

    internal static QueueSettings Read(SectionReader? section, QueueSettings byDefault, int maxConsumers = 64)
    {
        if (section is null)
        {
            return byDefault;
        }

        // A queue always exists, since the pipeline must not wait for a backend. Only true is accepted.
        if (!section.Flag("enabled", true))
        {
            section.Error("enabled", "the queue cannot be switched off", "remove the key, or bound the queue with queue_size");
        }

        // Batches. Default 1000.
        var size = (int)section.Integer("queue_size", byDefault.Batches, 1, 100_000);
        // Bytes of memory, as the batches are sent. Default 64 MiB.
        var bytes = section.Integer("queue_bytes", byDefault.Bytes, 1024, 4L << 30);
        // Requests under way at a time. Default 1, which keeps the order; the OpenTelemetry Collector's default is 10.
        var consumers = (int)section.Integer("num_consumers", byDefault.Consumers, 1, maxConsumers);
        // true holds the input where this queue is full, false drops; without it the input is held where no exporter has room.
        var overflow = !section.Has("block_on_overflow") ? byDefault.Overflow
            : section.Flag("block_on_overflow", true) ? Overflow.Hold : Overflow.Drop;
        section.RejectUnknown();
        return new(size, bytes, consumers, overflow);
    }
}
