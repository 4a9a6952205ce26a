using System.Buffers;

namespace Phoenix.Telemetry;

/// <summary>Lines series up into requests of bounded size and compresses them. Reused.</summary>
internal sealed class RemoteWriteRequestBuilder(int maxBytes)
{
    private readonly ProtoBuffer buffer = new();
    private readonly ArrayBufferWriter<byte> compressed = new();
    private int points, samples, start, mark;

    public ProtoBuffer Buffer => buffer;

    public void Begin() => start = buffer.Length;

    /// <summary>Ends a series or a piece of metadata that was begun; sends what stands before it where both do not fit.</summary>
    /// <returns>False where it does not fit into any request; it is left out.</returns>
    public bool End(int ofSamples, IRemoteWriteSink sink)
    {
        var length = buffer.Length - start;
        if (length > maxBytes)
        {
            buffer.Truncate(start);
            return false;
        }

        if (buffer.Length > maxBytes)
        {
            Send(start, sink);
            buffer.Keep(start);
        }

        samples += ofSamples;
        start = buffer.Length;
        return true;
    }

    /// <summary>All series of an OTLP point are in.</summary>
    public void PointDone() => points++;

    public void Flush(IRemoteWriteSink sink)
    {
        if (buffer.Length > 0)
            Send(buffer.Length, sink);
        buffer.Clear();
        points = 0;
    }

    /// <summary>Writes one series with one sample.</summary>
    public void Series(PrometheusLabels labels, ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> edge, ulong valueBits, long milliseconds)
    {
        BeginSeries(labels, name, suffix, edge);
        var sample = buffer.Begin(2);
        if (valueBits != 0)
            buffer.Fixed64(1, valueBits);
        buffer.Tag(2, WireType.Varint);
        buffer.Varint((ulong)milliseconds);
        buffer.End(sample);
    }

    public void BeginSeries(PrometheusLabels labels, ReadOnlySpan<byte> name, ReadOnlySpan<byte> suffix, ReadOnlySpan<byte> edge)
    {
        Begin();
        mark = buffer.Begin(1);
        for (var i = 0; i < labels.Count; i++)
        {
            if (i == labels.NameSlot)
                Label(labels.Name(i), name, suffix);
            else if (i == labels.EdgeSlot)
                Label(labels.Name(i), edge, default);
            else
                Label(labels.Name(i), labels.Value(i), default);
        }
    }

    public bool EndSeries(IRemoteWriteSink sink)
    {
        buffer.End(mark);
        return End(1, sink);
    }

    private void Send(int length, IRemoteWriteSink sink)
    {
        compressed.ResetWrittenCount();
        SnappyBody.Compress(buffer.Span[..length], compressed);
        var request = new RemoteWriteRequest(points, samples, length);
        (points, samples) = (0, 0);
        sink.Write(compressed.WrittenSpan, request);
    }

    private void Label(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ReadOnlySpan<byte> more)
    {
        if (value.Length + more.Length == 0)
            return;
        var valueLength = value.Length + more.Length;
        var length = 2 + name.Length + VarintLength(name.Length) + valueLength + VarintLength(valueLength);
        var target = buffer.Take(1 + VarintLength(length) + length);
        target[0] = (1 << 3) | WireType.Bytes;
        target = target[(1 + Varint(target[1..], length))..];
        target[0] = (1 << 3) | WireType.Bytes;
        target = target[(1 + Varint(target[1..], name.Length))..];
        name.CopyTo(target);
        target = target[name.Length..];
        target[0] = (2 << 3) | WireType.Bytes;
        target = target[(1 + Varint(target[1..], valueLength))..];
        value.CopyTo(target);
        more.CopyTo(target[value.Length..]);
    }

    private static int Varint(Span<byte> target, int value)
    {
        var length = 0;
        for (var rest = (uint)value; ; rest >>= 7)
        {
            target[length++] = (byte)(rest < 0x80 ? rest : rest | 0x80);
            if (rest < 0x80)
                return length;
        }
    }

    private static int VarintLength(int value) => value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}
