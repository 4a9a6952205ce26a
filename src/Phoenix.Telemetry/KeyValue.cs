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
        // All lengths fit one byte, and so does the tag: the usual label, written in one go.
        if (field < 16 && key.Length + value.Length < 0x80 - 6)
        {
            var target = buffer.Take(8 + key.Length + value.Length);
            target[0] = (byte)((field << 3) | WireType.Bytes);
            target[1] = (byte)(6 + key.Length + value.Length);
            target[2] = (1 << 3) | WireType.Bytes;
            target[3] = (byte)key.Length;
            key.CopyTo(target[4..]);
            var text = target[(4 + key.Length)..];
            text[0] = (2 << 3) | WireType.Bytes;
            text[1] = (byte)(2 + value.Length);
            text[2] = (1 << 3) | WireType.Bytes;
            text[3] = (byte)value.Length;
            value.CopyTo(text[4..]);
            return;
        }

        var pair = buffer.Begin(field);
        buffer.Bytes(1, key);
        var any = buffer.Begin(2);
        buffer.Bytes(1, value);
        buffer.End(any);
        buffer.End(pair);
    }
}
