using System.Buffers.Binary;
using System.Text;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>A data point as a backend reads it. Shares no code with the decoders under test below the level of metrics.</summary>
internal sealed record DecodedPoint(
    string Metric, MetricType Type, IReadOnlyDictionary<string, string> Resource, IReadOnlyDictionary<string, string> Labels, ulong UnixNanos, double Value, bool Stale, ulong Start)
{
    public static List<DecodedPoint> ReadAll(ReadOnlySpan<byte> batch)
    {
        var points = new List<DecodedPoint>();
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            var resource = Attributes(reader.Resource, 1);
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                    {
                        points.Add(Read(Encoding.UTF8.GetString(reader.MetricName), reader.Type, resource, reader.Point));
                    }
                }
            }
        }

        return points;
    }

    private static DecodedPoint Read(string metric, MetricType type, Dictionary<string, string> resource, ReadOnlySpan<byte> point)
    {
        var (attributes, flags) = type switch
        {
            MetricType.Histogram => (9, 10),
            MetricType.ExponentialHistogram => (1, 10),
            _ => (7, 8),
        };
        ulong time = 0, start = 0;
        var (value, stale) = (double.NaN, false);
        foreach (var (field, number, _) in Fields(point))
        {
            switch (field)
            {
                case 2 when type != MetricType.None: start = number; break;
                case 3: time = number; break;
                case 4 when type is MetricType.Gauge or MetricType.Sum: value = BitConverter.UInt64BitsToDouble(number); break;
                case 4: value = number; break;
                case 6 when type is MetricType.Gauge or MetricType.Sum: value = (long)number; break;
                default: stale |= field == flags && (number & 1) == 1; break;
            }
        }

        return new(metric, type, resource, Attributes(point, attributes), time, value, stale, start);
    }

    private static Dictionary<string, string> Attributes(ReadOnlySpan<byte> owner, int field)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var (number, _, pair) in Fields(owner))
        {
            if (number != field)
            {
                continue;
            }

            var fields = Fields(pair);
            var value = Fields(fields.Single(f => f.Field == 2).Content).SingleOrDefault();
            attributes.Add(Encoding.UTF8.GetString(fields.Single(f => f.Field == 1).Content), value.Field switch
            {
                1 => Encoding.UTF8.GetString(value.Content),
                _ => value.Number.ToString(System.Globalization.CultureInfo.InvariantCulture),
            });
        }

        return attributes;
    }

    private static List<(int Field, ulong Number, byte[] Content)> Fields(ReadOnlySpan<byte> message)
    {
        var fields = new List<(int, ulong, byte[])>();
        while (!message.IsEmpty)
        {
            var tag = Varint(ref message);
            var (field, number, content) = ((int)(tag >> 3), 0ul, Array.Empty<byte>());
            switch (tag & 7)
            {
                case 0:
                    number = Varint(ref message);
                    break;
                case 1:
                    number = BinaryPrimitives.ReadUInt64LittleEndian(message);
                    message = message[8..];
                    break;
                case 2:
                    var length = (int)Varint(ref message);
                    content = message[..length].ToArray();
                    message = message[length..];
                    break;
                default:
                    throw new InvalidDataException($"wire type {tag & 7}");
            }

            fields.Add((field, number, content));
        }

        return fields;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = message[0];
            message = message[1..];
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }
}
