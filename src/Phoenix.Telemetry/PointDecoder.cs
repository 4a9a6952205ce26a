using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Decodes the data points of one metric with their identities. What is written as encoders write it goes a short way; all
/// else is left to the readers that know every case, and a fault is named by <see cref="OtlpReader.ReadWhole"/>.
/// </summary>
/// <remarks>
/// Neighbours often share attributes at the same place: an attribute's hash is remembered by place, and used again where the
/// bytes are the same.
/// </remarks>
internal sealed unsafe class PointDecoder
{
    private const int Places = 32;
    private const int StartTag = (2 << 3) | WireType.Fixed64;
    private const int TimeTag = (3 << 3) | WireType.Fixed64;
    private const int DoubleTag = (4 << 3) | WireType.Fixed64;
    private const int IntegerTag = (6 << 3) | WireType.Fixed64;
    private const int KeyTag = (1 << 3) | WireType.Bytes;
    private const int ValueTag = (2 << 3) | WireType.Bytes;

    private readonly int[] rememberedAt = new int[Places];
    private readonly int[] rememberedLength = new int[Places];
    private readonly UInt128[] rememberedHash = new UInt128[Places];

    /// <exception cref="OtlpFormatException">A point is malformed.</exception>
    public void Decode(ReadOnlySpan<byte> batch, in DecodedMetric metric, UInt128 around, NativeList<DecodedPoint> points)
    {
        Array.Clear(rememberedLength);
        fixed (byte* bytes = batch)
        {
            byte* at = bytes + metric.Data.At, end = at + metric.Data.Length;
            while (at < end)
            {
                var raw = at;
                if (!TryTag(ref at, end, out var tag))
                    throw Fault(batch);
                if (tag != ((1 << 3) | WireType.Bytes))
                {
                    if (tag >> 3 == 1 || !TrySkip(ref at, end, tag))
                        throw Fault(batch);
                    continue;
                }

                if (!TryLength(ref at, end, out var length))
                    throw Fault(batch);
                ref var point = ref points.Add();
                point = default;
                point.RawAt = (int)(raw - bytes);
                point.At = (int)(at - bytes);
                point.Length = length;
                point.Identity = around;
                if (!TryPoint(batch, bytes, at, at + length, metric.Type, ref point))
                    throw Fault(batch);
                at += length;
            }
        }
    }

    private bool TryPoint(ReadOnlySpan<byte> batch, byte* bytes, byte* at, byte* end, MetricType type, ref DecodedPoint point)
    {
        var attributeTag = (Attributes.FieldOf(type) << 3) | WireType.Bytes;
        var flagsTag = (PointFields.FlagsFieldOf(type) << 3) | WireType.Varint;
        var isNumber = type is MetricType.Gauge or MetricType.Sum;
        var place = 0;
        while (at < end)
        {
            if (!TryTag(ref at, end, out var tag))
                return false;
            if (tag == attributeTag)
            {
                if (!TryLength(ref at, end, out var length))
                    return false;
                point.Identity += HashOf(batch, bytes, at, length, place++);
                at += length;
            }
            else if (tag is StartTag or TimeTag)
            {
                if (end - at < 8)
                    return false;
                if (tag == TimeTag)
                    point.UnixNanos = Unsafe.ReadUnaligned<ulong>(at);
                else
                    point.StartUnixNanos = Unsafe.ReadUnaligned<ulong>(at);
                at += 8;
            }
            else if (isNumber && tag is DoubleTag or IntegerTag)
            {
                if (end - at < 8)
                    return false;
                point.ValueBits = Unsafe.ReadUnaligned<ulong>(at);
                point.Flags = (point.Flags & ~PointFlags.Integer) | PointFlags.Value | (tag == IntegerTag ? PointFlags.Integer : 0);
                at += 8;
            }
            else if (tag == flagsTag)
            {
                if (!TryVarint(ref at, end, out var flags))
                    return false;
                point.Flags = (point.Flags & ~PointFlags.NoRecordedValue) | ((flags & 1) != 0 ? PointFlags.NoRecordedValue : 0);
            }
            else if (!PointFields.MayHold((int)(tag >> 3), (int)(tag & 7), type))
            {
                return false;
            }
            else if ((tag & 7) == WireType.Bytes)
            {
                if (!TryLength(ref at, end, out var length))
                    return false;
                PointContent.Check((int)(tag >> 3), batch.Slice((int)(at - bytes), length), type, (int)(at - bytes));
                at += length;
            }
            else if (!TrySkip(ref at, end, tag))
            {
                return false;
            }
        }

        return true;
    }

    private UInt128 HashOf(ReadOnlySpan<byte> batch, byte* bytes, byte* at, int length, int place)
    {
        if (place < Places && rememberedLength[place] == length
            && new ReadOnlySpan<byte>(at, length).SequenceEqual(new ReadOnlySpan<byte>(bytes + rememberedAt[place], length)))
        {
            return rememberedHash[place];
        }

        var hash = IsCanonicalText(at, length)
            ? XxHash128.HashToUInt128(new ReadOnlySpan<byte>(at, length), Identity.PointSeed)
            : Identity.OfCheckedAttribute(batch.Slice((int)(at - bytes), length), (int)(at - bytes), Identity.PointSeed);
        if (place < Places && length > 0)
            (rememberedAt[place], rememberedLength[place], rememberedHash[place]) = ((int)(at - bytes), length, hash);
        return hash;
    }

    /// <summary>A key and a text, each once, in this order, with lengths of one byte: the bytes that identity is defined over.</summary>
    private static bool IsCanonicalText(byte* pair, int length)
    {
        if (length < 6 || pair[0] != KeyTag || pair[1] is 0 or >= 0x80)
            return false;
        var value = 2 + pair[1];
        return length >= value + 4 && pair[value] == ValueTag && pair[value + 1] < 0x80 && value + 2 + pair[value + 1] == length
            && pair[value + 2] == KeyTag && pair[value + 3] < 0x80 && value + 4 + pair[value + 3] == length;
    }

    private static bool TryTag(ref byte* at, byte* end, out uint tag)
    {
        if (*at < 0x80)
        {
            tag = *at++;
            return tag >> 3 != 0;
        }

        var read = TryVarint(ref at, end, out var value);
        tag = (uint)value;
        return read && value <= uint.MaxValue && tag >> 3 != 0;
    }

    private static bool TryLength(ref byte* at, byte* end, out int length)
    {
        var read = TryVarint(ref at, end, out var value);
        length = (int)value;
        return read && value <= (ulong)(end - at);
    }

    private static bool TryVarint(ref byte* at, byte* end, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 70 && at < end; shift += 7)
        {
            var b = *at++;
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return true;
        }

        return false;
    }

    private static bool TrySkip(ref byte* at, byte* end, uint tag)
    {
        switch (tag & 7)
        {
            case WireType.Varint:
                return TryVarint(ref at, end, out _);
            case WireType.Fixed64 when end - at >= 8:
                at += 8;
                return true;
            case WireType.Fixed32 when end - at >= 4:
                at += 4;
                return true;
            case WireType.Bytes when TryLength(ref at, end, out var length):
                at += length;
                return true;
            default:
                return false;
        }
    }

    private static OtlpFormatException Fault(ReadOnlySpan<byte> batch)
    {
        OtlpReader.ReadWhole(batch);
        throw new InvalidOperationException("The decoder refused a batch in which the reader finds no fault.");
    }
}
