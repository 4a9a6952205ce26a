namespace Phoenix.Telemetry;

/// <summary>Encodes OTLP <c>KeyValue</c> attributes.</summary>
internal static class KeyValue
{
    public static void Write(ProtoBuffer buffer, int field, string key, string value)
    {
        var pair = buffer.Begin(field);
        buffer.Text(1, key);
        var any = buffer.Begin(2);
        buffer.TextAlways(1, value);
        buffer.End(any);
        buffer.End(pair);
    }

    public static void Write(ProtoBuffer buffer, int field, string key, long value)
    {
        var pair = buffer.Begin(field);
        buffer.Text(1, key);
        var any = buffer.Begin(2);
        buffer.Tag(3, WireType.Varint);
        buffer.Varint((ulong)value);
        buffer.End(any);
        buffer.End(pair);
    }

    public static void Write(ProtoBuffer buffer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var pair = buffer.Begin(field);
        buffer.Bytes(1, key);
        var any = buffer.Begin(2);
        buffer.Bytes(1, value);
        buffer.End(any);
        buffer.End(pair);
    }
}
