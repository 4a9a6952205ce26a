using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Stream identity: a 128-bit sum, modulo 2^128, of one XxHash128 per attribute of the resource, scope and point, and one
/// of the metric's name, unit, type, temporality and monotonicity. A sum does not depend on order, needs no sorting, and lets
/// a label be taken out by subtraction.
/// </summary>
/// <remarks>
/// n streams collide with a probability of about n² / 2^129: 1.5e-27 for a million. The seeds are fixed, so that two
/// processes agree; this guards against accidents, not against a sender who searches for collisions.
/// </remarks>
internal static class Identity
{
    private const long ResourceSeed = 0x5245534f;
    private const long ScopeSeed = 0x53434f50;
    private const long MetricSeed = 0x4d455452;
    public const long PointSeed = 0x504f494e;
    private const long ValueSeed = 0x56414c55;
    private const long TupleSeed = 0x5455504c;

    public static UInt128 OfResource(ReadOnlySpan<byte> resource) => OfAttributes(resource, Attributes.OfResource, ResourceSeed);

    public static UInt128 OfScope(ReadOnlySpan<byte> scope)
    {
        var sum = OfAttributes(scope, Attributes.OfScope, ScopeSeed);
        var cursor = new ProtoCursor(scope, 0);
        while (cursor.Next())
        {
            if (cursor.Field is 1 or 2 && cursor.Wire == WireType.Bytes && cursor.Content.Length > 0)
                sum += XxHash128.HashToUInt128(cursor.Content, ScopeSeed + cursor.Field);
        }

        return sum;
    }

    public static UInt128 OfMetric(ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, MetricType type, Temporality temporality, bool monotonic)
    {
        var kind = ((int)type << 8) | ((int)temporality << 1) | (monotonic ? 1 : 0);
        return XxHash128.HashToUInt128(name, MetricSeed) + XxHash128.HashToUInt128(unit, MetricSeed + 1 + kind);
    }

    /// <summary>What one attribute adds to the identity.</summary>
    public static UInt128 OfAttribute(in AttributeField attribute, bool ofResource) =>
        Hash(attribute.Key, attribute.Value, ofResource ? ResourceSeed : PointSeed);

    /// <summary>What an encoded <c>KeyValue</c> adds to the identity, once it is checked whole.</summary>
    /// <param name="origin">Its offset in the batch.</param>
    /// <exception cref="OtlpFormatException">It is malformed.</exception>
    public static UInt128 OfCheckedAttribute(ReadOnlySpan<byte> pair, int origin, long seed)
    {
        Attributes.CheckPair(pair, origin, out var key, out var value);
        return Hash(key, value, seed);
    }

    /// <summary>What the resource attribute <c>host.id</c> adds to the identity.</summary>
    public static UInt128 OfHostId(string hostId)
    {
        var value = new ProtoBuffer();
        value.TextAlways(1, hostId);
        return OfAttribute(new AttributeField("host.id"u8, value.Span, default), ofResource: true);
    }

    public static UInt128 OfBytes(ReadOnlySpan<byte> bytes) => XxHash128.HashToUInt128(bytes);

    /// <summary>What one label value adds to a ranking group, at its place among the labels.</summary>
    public static UInt128 OfTupleValue(ReadOnlySpan<byte> value, int place) => XxHash128.HashToUInt128(value, TupleSeed + place);

    /// <summary>What one point adds to the order-independent checksum: identity, time and value as it is on the wire.</summary>
    public static UInt128 OfObservation(UInt128 identity, scoped in LedgerPoint point)
    {
        ulong value = point.Bits, form = (point.IsInteger ? 1ul : 0) | (point.HasValue ? 2ul : 0) | (point.NoRecordedValue ? 4ul : 0);
        if (!point.IsNumber)
        {
            var digest = XxHash128.HashToUInt128(point.Bytes, ValueSeed);
            (value, form) = ((ulong)digest, (ulong)(digest >> 64));
        }

        ReadOnlySpan<ulong> words = [(ulong)identity, (ulong)(identity >> 64), point.UnixNanos, point.StartUnixNanos, value, form];
        return XxHash128.HashToUInt128(MemoryMarshal.AsBytes(words), ValueSeed);
    }

    private static UInt128 OfAttributes(ReadOnlySpan<byte> owner, int field, long seed)
    {
        UInt128 sum = 0;
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
            sum += Hash(attributes.Current.Key, attributes.Current.Value, seed);
        return sum;
    }

    // Hashed as the usual encoder writes a pair: an encoder that writes the value first, or a length in more bytes than it
    // needs, names the same attribute.
    private static UInt128 Hash(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long seed)
    {
        const int OnStack = 512, Lengths = 12;
        var size = key.Length + value.Length + Lengths;
        var rented = size > OnStack ? ArrayPool<byte>.Shared.Rent(size) : null;
        Span<byte> pair = rented ?? stackalloc byte[OnStack];
        var length = Append(pair, 0, 1, key);
        length = Append(pair, length, 2, value);
        var hash = XxHash128.HashToUInt128(pair[..length], seed);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return hash;
    }

    private static int Append(Span<byte> target, int at, int field, ReadOnlySpan<byte> content)
    {
        target[at++] = (byte)((field << 3) | WireType.Bytes);
        var rest = (uint)content.Length;
        for (; rest >= 0x80; rest >>= 7)
            target[at++] = (byte)(rest | 0x80);
        target[at++] = (byte)rest;
        content.CopyTo(target[at..]);
        return at + content.Length;
    }
}
