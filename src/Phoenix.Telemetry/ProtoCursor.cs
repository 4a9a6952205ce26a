using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Walks the fields of one protobuf message. Every step consumes at least one byte, so that no input makes it loop.
/// </summary>
internal ref struct ProtoCursor(ReadOnlySpan<byte> message, int origin)
{
    private readonly ReadOnlySpan<byte> message = message;
    private int position;

    /// <summary>Number of the field that was just read.</summary>
    public int Field { get; private set; }

    public int Wire { get; private set; }

    /// <summary>Value of a varint or fixed field.</summary>
    public ulong Scalar { get; private set; }

    /// <summary>Content of a length-delimited field.</summary>
    public ReadOnlySpan<byte> Content { get; private set; }

    /// <summary>Offset of <see cref="Content"/> in the batch.</summary>
    public int ContentOrigin { get; private set; }

    /// <summary>The whole field with its tag.</summary>
    public ReadOnlySpan<byte> Raw { get; private set; }

    /// <summary>Reads a message to its end.</summary>
    /// <exception cref="OtlpFormatException">The bytes are not protobuf.</exception>
    public static void ReadWhole(ReadOnlySpan<byte> message, int origin)
    {
        var cursor = new ProtoCursor(message, origin);
        while (cursor.Next())
            continue;
    }

    /// <exception cref="OtlpFormatException">The bytes are not protobuf.</exception>
    public bool Next()
    {
        if (position >= message.Length)
            return false;
        var start = position;
        var tag = ReadVarint();
        if (tag > uint.MaxValue || tag >> 3 == 0)
            throw Fault("a field number out of range", start);
        Field = (int)(tag >> 3);
        Wire = (int)(tag & 7);
        switch (Wire)
        {
            case WireType.Varint:
                Scalar = ReadVarint();
                break;
            case WireType.Fixed64:
                if (message.Length - position < 8)
                    throw Fault("a 64-bit value that is cut off", start);
                Scalar = BinaryPrimitives.ReadUInt64LittleEndian(message[position..]);
                position += 8;
                break;
            case WireType.Fixed32:
                if (message.Length - position < 4)
                    throw Fault("a 32-bit value that is cut off", start);
                Scalar = BinaryPrimitives.ReadUInt32LittleEndian(message[position..]);
                position += 4;
                break;
            case WireType.Bytes:
                var length = ReadVarint();
                if (length > (ulong)(message.Length - position))
                    throw Fault($"a length of {length} where {message.Length - position} bytes are left", start);
                Content = message.Slice(position, (int)length);
                ContentOrigin = origin + position;
                position += (int)length;
                break;
            default:
                throw Fault($"wire type {Wire}", start);
        }

        Raw = message[start..position];
        return true;
    }

    /// <summary>Refuses a known field that comes in another wire type than its own.</summary>
    public readonly void Expect(int wireType, string what)
    {
        if (Wire != wireType)
            throw FaultHere($"{what} in wire type {Wire} instead of {wireType}");
    }

    /// <summary>A fault at the field that was just read.</summary>
    public readonly OtlpFormatException FaultHere(string problem) => Fault(problem, position - Raw.Length);

    // Nearly all tags and most lengths have one byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ReadVarint() =>
        (uint)position < (uint)message.Length && message[position] < 0x80 ? message[position++] : ReadLongVarint();

    private ulong ReadLongVarint()
    {
        var start = position;
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (position >= message.Length)
                throw Fault("a number that is cut off", start);
            var b = message[position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }

        throw Fault("a number of more than ten bytes", start);
    }

    private readonly OtlpFormatException Fault(string problem, int at) => new(problem, origin + at);
}
