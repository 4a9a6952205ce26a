using System.Buffers;

namespace Phoenix.Telemetry.Tests;

/// <summary>Faults within exemplars, buckets and quantiles, which are met only by who reads them.</summary>
public class MalformedInsideTests
{
    private static readonly byte[] WrongTag = [0x0F];

    public static TheoryData<string, byte[]> Batches => new()
    {
        { "exemplar", Sum(WrongTag) },
        { "exemplar attribute nested too deeply", Sum(Exemplar(Nested(2_000))) },
        { "quantile", Point(MetricType.Summary, 6, WrongTag) },
    };

    [Theory]
    [MemberData(nameof(Batches))]
    public void the_point_is_refused_and_the_others_pass(string what, byte[] batch)
    {
        OtlpReader.Validate(batch).ShouldBe(1, what);
        var both = batch.Concat(Telemetry.Tests.Batches.Counter("good", 1, ("", 1))).ToArray();
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions());
        var sink = new Points();
        encoder.Encode(both, sink);
        (sink.Count, encoder.Refused.Sum(r => r.Points)).ShouldBe((1, 1L));
        encoder.Refused[0].Rule.ShouldBe(new DroppedPoints("a point that is malformed inside", 1).Rule);

        // Exemplars are not shown there: a point with a malformed one is shown without it.
        var exposition = new PrometheusExposition(new PrometheusExpositionOptions());
        exposition.Take(both, 1).Unsupported.ShouldBe(what == "quantile" ? 1 : 0);
        exposition.Write(openMetrics: true, 1).Sum(piece => piece.Length).ShouldBeGreaterThan(0);

        using var json = new OtlpJsonWriter();
        Should.Throw<OtlpFormatException>(() => json.Write(batch, new ArrayBufferWriter<byte>()));
    }

    [Fact]
    public void a_malformed_exponential_histogram_is_refused_by_remote_write()
    {
        var batch = Point(MetricType.ExponentialHistogram, 8, WrongTag);
        OtlpReader.Validate(batch).ShouldBe(1);
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions());
        encoder.Encode(batch, new Points());
        encoder.Refused.ShouldBe([new DroppedPoints("a point that is malformed inside", 1)]);
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

    private static byte[] Point(MetricType type, int field, byte[] content)
    {
        var buffer = new ProtoBuffer();
        var resource = buffer.Begin(1);
        var scope = buffer.Begin(2);
        var metric = buffer.Begin(2);
        buffer.Text(1, "m");
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
        buffer.End(metric);
        buffer.End(scope);
        buffer.End(resource);
        return buffer.Span.ToArray();
    }

    private sealed class Points : IRemoteWriteSink
    {
        public int Count { get; private set; }

        public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request) => Count += request.Points;
    }
}
