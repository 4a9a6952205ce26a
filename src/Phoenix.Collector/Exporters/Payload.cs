using System.Buffers.Binary;
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

/// <summary>Messages behind their length as four bytes in network order, as the OpenTelemetry Collector's <c>file</c> exporter writes them.</summary>
internal sealed class FramedEncoder(FileFormat format, Compression compression) : IBatchEncoder
{
    public int Encode(EncodedBatch batch, List<Payload> payloads)
    {
        var message = format == FileFormat.Json ? batch.AsJson(compression) : batch.As(compression);
        var framed = SharedBytes.Rent(sizeof(int) + message.Length);
        BinaryPrimitives.WriteInt32BigEndian(framed.Span, message.Length);
        message.Span.CopyTo(framed.Span[sizeof(int)..]);
        payloads.Add(new Payload(framed, batch.Points, compression));
        return 0;
    }
}

/// <summary>OTLP/JSON, one batch a line.</summary>
internal sealed class LineEncoder : IBatchEncoder
{
    public int Encode(EncodedBatch batch, List<Payload> payloads)
    {
        var json = batch.AsJson(Compression.None);
        var line = SharedBytes.Rent(json.Length + 1);
        json.Span.CopyTo(line.Span);
        line.Span[^1] = (byte)'\n';
        payloads.Add(new Payload(line, batch.Points, Compression.None));
        return 0;
    }
}
