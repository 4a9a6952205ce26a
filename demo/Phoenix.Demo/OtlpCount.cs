using System.Buffers.Binary;
using System.IO.Hashing;

namespace Phoenix.Demo;

/// <summary>A stream that arrived: the hash of its identity, and how many classic Prometheus series a backend would store.</summary>
internal readonly record struct ArrivedStream(UInt128 Identity, int Series);

/// <summary>
/// Counts what an OTLP <c>ExportMetricsServiceRequest</c> holds. It shares no code with the collector on purpose: it is the
/// demo's own witness of what reaches a backend. Field numbers: opentelemetry-proto v1, metrics.proto.
/// </summary>
internal static class OtlpCount
{
    /// <exception cref="InvalidDataException">The bytes are not well-formed protobuf.</exception>
    public static List<ArrivedStream> Streams(ReadOnlySpan<byte> request)
    {
        List<ArrivedStream> streams = [];
        var fields = new ProtobufFields(request);
        while (fields.Next())
        {
            if (fields.Number == 1)
            {
                ResourceMetrics(fields.Bytes, streams);
            }
        }

        return streams;
    }

    private static void ResourceMetrics(ReadOnlySpan<byte> message, List<ArrivedStream> streams)
    {
        // Fields may come in any order: the resource first, then what belongs to it.
        UInt128 resource = 0;
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == 1)
            {
                resource = Attributes(fields.Bytes, attributeField: 1);
            }
        }

        fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == 2)
            {
                ScopeMetrics(fields.Bytes, resource, streams);
            }
        }
    }

    private static void ScopeMetrics(ReadOnlySpan<byte> message, UInt128 resource, List<ArrivedStream> streams)
    {
        UInt128 scope = 0;
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == 1)
            {
                scope = XxHash128.HashToUInt128(fields.Bytes, seed: 1);
            }
        }

        fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == 2)
            {
                Metric(fields.Bytes, Combine(resource, scope), streams);
            }
        }
    }

    private static void Metric(ReadOnlySpan<byte> message, UInt128 owner, List<ArrivedStream> streams)
    {
        UInt128 name = 0;
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == 1)
            {
                name = XxHash128.HashToUInt128(fields.Bytes, seed: 2);
            }
        }

        fields = new ProtobufFields(message);
        while (fields.Next())
        {
            // gauge, sum, histogram, exponential histogram, summary: each holds its points in field 1.
            if (fields.Number is 5 or 7 or 9 or 10 or 11)
            {
                Points(fields.Bytes, fields.Number, Combine(owner, name), streams);
            }
        }
    }

    private static void Points(ReadOnlySpan<byte> data, int kind, UInt128 metric, List<ArrivedStream> streams)
    {
        var (attributeField, flagField, partField) = kind switch
        {
            9 => (9, 10, 7),
            10 => (1, 10, 0),
            11 => (7, 8, 6),
            _ => (7, 8, 0),
        };
        var points = new ProtobufFields(data);
        while (points.Next())
        {
            if (points.Number != 1)
            {
                continue;
            }

            UInt128 attributes = 0;
            var (parts, flags) = (0, 0UL);
            var fields = new ProtobufFields(points.Bytes);
            while (fields.Next())
            {
                if (fields.Number == attributeField)
                {
                    attributes += XxHash128.HashToUInt128(fields.Bytes, seed: 3);
                }
                else if (fields.Number == flagField)
                {
                    flags = fields.Value;
                }
                else if (fields.Number == partField)
                {
                    // Bounds come packed (8 bytes each) or one by one; quantiles one by one.
                    parts += kind == 9 && fields.IsBytes ? fields.Bytes.Length / 8 : 1;
                }
            }

            // "No recorded value" marks the end of a stream; it is not a sample of it.
            if ((flags & 1) == 0)
            {
                streams.Add(new(Combine(metric, attributes), kind switch { 9 => parts + 3, 11 => parts + 2, _ => 1 }));
            }
        }
    }

    /// <summary>Order-independent, as the same attributes may be encoded in any order.</summary>
    private static UInt128 Attributes(ReadOnlySpan<byte> message, int attributeField)
    {
        UInt128 sum = 0;
        var fields = new ProtobufFields(message);
        while (fields.Next())
        {
            if (fields.Number == attributeField)
            {
                sum += XxHash128.HashToUInt128(fields.Bytes, seed: 3);
            }
        }

        return sum;
    }

    private static UInt128 Combine(UInt128 a, UInt128 b)
    {
        Span<byte> both = stackalloc byte[32];
        BinaryPrimitives.WriteUInt128LittleEndian(both, a);
        BinaryPrimitives.WriteUInt128LittleEndian(both[16..], b);
        return XxHash128.HashToUInt128(both);
    }
}

/// <summary>Walks the fields of one protobuf message.</summary>
internal ref struct ProtobufFields(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    public int Number { get; private set; }

    /// <summary>The content of a length-delimited field; empty for others.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public bool IsBytes { get; private set; }

    /// <summary>The raw bits of a varint or fixed-width field.</summary>
    public ulong Value { get; private set; }

    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        Number = (int)(tag >> 3);
        Bytes = [];
        Value = 0;
        IsBytes = false;
        switch (tag & 7)
        {
            case 0: Value = Varint(); break;
            case 1: Value = BinaryPrimitives.ReadUInt64LittleEndian(Take(8)); break;
            case 2:
                Bytes = Take(Varint());
                IsBytes = true;
                break;
            case 5: Value = BinaryPrimitives.ReadUInt32LittleEndian(Take(4)); break;
            default: throw new InvalidDataException($"wire type {tag & 7} of field {Number}");
        }

        return true;
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw new InvalidDataException("a field ends behind its message");
        }

        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a varint is longer than 64 bits");
    }
}
