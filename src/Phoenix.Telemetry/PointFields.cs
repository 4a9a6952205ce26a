using System.Buffers.Binary;

namespace Phoenix.Telemetry;

/// <summary>The fields of one data point, of any type; what a type does not have stays zero.</summary>
public ref struct PointFields
{
    /// <summary>Start of a cumulative or delta point in Unix nanoseconds; 0 is unknown.</summary>
    public ulong StartUnixNanos { get; private set; }

    public ulong UnixNanos { get; private set; }

    /// <summary>Number points: the raw bits of the double or the integer.</summary>
    public ulong ValueBits { get; private set; }

    /// <summary>Number points: whether the value is an integer.</summary>
    public bool IsInteger { get; private set; }

    /// <summary>Number points: whether there is a value.</summary>
    public bool HasValue { get; private set; }

    /// <summary>The sender says that there was nothing to record (flag 1).</summary>
    public bool NoRecordedValue { get; private set; }

    /// <summary>Histograms and summaries.</summary>
    public ulong Count { get; private set; }

    public double Sum { get; private set; }

    public bool HasSum { get; private set; }

    /// <summary>Histograms: smallest and largest observation; NaN where the sender does not say.</summary>
    public double Min { get; private set; }

    public double Max { get; private set; }

    /// <summary>Explicit histograms: counts of the buckets, 8 bytes each, little-endian.</summary>
    public ReadOnlySpan<byte> BucketCounts { get; private set; }

    /// <summary>Explicit histograms: upper bounds, 8 bytes each, little-endian.</summary>
    public ReadOnlySpan<byte> ExplicitBounds { get; private set; }

    /// <summary>Summaries: number of quantiles.</summary>
    public int Quantiles { get; private set; }

    /// <summary>Buckets or bounds that are not one packed run, or do not fit each other.</summary>
    public bool Irregular { get; private set; }

    public readonly double Number => IsInteger ? (long)ValueBits : BitConverter.UInt64BitsToDouble(ValueBits);

    /// <summary>Whether a number point carries nothing that can be counted: no value, a staleness mark or NaN.</summary>
    public readonly bool IsEmptyNumber => NoRecordedValue || !HasValue || (!IsInteger && double.IsNaN(Number));

    /// <summary>A start of 0 or at the point's own time is unknown (OTel data model, "Cumulative streams: handling unknown start time").</summary>
    public readonly ulong KnownStart => StartUnixNanos == UnixNanos ? 0 : StartUnixNanos;

    /// <summary>Field of the flags in a point of this type.</summary>
    internal static int FlagsFieldOf(MetricType type) => type is MetricType.Histogram or MetricType.ExponentialHistogram ? 10 : 8;

    /// <summary>Whether a field of a point may come in this wire type: known ones in their own alone, others in any.</summary>
    internal static bool MayHold(int field, int wire, MetricType type)
    {
        if (field == Attributes.FieldOf(type))
            return wire == WireType.Bytes;
        if (field == FlagsFieldOf(type))
            return wire == WireType.Varint;
        return field switch
        {
            2 or 3 or 4 => wire == WireType.Fixed64,
            5 when type is MetricType.Gauge or MetricType.Sum => wire == WireType.Bytes,
            5 => wire == WireType.Fixed64,
            6 when type is MetricType.Gauge or MetricType.Sum => wire == WireType.Fixed64,
            6 when type == MetricType.Summary => wire == WireType.Bytes,
            _ => type switch
            {
                MetricType.Histogram => MayHistogramHold(field, wire),
                MetricType.ExponentialHistogram => MayExponentialHold(field, wire),
                _ => true,
            },
        };

        static bool MayHistogramHold(int field, int wire) => field switch
        {
            6 or 7 => wire is WireType.Bytes or WireType.Fixed64,
            8 => wire == WireType.Bytes,
            11 or 12 => wire == WireType.Fixed64,
            _ => true,
        };

        static bool MayExponentialHold(int field, int wire) => field switch
        {
            6 => wire == WireType.Varint,
            7 or 12 or 13 or 14 => wire == WireType.Fixed64,
            8 or 9 or 11 => wire == WireType.Bytes,
            _ => true,
        };
    }

    internal static PointFields Read(ReadOnlySpan<byte> point, MetricType type, int origin)
    {
        var fields = new PointFields { Min = double.NaN, Max = double.NaN };
        var cursor = new ProtoCursor(point, origin);
        while (cursor.Next())
        {
            if (cursor.Field == 2)
            {
                cursor.Expect(WireType.Fixed64, "start time");
                fields.StartUnixNanos = cursor.Scalar;
            }
            else if (cursor.Field == 3)
            {
                cursor.Expect(WireType.Fixed64, "time");
                fields.UnixNanos = cursor.Scalar;
            }
            else if (cursor.Field == FlagsFieldOf(type))
            {
                cursor.Expect(WireType.Varint, "flags");
                fields.NoRecordedValue = (cursor.Scalar & 1) != 0;
            }
            else if (type is MetricType.Gauge or MetricType.Sum)
            {
                fields.TakeNumber(ref cursor);
            }
            else
            {
                fields.TakeDistribution(ref cursor, type);
            }
        }

        var bounds = fields.ExplicitBounds.Length / 8;
        var buckets = fields.BucketCounts.Length / 8;
        if (fields.ExplicitBounds.Length % 8 != 0 || fields.BucketCounts.Length % 8 != 0 || (buckets != 0 || bounds != 0) && buckets != bounds + 1)
            fields.Irregular = true;
        return fields;
    }

    private void TakeNumber(ref ProtoCursor cursor)
    {
        if (cursor.Field is not (4 or 6))
            return;
        cursor.Expect(WireType.Fixed64, "value");
        ValueBits = cursor.Scalar;
        IsInteger = cursor.Field == 6;
        HasValue = true;
    }

    private void TakeDistribution(ref ProtoCursor cursor, MetricType type)
    {
        switch (cursor.Field)
        {
            case 4:
                cursor.Expect(WireType.Fixed64, "count");
                Count = cursor.Scalar;
                break;
            case 5:
                cursor.Expect(WireType.Fixed64, "sum");
                Sum = BitConverter.UInt64BitsToDouble(cursor.Scalar);
                HasSum = true;
                break;
            case 6 when type == MetricType.Histogram:
                Irregular |= cursor.Wire != WireType.Bytes || BucketCounts.Length > 0;
                BucketCounts = cursor.Wire == WireType.Bytes ? cursor.Content : default;
                break;
            case 7 when type == MetricType.Histogram:
                Irregular |= cursor.Wire != WireType.Bytes || ExplicitBounds.Length > 0;
                ExplicitBounds = cursor.Wire == WireType.Bytes ? cursor.Content : default;
                break;
            case 11 when type == MetricType.Histogram && cursor.Wire == WireType.Fixed64:
            case 12 when type == MetricType.ExponentialHistogram && cursor.Wire == WireType.Fixed64:
                Min = BitConverter.UInt64BitsToDouble(cursor.Scalar);
                break;
            case 12 when type == MetricType.Histogram && cursor.Wire == WireType.Fixed64:
            case 13 when type == MetricType.ExponentialHistogram && cursor.Wire == WireType.Fixed64:
                Max = BitConverter.UInt64BitsToDouble(cursor.Scalar);
                break;
            case 6 when type == MetricType.Summary:
                cursor.Expect(WireType.Bytes, "quantile");
                Quantiles++;
                break;
        }
    }

    /// <summary>Upper bound at an index.</summary>
    internal readonly double Bound(int index) => BinaryPrimitives.ReadDoubleLittleEndian(ExplicitBounds[(index * 8)..]);

    /// <summary>Count of the bucket at an index.</summary>
    internal readonly ulong Bucket(int index) => BinaryPrimitives.ReadUInt64LittleEndian(BucketCounts[(index * 8)..]);
}
