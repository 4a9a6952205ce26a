using System.Buffers;
using CsCheck;
using Google.Protobuf;

namespace Phoenix.Telemetry.Tests;

/// <summary>Faults within exemplars, buckets, quantiles and metadata: refused where a batch comes in, so that nobody meets them later.</summary>
public class MalformedInsideTests
{
    private static readonly byte[] WrongTag = [0x0F];
    private static readonly byte[] CutOff = [0x80];

    public static TheoryData<string, byte[], string> Batches => new()
    {
        { "exemplar of a number", Sum(WrongTag), "wire type 7" },
        { "exemplar of a histogram", Point(MetricType.Histogram, 8, WrongTag), "wire type 7" },
        { "exemplar of an exponential histogram", Point(MetricType.ExponentialHistogram, 11, WrongTag), "wire type 7" },
        { "exemplar attribute nested too deeply", Sum(Exemplar(Nested(2_000))), "nested more than 32 deep" },
        { "bucket counts", Point(MetricType.Histogram, 6, new byte[9]), "bucket counts that are cut off" },
        { "explicit bounds", Point(MetricType.Histogram, 7, new byte[7]), "explicit bounds that are cut off" },
        { "positive buckets", Point(MetricType.ExponentialHistogram, 8, WrongTag), "wire type 7" },
        { "negative buckets, packed", Point(MetricType.ExponentialHistogram, 9, Buckets(b => b.Bytes(2, [1, 2, 0x80]))), "a number that is cut off" },
        { "negative buckets, packed and long", Point(MetricType.ExponentialHistogram, 9, Buckets(b => b.Bytes(2, [.. Enumerable.Repeat((byte)0x80, 10), 1]))), "more than ten bytes" },
        { "positive buckets, unpacked", Point(MetricType.ExponentialHistogram, 8, Buckets(b => { b.Tag(2, WireType.Varint); b.Append(CutOff); })), "a number that is cut off" },
        { "positive buckets as eight bytes", Point(MetricType.ExponentialHistogram, 8, Buckets(b => b.Fixed64(2, 1))), "bucket counts in wire type 1" },
        { "offset as text", Point(MetricType.ExponentialHistogram, 8, Buckets(b => b.Bytes(1, [1]))), "bucket offset in wire type 2" },
        { "scale as text", Point(MetricType.ExponentialHistogram, 6, [1]), "field 6 of a data point in wire type 2" },
        { "smallest value as text", Point(MetricType.Histogram, 11, [1]), "field 11 of a data point in wire type 2" },
        { "quantile", Point(MetricType.Summary, 6, WrongTag), "wire type 7" },
        { "metadata of a metric", Around(buffer => buffer.Bytes(12, WrongTag)), "wire type 7" },
        { "entity of a resource", Resource(buffer => buffer.Bytes(3, WrongTag)), "wire type 7" },
    };

    [Theory]
    [MemberData(nameof(Batches))]
    public void the_batch_is_refused_and_the_reason_names_the_place(string what, byte[] batch, string reason)
    {
        var before = Telemetry.Tests.Batches.Counter("good", 1, ("", 1));
        var fault = Should.Throw<OtlpFormatException>(() => OtlpReader.Validate([.. before, .. batch]), what);
        fault.Message.ShouldContain(reason);
        fault.Offset.ShouldBeInRange(before.Length, before.Length + batch.Length);
        var byField = Should.Throw<OtlpFormatException>(() => OtlpReader.ReadWhole([.. before, .. batch]), what);
        (byField.Message, byField.Offset).ShouldBe((fault.Message, fault.Offset));
    }

    [Fact]
    public void buckets_that_are_not_packed_are_read_like_packed_ones()
    {
        var packed = Point(MetricType.ExponentialHistogram, 8, Buckets(b => b.Bytes(2, [1, 0x80, 1])));
        var unpacked = Point(MetricType.ExponentialHistogram, 8, Buckets(b =>
        {
            foreach (var count in new[] { 1u, 128u })
            {
                b.Tag(2, WireType.Varint);
                b.Varint(count);
            }
        }));
        Text(unpacked).ShouldBe(Text(packed));
        Text(packed).ShouldContain("\"bucketCounts\":[\"1\",\"128\"]");
    }

    [Fact]
    public void looking_inside_allocates_nothing()
    {
        byte[] batch =
        [
            .. Sum(Exemplar([0x0A, 0x01, 0x61])), .. Point(MetricType.Histogram, 6, new byte[16]), .. Point(MetricType.Summary, 6, new byte[] { 0x09, 0, 0, 0, 0, 0, 0, 0, 0 }),
            .. Point(MetricType.ExponentialHistogram, 8, Buckets(b => b.Bytes(2, [1, 0x80, 1]))), .. Around(buffer => buffer.Bytes(12, Pair())),
        ];
        OtlpReader.Validate(batch).ShouldBe(4);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            OtlpReader.Validate(batch);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void what_is_accepted_is_written_as_json() => Gen.Select(OtlpCodecTests.Requests, Gen.Int, Gen.Byte, Gen.Byte).Sample(
        (request, place, first, second) =>
        {
            var bytes = request.ToByteArray();
            if (bytes.Length < 2)
                return;
            var at = (int)((uint)place % (bytes.Length - 1));
            (bytes[at], bytes[at + 1]) = (first, second);
            try
            {
                OtlpReader.Validate(bytes);
            }
            catch (OtlpFormatException)
            {
                return;
            }

            Text(bytes).ShouldNotBeEmpty();
        },
        iter: 20_000);

    private static string Text(byte[] batch)
    {
        using var json = new OtlpJsonWriter();
        var text = new ArrayBufferWriter<byte>();
        json.Write(batch, text);
        return System.Text.Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static byte[] Buckets(Action<ProtoBuffer> write)
    {
        var buffer = new ProtoBuffer();
        write(buffer);
        return buffer.Span.ToArray();
    }

    private static byte[] Resource(Action<ProtoBuffer> inside)
    {
        var buffer = new ProtoBuffer();
        var metrics = buffer.Begin(1);
        var resource = buffer.Begin(1);
        inside(buffer);
        buffer.End(resource);
        buffer.End(metrics);
        return buffer.Span.ToArray();
    }

    private static byte[] Around(Action<ProtoBuffer> insideMetric)
    {
        var buffer = new ProtoBuffer();
        var resource = buffer.Begin(1);
        var scope = buffer.Begin(2);
        var metric = buffer.Begin(2);
        buffer.Text(1, "m");
        insideMetric(buffer);
        buffer.End(metric);
        buffer.End(scope);
        buffer.End(resource);
        return buffer.Span.ToArray();
    }

    private static byte[] Sum(byte[] exemplar) => Point(MetricType.Sum, 5, exemplar);

    private static byte[] Exemplar(byte[] anyValue)
    {
        var buffer = new ProtoBuffer();
        var pair = buffer.Begin(7);
        buffer.Text(1, "a");
        buffer.Bytes(2, anyValue);
        buffer.End(pair);
        return buffer.Span.ToArray();
    }

    private static byte[] Pair() => [0x0A, 1, (byte)'k', 0x12, 3, 0x0A, 1, (byte)'v'];

    private static byte[] Nested(int depth)
    {
        byte[] value = [0x0A, 0x01, 0x61];
        for (; depth > 0; depth--)
        {
            var buffer = new ProtoBuffer();
            var array = buffer.Begin(5);
            buffer.Bytes(1, value);
            buffer.End(array);
            value = buffer.Span.ToArray();
        }

        return value;
    }

    private static byte[] Point(MetricType type, int field, byte[] content) => Around(buffer =>
    {
        var data = buffer.Begin((int)type);
        if (type != MetricType.Summary)
        {
            buffer.Tag(2, WireType.Varint);
            buffer.Varint((uint)Temporality.Cumulative);
        }

        if (type == MetricType.Sum)
            buffer.Flag(3);
        var point = buffer.Begin(1);
        buffer.Fixed64(3, 1);
        if (type == MetricType.Sum)
            buffer.Fixed64(6, 1);
        buffer.Bytes(field, content);
        buffer.End(point);
        buffer.End(data);
    });
}
