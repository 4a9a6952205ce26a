using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// A growing, reused buffer of protobuf wire format. A nested message is begun before its length is known: one byte is
/// left for the length, and the content moves up where that is not enough, so that lengths are always minimal.
/// </summary>
internal sealed class ProtoBuffer
{
    private byte[] bytes = new byte[512];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Truncate(int length) => Length = length;

    /// <summary>Removes what stands before a position.</summary>
    public void Keep(int from)
    {
        bytes.AsSpan(from, Length - from).CopyTo(bytes);
        Length -= from;
    }

    public void Append(ReadOnlySpan<byte> raw)
    {
        raw.CopyTo(Take(raw.Length));
    }

    public void Varint(ulong value)
    {
        if (value < 0x80)
        {
            Take(1)[0] = (byte)value;
            return;
        }

        var target = Take(10);
        var n = 0;
        while (value >= 0x80)
        {
            target[n++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[n++] = (byte)value;
        Length -= 10 - n;
    }

    /// <summary>A zigzag number, as <c>sint32</c> and <c>sint64</c> have it; its tag is written before.</summary>
    public void SignedVarint(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>A boolean or a flag word that is 1.</summary>
    public void Flag(int field)
    {
        Tag(field, WireType.Varint);
        Varint(1);
    }

    public void Tag(int field, int wireType) => Varint((uint)((field << 3) | wireType));

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.Bytes);
        Varint((uint)value.Length);
        Append(value);
    }

    /// <summary>Leaves an empty string out, as proto3 does.</summary>
    public void Text(int field, string value)
    {
        if (value.Length > 0)
            TextAlways(field, value);
    }

    public void TextAlways(int field, string value)
    {
        Tag(field, WireType.Bytes);
        var size = Encoding.UTF8.GetByteCount(value);
        Varint((uint)size);
        Encoding.UTF8.GetBytes(value, Take(size));
    }

    public void Fixed64(int field, ulong value)
    {
        Tag(field, WireType.Fixed64);
        BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);
    }

    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Begins a nested message; the mark goes to <see cref="End"/>.</summary>
    public int Begin(int field)
    {
        Tag(field, WireType.Bytes);
        Take(1);
        return Length;
    }

    public void End(int mark)
    {
        var size = Length - mark;
        var extra = 0;
        for (var rest = size >> 7; rest > 0; rest >>= 7)
            extra++;
        if (extra > 0)
        {
            Take(extra);
            bytes.AsSpan(mark, size).CopyTo(bytes.AsSpan(mark + extra));
        }

        var at = mark - 1;
        for (var rest = (uint)size; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                bytes[at] = (byte)rest;
                return;
            }

            bytes[at++] = (byte)(rest | 0x80);
        }
    }

    /// <summary>Room at the end for the caller to fill; what it holds is undefined.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Take(int count)
    {
        var needed = checked(Length + count);
        if (needed > bytes.Length)
            Grow(needed);
        var taken = bytes.AsSpan(Length, count);
        Length = needed;
        return taken;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int needed) => Array.Resize(ref bytes, (int)Math.Min(Array.MaxLength, Math.Max(needed, bytes.Length * 2L)));
}

/// <summary>Protobuf wire types that occur in OTLP.</summary>
internal static class WireType
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Bytes = 2;
    public const int Fixed32 = 5;
}
