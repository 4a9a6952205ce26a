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
    private const long PointSeed = 0x504f494e;
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

    public static UInt128 OfMetric(scoped in OtlpReader reader)
    {
        var kind = ((int)reader.Type << 8) | ((int)reader.Temporality << 1) | (reader.Monotonic ? 1 : 0);
        return XxHash128.HashToUInt128(reader.MetricName, MetricSeed) + XxHash128.HashToUInt128(reader.MetricUnit, MetricSeed + 1 + kind);
    }

    public static UInt128 OfPoint(ReadOnlySpan<byte> point, MetricType type) => OfAttributes(point, Attributes.FieldOf(type), PointSeed);

    /// <summary>What one attribute adds to the identity.</summary>
    public static UInt128 OfAttribute(in AttributeField attribute, bool ofResource) => Hash(attribute, ofResource ? ResourceSeed : PointSeed);

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
    public static UInt128 OfObservation(UInt128 identity, scoped in OtlpReader reader, scoped in PointFields point)
    {
        ulong value = point.ValueBits, form = (point.IsInteger ? 1ul : 0) | (point.HasValue ? 2ul : 0) | (point.NoRecordedValue ? 4ul : 0);
        if (reader.Type is not (MetricType.Gauge or MetricType.Sum))
        {
            var digest = XxHash128.HashToUInt128(reader.Point, ValueSeed);
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
            sum += Hash(attributes.Current, seed);
        return sum;
    }

    // Key and value are hashed apart: an encoder that writes them in the other order names the same attribute.
    private static UInt128 Hash(in AttributeField attribute, long seed)
    {
        var key = XxHash128.HashToUInt128(attribute.Key, seed);
        return XxHash128.HashToUInt128(attribute.Value, (long)(ulong)key ^ (long)(ulong)(key >> 64));
    }
}
