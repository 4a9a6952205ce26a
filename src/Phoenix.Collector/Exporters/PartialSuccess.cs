namespace Phoenix.Collector.Exporters;

/// <summary>
/// What a backend says in an <c>ExportMetricsServiceResponse</c> about points that it did not take although it answered 200
/// (OTLP specification, §Partial Success): field 1 <c>partial_success</c>, in it field 1 <c>rejected_data_points</c>.
/// </summary>
internal static class PartialSuccess
{
    /// <returns>Points rejected; 0 where the answer names none or is no protobuf message.</returns>
    public static long Rejected(ReadOnlySpan<byte> response) =>
        Find(response, wireType: 2, out var partial, out _) && Find(partial, wireType: 0, out _, out var rejected)
            ? (long)Math.Min(rejected, long.MaxValue)
            : 0;

    /// <summary>Finds the last field 1 of the wire type, as protobuf merges repeated ones; every other field is passed over.</summary>
    private static bool Find(ReadOnlySpan<byte> message, int wireType, out ReadOnlySpan<byte> content, out ulong number)
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

            var isWanted = tag == (ulong)((1 << 3) | wireType);
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
