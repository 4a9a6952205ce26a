namespace Phoenix.Collector.Exporters;

/// <summary>Finds single fields in the small protobuf messages that backends answer with. What is no protobuf has no fields.</summary>
internal static class ProtoFields
{
    /// <summary>The last such field, as protobuf merges repeated ones; every other field is passed over.</summary>
    public static bool TryFind(ReadOnlySpan<byte> message, int field, out ReadOnlySpan<byte> content) =>
        Find(message, field, wireType: 2, out content, out _);

    /// <summary>The last such number.</summary>
    public static bool TryFind(ReadOnlySpan<byte> message, int field, out ulong number) =>
        Find(message, field, wireType: 0, out _, out number);

    private static bool Find(ReadOnlySpan<byte> message, int field, int wireType, out ReadOnlySpan<byte> content, out ulong number)
    {
        content = default;
        number = 0;
        var found = false;
        while (!message.IsEmpty)
        {
            if (!ReadVarint(ref message, out var tag))
            {
                return false;
            }

            var isWanted = tag == (ulong)((field << 3) | wireType);
            switch (tag & 7)
            {
                case 0 when ReadVarint(ref message, out var value):
                    number = isWanted ? value : number;
                    break;
                case 1 when message.Length >= sizeof(ulong):
                    message = message[sizeof(ulong)..];
                    break;
                case 2 when ReadVarint(ref message, out var length) && length <= (ulong)message.Length:
                    content = isWanted ? message[..(int)length] : content;
                    message = message[(int)length..];
                    break;
                case 5 when message.Length >= sizeof(uint):
                    message = message[sizeof(uint)..];
                    break;
                default:
                    return false;
            }

            found |= isWanted;
        }

        return found;
    }

    private static bool ReadVarint(ref ReadOnlySpan<byte> message, out ulong value)
    {
        value = 0;
        for (var i = 0; i < message.Length && i < 10; i++)
        {
            value |= (ulong)(message[i] & 0x7f) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
