using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Exporters;

/// <summary>One body to send, made once however often it is sent. Its holder releases the bytes.</summary>
/// <param name="Points">Data points in it.</param>
/// <param name="Compression">What the bytes are compressed with; it may differ from the exporter's after a reload.</param>
internal readonly record struct Payload(SharedBytes Bytes, int Points, Compression Compression);

/// <summary>Turns a batch into the payloads of one kind of exporter. Called by the pipeline thread alone.</summary>
internal interface IBatchEncoder
{
    /// <summary>Adds the payloads of a batch, each with a hold of its own on its bytes.</summary>
    /// <returns>Points of the batch that the format cannot carry.</returns>
    int Encode(EncodedBatch batch, List<Payload> payloads);
}

/// <summary>OTLP: the batch as it is, compressed.</summary>
internal sealed class OtlpEncoder(Compression compression) : IBatchEncoder
{
    public int Encode(EncodedBatch batch, List<Payload> payloads)
    {
        payloads.Add(new Payload(batch.As(compression).Retain(), batch.Points, compression));
        return 0;
    }
}
