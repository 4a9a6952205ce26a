using CsCheck;
using Google.Protobuf;

namespace Phoenix.Telemetry.Tests;

/// <summary>The decoder against the reader that goes field by field.</summary>
public class BatchDecoderTests
{
    private static readonly BatchDecoder Decoder = new();

    [Fact]
    public void a_decoded_batch_says_what_the_reader_says() => OtlpCodecTests.Requests.Sample(
        request =>
        {
            var bytes = request.ToByteArray();
            Decoded(new BatchDecoder().Decode(bytes)).ShouldBe(Read(bytes));
        },
        iter: 500);

    [Fact]
    public void identity_does_not_depend_on_the_order_of_attributes_nor_on_how_they_are_written()
    {
        var usual = IdentityOf(p => Pair(p, "customer", "a"), p => Pair(p, "route", "/"));
        IdentityOf(p => Pair(p, "route", "/"), p => Pair(p, "customer", "a")).ShouldBe(usual);
        IdentityOf(p => Pair(p, "customer", "a", valueFirst: true), p => Pair(p, "route", "/")).ShouldBe(usual);
        IdentityOf(p => Pair(p, "customer", "a", longLength: true), p => Pair(p, "route", "/")).ShouldBe(usual);
    }

    [Fact]
    public void streams_that_differ_in_anything_differ_in_identity()
    {
        UInt128[] identities =
        [
            IdentityOf(p => Pair(p, "customer", "a")),
            IdentityOf(p => Pair(p, "customer", "b")),
            IdentityOf(p => Pair(p, "customera", "")),
            IdentityOf(p => Pair(p, "", "customera")),
            IdentityOf(p => Pair(p, "customer", "a"), p => Pair(p, "customer", "a")),
            IdentityOf(p => Pair(p, "customer", new string('a', 400))),
            IdentityOf(),
        ];
        identities.Distinct().Count().ShouldBe(identities.Length);
    }

    [Fact]
    public void neighbours_with_equal_attributes_at_a_place_keep_their_identities_apart()
    {
        var together = Batches.Counter("requests", 1, ("customer=a,route=/", 1), ("customer=a,route=/x", 1), ("customer=b,route=/x", 1), ("customer=a,route=/", 1));
        var apart = new List<UInt128>();
        foreach (var labels in new[] { "customer=a,route=/", "customer=a,route=/x", "customer=b,route=/x", "customer=a,route=/" })
            apart.AddRange(Identities(Batches.Counter("requests", 1, (labels, 1))));
        Identities(together).ShouldBe(apart);
    }

    [Fact]
    public void decoding_allocates_nothing_once_the_tables_have_grown()
    {
        var batch = Batches.Write(
            w =>
            {
                w.CounterPoints("requests", 1, 0, [.. Enumerable.Range(0, 2000).Select(i => ($"customer=c{i},route=/{i % 7}", (long)i))]);
                w.BeginHistogram("latency", "s", "", Temporality.Cumulative);
                w.BeginPoint(1, 2);
                w.Attribute("route", "/");
                w.EndHistogramPoint(3, 1.5, [1, 2], [0.5]);
                w.EndMetric();
            },
            ("service.name", "shop"), ("process.pid", 7));
        var decoder = new BatchDecoder();
        decoder.Decode(batch).PointCount.ShouldBe(2001);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
            decoder.Decode(batch);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static List<string> Decoded(DecodedBatch batch)
    {
        var points = new List<string>();
        var reader = batch.Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    var inMetric = 0;
                    while (reader.NextPoint())
                    {
                        inMetric++;
                        var fields = reader.ReadPoint();
                        var point = reader.Decoded;
                        (point.UnixNanos, point.StartUnixNanos, point.NoRecordedValue, point.KnownStart).ShouldBe(
                            (fields.UnixNanos, fields.StartUnixNanos, fields.NoRecordedValue, fields.KnownStart));
                        if (reader.Type is MetricType.Gauge or MetricType.Sum)
                        {
                            (point.ValueBits, point.IsInteger, point.IsEmptyNumber).ShouldBe((fields.ValueBits, fields.IsInteger, fields.IsEmptyNumber));
                        }

                        points.Add(string.Join(
                            ' ', Hex(reader.Resource), Hex(reader.ResourceMetrics), Hex(reader.Scope), Hex(reader.ScopeMetrics), Hex(reader.Metric), Hex(reader.RawMetric),
                            Hex(reader.MetricName), Hex(reader.MetricUnit), Hex(reader.Data), Hex(reader.Point), Hex(reader.RawPoint), reader.Type, reader.Temporality, reader.Monotonic));
                    }

                    inMetric.ShouldBe(reader.PointCount);
                }
            }
        }

        points.Count.ShouldBe(batch.PointCount);
        return points;
    }

    private static List<string> Read(byte[] bytes)
    {
        var points = new List<string>();
        var reader = new OtlpReader(bytes);
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                    {
                        points.Add(string.Join(
                            ' ', Hex(reader.Resource), Hex(reader.ResourceMetrics), Hex(reader.Scope), Hex(reader.ScopeMetrics), Hex(reader.Metric), Hex(reader.RawMetric),
                            Hex(reader.MetricName), Hex(reader.MetricUnit), Hex(reader.Data), Hex(reader.Point), Hex(reader.RawPoint), reader.Type, reader.Temporality, reader.Monotonic));
                    }
                }
            }
        }

        return points;
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes);

    private static List<UInt128> Identities(byte[] batch)
    {
        var identities = new List<UInt128>();
        var reader = Decoder.Decode(batch).Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                        identities.Add(reader.StreamIdentity);
                }
            }
        }

        return identities;
    }

    private static UInt128 IdentityOf(params Action<ProtoBuffer>[] attributes)
    {
        var buffer = new ProtoBuffer();
        var resource = buffer.Begin(1);
        var scope = buffer.Begin(2);
        var metric = buffer.Begin(2);
        buffer.Text(1, "requests");
        var gauge = buffer.Begin((int)MetricType.Gauge);
        var point = buffer.Begin(1);
        buffer.Fixed64(3, 5);
        foreach (var attribute in attributes)
            attribute(buffer);
        foreach (var mark in new[] { point, gauge, metric, scope, resource })
            buffer.End(mark);
        return Identities(buffer.Span.ToArray()).ShouldHaveSingleItem();
    }

    private static void Pair(ProtoBuffer buffer, string key, string value, bool valueFirst = false, bool longLength = false)
    {
        var pair = buffer.Begin(7);
        if (valueFirst)
            Value();
        if (longLength)
        {
            buffer.Tag(1, WireType.Bytes);
            buffer.Append([(byte)(0x80 | key.Length), 0]);
            buffer.Append(System.Text.Encoding.UTF8.GetBytes(key));
        }
        else
        {
            buffer.Text(1, key);
        }

        if (!valueFirst)
            Value();
        buffer.End(pair);

        void Value()
        {
            var any = buffer.Begin(2);
            buffer.TextAlways(1, value);
            buffer.End(any);
        }
    }
}
