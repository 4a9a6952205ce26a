using System.Runtime.CompilerServices;

namespace Phoenix.Telemetry;

/// <summary>
/// Looks into the messages and packed runs of a point: exemplars, buckets, bounds and quantiles. It is done where a batch is
/// decoded, so that no later reader meets a fault. Nothing is allocated.
/// </summary>
internal static class PointContent
{
    /// <summary>Reads a point field by field, with the fields of every other kind, and names the first fault.</summary>
    /// <exception cref="OtlpFormatException">A known field comes in another wire type than its own, or is malformed inside.</exception>
    public static void CheckAll(ReadOnlySpan<byte> point, MetricType type, int origin)
    {
        var cursor = new ProtoCursor(point, origin);
        while (cursor.Next())
        {
            if (!PointFields.MayHold(cursor.Field, cursor.Wire, type))
                throw cursor.FaultHere($"field {cursor.Field} of a data point in wire type {cursor.Wire}");
            if (cursor.Wire == WireType.Bytes)
                Check(cursor.Field, cursor.Content, type, cursor.ContentOrigin);
        }
    }

    /// <summary>Reads one length-delimited field of a point whole, if its content is known.</summary>
    /// <remarks>
    /// Not inlined: the texts of its errors would be made when the decoder's loop, long running, is compiled once more.
    /// </remarks>
    /// <exception cref="OtlpFormatException">It is malformed.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Check(int field, ReadOnlySpan<byte> content, MetricType type, int origin)
    {
        if (field == OtlpExemplars.FieldOf(type))
        {
            Attributes.Check(content, OtlpExemplars.FilteredAttributes, origin);
            return;
        }

        switch (type)
        {
            case MetricType.Histogram when field is 6 or 7 && content.Length % 8 != 0:
                throw new OtlpFormatException(field == 6 ? "bucket counts that are cut off" : "explicit bounds that are cut off", origin);
            case MetricType.ExponentialHistogram when field is 8 or 9:
                CheckBuckets(content, origin);
                break;
            case MetricType.Summary when field == 6:
                ProtoCursor.ReadWhole(content, origin);
                break;
        }
    }

    private static void CheckBuckets(ReadOnlySpan<byte> buckets, int origin)
    {
        var cursor = new ProtoCursor(buckets, origin);
        while (cursor.Next())
        {
            if (cursor.Field == 1)
            {
                cursor.Expect(WireType.Varint, "bucket offset");
            }
            else if (cursor.Field == 2 && cursor.Wire != WireType.Varint)
            {
                cursor.Expect(WireType.Bytes, "bucket counts");
                PackedVarints.Check(cursor.Content, cursor.ContentOrigin);
            }
        }
    }
}
