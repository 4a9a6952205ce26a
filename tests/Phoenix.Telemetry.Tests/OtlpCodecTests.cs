using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

using ExponentialHistogram = Phoenix.Telemetry.Tests.Oracle.ExponentialHistogram;
using KeyValue = Phoenix.Telemetry.Tests.Oracle.KeyValue;

/// <summary>Google.Protobuf is the oracle: what it writes is read alike, what is written here it reads alike.</summary>
public class OtlpCodecTests
{
    private static readonly Gen<AnyValue> Values = Gen.OneOf(
        Gen.String.Select(text => new AnyValue { StringValue = Plain(text) }),
        Gen.Long.Select(number => new AnyValue { IntValue = number }),
        Gen.Bool.Select(truth => new AnyValue { BoolValue = truth }),
        Gen.Double.Select(number => new AnyValue { DoubleValue = number }));

    private static readonly Gen<KeyValue[]> Attributes = Gen.Select(Gen.String[1, 8], Values)
        .Select((key, value) => new KeyValue { Key = Plain(key), Value = value }).Array[0, 6];

    private static readonly Gen<NumberPoint> Numbers = Gen.Select(Attributes, Gen.ULong, Gen.ULong, Gen.Bool, Gen.Long, Gen.Double).Select(
        (attributes, start, time, whole, integer, real) =>
        {
            var point = new NumberPoint { StartTimeUnixNano = start, TimeUnixNano = time, Attributes = { attributes } };
            if (whole)
                point.AsInt = integer;
            else
                point.AsDouble = real;
            return point;
        });

    private static readonly Gen<HistogramPoint> Histograms = Gen.Select(Attributes, Gen.ULong, Gen.ULong.Array[1, 20], Gen.Double).Select(
        (attributes, time, buckets, sum) => new HistogramPoint
        {
            TimeUnixNano = time, Count = buckets.Aggregate(0ul, (a, b) => a + b), Sum = sum, BucketCounts = { buckets },
            ExplicitBounds = { buckets.Skip(1).Select((_, i) => (double)i) }, Attributes = { attributes },
        });

    private static readonly Gen<Metric> Metrics = Gen.OneOf(
        Numbers.Array[0, 5].Select(points => new Metric { Name = "g", Gauge = new Gauge { DataPoints = { points } } }),
        Gen.Select(Numbers.Array[0, 5], Gen.Int[0, 2], Gen.Bool).Select((points, temporality, monotonic) => new Metric
        {
            Name = "s", Unit = "By", Sum = new Sum { DataPoints = { points }, AggregationTemporality = temporality, IsMonotonic = monotonic },
        }),
        Histograms.Array[0, 4].Select(points => new Metric { Name = "h", Histogram = new Histogram { DataPoints = { points }, AggregationTemporality = 2 } }),
        Gen.ULong.Select(count => new Metric
        {
            Name = "e",
            ExponentialHistogram = new ExponentialHistogram
            {
                AggregationTemporality = 2,
                DataPoints = { new ExponentialPoint { Count = count, Scale = -3, TimeUnixNano = 9, Positive = new() { Offset = -2, BucketCounts = { 1, 2 } } } },
            },
        }),
        Gen.Int[0, 5].Select(quantiles => new Metric
        {
            Name = "q",
            Summary = new Summary
            {
                DataPoints = { new SummaryPoint { Count = 3, TimeUnixNano = 4, QuantileValues = { Enumerable.Range(0, quantiles).Select(_ => new SummaryPoint.Types.Quantile { Value = 1 }) } } },
            },
        }));

    internal static readonly Gen<Request> Requests = Gen.Select(Attributes, Attributes, Metrics.Array[0, 5]).Select((resource, scope, metrics) =>
        new ResourceMetrics
        {
            Resource = new Resource { Attributes = { resource } },
            SchemaUrl = "https://example.test/schema",
            ScopeMetrics = { new ScopeMetrics { Scope = new Scope { Name = "lib", Attributes = { scope } }, Metrics = { metrics } } },
        }).Array[0, 3].Select(resources => new Request { ResourceMetrics = { resources } });

    [Fact]
    public void what_protobuf_writes_is_read_alike() => Requests.Sample(
        request =>
        {
            var bytes = request.ToByteArray();
            var expected = request.ResourceMetrics.SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics).SelectMany(Points).ToList();
            var actual = new List<string>();
            var reader = new OtlpReader(bytes);
            while (reader.NextResource())
            {
                while (reader.NextScope())
                {
                    while (reader.NextMetric())
                    {
                        while (reader.NextPoint())
                        {
                            var point = reader.ReadPoint();
                            var attributes = 0;
                            var walk = new Telemetry.Attributes(reader.Point, Telemetry.Attributes.FieldOf(reader.Type));
                            while (walk.Next())
                                attributes++;
                            var value = reader.Type is MetricType.Gauge or MetricType.Sum ? point.ValueBits : point.Count;
                            actual.Add($"{reader.Type} {reader.Temporality} {reader.Monotonic} {point.StartUnixNanos} {point.UnixNanos} {value} {point.IsInteger} {attributes} {point.BucketCounts.Length} {point.Quantiles}");
                        }
                    }
                }
            }

            actual.ShouldBe(expected);
            OtlpReader.Validate(bytes).ShouldBe(expected.Count);
        },
        iter: 300);

    [Fact]
    public void what_passes_a_filter_in_part_stays_as_it_was() => Requests.Sample(
        request =>
        {
            var sink = new Sink();
            new MetricFilter(new FilterOptions { Name = "filter", MetricConditions = ["metric.name == \"g\""] }).Process(request.ToByteArray(), 1, sink);
            var expected = request.Clone();
            foreach (var resource in expected.ResourceMetrics)
            {
                foreach (var scope in resource.ScopeMetrics)
                {
                    var kept = scope.Metrics.Where(m => m.Name != "g" && Points(m).Any()).ToList();
                    scope.Metrics.Clear();
                    scope.Metrics.AddRange(kept);
                }
            }

            var survivors = expected.ResourceMetrics.Where(r => r.ScopeMetrics.Any(s => s.Metrics.Count > 0)).ToList();
            var actual = sink.Batches.SelectMany(b => Request.Parser.ParseFrom(b).ResourceMetrics)
                .Where(r => r.ScopeMetrics.Any(s => s.Metrics.Any(m => Points(m).Any()))).ToList();
            foreach (var scope in actual.SelectMany(r => r.ScopeMetrics))
            {
                var empty = scope.Metrics.Where(m => !Points(m).Any()).ToList();
                empty.ForEach(m => scope.Metrics.Remove(m));
            }

            actual.ShouldBe(survivors);
        },
        iter: 300);

    [Fact]
    public void what_is_written_here_protobuf_reads_alike()
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", new string('x', 300));
        writer.ResourceAttribute("process.pid", -7);
        writer.BeginScope("lib", "2");
        writer.BeginSum("requests", "1", "how many", monotonic: true, Temporality.Cumulative);
        for (var i = 0; i < 1000; i++)
        {
            writer.BeginPoint(5, 6);
            writer.Attribute("route", $"/{i}");
            writer.EndPoint((long)i);
        }

        writer.EndMetric();
        writer.BeginHistogram("latency", "s", "", Temporality.Delta);
        writer.BeginPoint(1, 2);
        writer.EndHistogramPoint(3, 1.5, [1, 2], [0.5]);
        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();

        var resource = Request.Parser.ParseFrom(writer.WrittenSpan).ResourceMetrics.ShouldHaveSingleItem();
        resource.Resource.Attributes.Select(a => a.Value.StringValue.Length + a.Value.IntValue).ShouldBe([300, -7]);
        var metrics = resource.ScopeMetrics.ShouldHaveSingleItem().Metrics;
        metrics[0].Sum.DataPoints.Select(p => (p.AsInt, p.Attributes[0].Value.StringValue)).ShouldBe(Enumerable.Range(0, 1000).Select(i => ((long)i, $"/{i}")));
        (metrics[0].Sum.IsMonotonic, metrics[0].Sum.AggregationTemporality, metrics[0].Description).ShouldBe((true, 2, "how many"));
        var point = metrics[1].Histogram.DataPoints.ShouldHaveSingleItem();
        (point.Count, point.Sum, point.BucketCounts.Count, point.ExplicitBounds[0]).ShouldBe((3ul, 1.5, 2, 0.5));
        writer.WrittenSpan.Length.ShouldBe(Request.Parser.ParseFrom(writer.WrittenSpan).CalculateSize(), "lengths are minimal");
    }

    [Fact]
    public void random_bytes_are_read_or_refused_and_never_worse() => Gen.Byte.Array[0, 200].Sample(ReadOrRefuse, iter: 20_000);

    [Fact]
    public void damaged_batches_are_read_or_refused_and_never_worse() =>
        Gen.Select(Requests, Gen.Int[0, 10_000], Gen.Byte, Gen.Bool).Sample(
            (request, at, damage, cut) =>
            {
                var bytes = request.ToByteArray();
                if (bytes.Length == 0)
                    return;
                if (cut)
                    Array.Resize(ref bytes, at % bytes.Length);
                else
                    bytes[at % bytes.Length] ^= damage;
                ReadOrRefuse(bytes);
            },
            iter: 3000);

    [Fact]
    public void a_malformed_batch_is_refused_with_its_offset()
    {
        var good = Batches.Counter("shop.requests", 0, ("customer=a", 1));
        var refused = Should.Throw<OtlpFormatException>(() => OtlpReader.Validate(good.AsSpan(0, good.Length - 3)));
        refused.Offset.ShouldBe(0);
        refused.Message.ShouldContain("a length of");
    }

    [Theory]
    [InlineData("0F", "wire type 7")]
    [InlineData("0A05", "a length of 5")]
    [InlineData("2A030A010F", "wire type 7")]
    [InlineData("32080A060A016B120118", "a number that is cut off")]
    public void a_malformed_attribute_value_is_refused_where_it_comes_in(string anyValue, string expected)
    {
        var value = Convert.FromHexString(anyValue);
        foreach (var batch in new[] { WithValue(value, ofResource: false), WithValue(value, ofResource: true) })
        {
            Should.Throw<OtlpFormatException>(() => OtlpReader.Validate(batch)).Message.ShouldContain(expected);
            ReadOrRefuse(batch);
        }
    }

    [Fact]
    public void an_attribute_value_nested_too_deeply_is_refused()
    {
        var value = Convert.FromHexString("0A0161");
        for (var depth = 1; depth < 32; depth++)
            value = Array(value);
        OtlpReader.Validate(WithValue(value, ofResource: false)).ShouldBe(1);
        for (var depth = 0; depth < 2_000; depth++)
            value = Array(value);
        Should.Throw<OtlpFormatException>(() => OtlpReader.Validate(WithValue(value, ofResource: false))).Message.ShouldContain("nested more than 32 deep");

        static byte[] Array(byte[] element)
        {
            var buffer = new ProtoBuffer();
            var mark = buffer.Begin(5);
            buffer.Bytes(1, element);
            buffer.End(mark);
            return buffer.Span.ToArray();
        }
    }

    [Fact]
    public void the_writer_refuses_another_order()
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        Should.Throw<InvalidOperationException>(() => writer.EndPoint(1L));
        Should.Throw<InvalidOperationException>(() => writer.BeginPoint(0, 1)).Message.ShouldContain("BeginPoint");
    }

    /// <summary>A batch of one counter whose label a has this <c>AnyValue</c>.</summary>
    private static byte[] WithValue(byte[] anyValue, bool ofResource)
    {
        var buffer = new ProtoBuffer();
        var resourceMetrics = buffer.Begin(1);
        var resource = buffer.Begin(1);
        Attribute(1, ofResource);
        buffer.End(resource);
        var scope = buffer.Begin(2);
        var metric = buffer.Begin(2);
        buffer.Text(1, "shop.requests");
        var sum = buffer.Begin(7);
        var point = buffer.Begin(1);
        buffer.Fixed64(3, Batches.At(0));
        buffer.Fixed64(6, 1);
        Attribute(7, !ofResource);
        buffer.End(point);
        buffer.End(sum);
        buffer.End(metric);
        buffer.End(scope);
        buffer.End(resourceMetrics);
        return buffer.Span.ToArray();

        void Attribute(int field, bool here)
        {
            if (!here)
                return;
            var pair = buffer.Begin(field);
            buffer.Text(1, "a");
            buffer.Bytes(2, anyValue);
            buffer.End(pair);
        }
    }

    private static void ReadOrRefuse(byte[] bytes)
    {
        var processors = new IMetricProcessor[]
        {
            new TopKReducer(new TopKOptions { Name = "t", Metrics = new MetricSelector(["*"]), Labels = ["a"], K = 1 }),
            new MetricFilter(new FilterOptions { Name = "f", DataPointConditions = ["attributes[\"a\"] == \"b\""] }),
        };
        var meter = new ArmMeter(new ArmMeterOptions());
        Action[] readers =
        [
            () => meter.ObserveInput(bytes),
            () => processors[0].Process(bytes, 1, new Sink()),
            () => processors[1].Process(bytes, 1, new Sink()),
        ];
        try
        {
            OtlpReader.Validate(bytes);
        }
        catch (OtlpFormatException refused)
        {
            refused.Offset.ShouldBeInRange(0, bytes.Length);
            foreach (var read in readers)
                Should.Throw<OtlpFormatException>(read).Offset.ShouldBeInRange(0, bytes.Length);

            processors[0].Flush(2, new Sink());
            return;
        }

        foreach (var read in readers)
            Should.NotThrow(read, "it was valid");

        processors[0].Flush(2, new Sink());
    }

    private static string Plain(string text) => new([.. text.Where(c => !char.IsSurrogate(c))]);

    private static IEnumerable<string> Points(Metric metric)
    {
        var head = $"{(MetricType)(int)metric.DataCase}";
        return metric.DataCase switch
        {
            Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Select(p => Number($"{head} Unspecified False", p)),
            Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Select(p => Number($"{head} {(Temporality)metric.Sum.AggregationTemporality} {metric.Sum.IsMonotonic}", p)),
            Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Select(p =>
                $"{head} Cumulative False {p.StartTimeUnixNano} {p.TimeUnixNano} {p.Count} False {p.Attributes.Count} {p.BucketCounts.Count * 8} 0"),
            Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Select(p =>
                $"{head} Cumulative False {p.StartTimeUnixNano} {p.TimeUnixNano} {p.Count} False {p.Attributes.Count} 0 0"),
            Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Select(p =>
                $"{head} Unspecified False {p.StartTimeUnixNano} {p.TimeUnixNano} {p.Count} False {p.Attributes.Count} 0 {p.QuantileValues.Count}"),
            _ => [],
        };
    }

    private static string Number(string head, NumberPoint p)
    {
        var bits = p.ValueCase == NumberPoint.ValueOneofCase.AsInt ? (ulong)p.AsInt : BitConverter.DoubleToUInt64Bits(p.AsDouble);
        return $"{head} {p.StartTimeUnixNano} {p.TimeUnixNano} {bits} {p.ValueCase == NumberPoint.ValueOneofCase.AsInt} {p.Attributes.Count} 0 0";
    }
}
