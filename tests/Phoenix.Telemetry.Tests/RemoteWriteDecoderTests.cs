using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;
using Phoenix.Telemetry.Tests.Oracle.RemoteWrite;
using Snappier;
using Exemplar = Phoenix.Telemetry.Tests.Oracle.RemoteWrite.Exemplar;
using Histogram = Phoenix.Telemetry.Tests.Oracle.RemoteWrite.Histogram;
using Metric = Phoenix.Telemetry.Tests.Oracle.Metric;

namespace Phoenix.Telemetry.Tests;

public class RemoteWriteDecoderTests
{
    private const long Time = 1_700_000_000_123;
    private static readonly double Stale = BitConverter.UInt64BitsToDouble(0x7FF0_0000_0000_0002);

    private readonly RemoteWriteTypes types = new(new RemoteWriteDecoderOptions());

    [Fact]
    public void metadata_says_what_a_series_is()
    {
        var request = new WriteRequest
        {
            Timeseries = { Series("orders_total", 5), Series("queue_length", 7), Series("build_info", 1), Series("who_knows", 3) },
            Metadata =
            {
                new MetricMetadata { Type = (int)PrometheusType.Counter, MetricFamilyName = "orders_total", Help = "Orders.", Unit = "seconds" },
                new MetricMetadata { Type = (int)PrometheusType.Gauge, MetricFamilyName = "queue_length" },
                new MetricMetadata { Type = (int)PrometheusType.Info, MetricFamilyName = "build" },
            },
        };
        var (intake, batch) = Decode(request);
        intake.ShouldBe(new RemoteWriteIntake(4, 0, null, UntypedPoints: 1, 0, 0));
        var metrics = batch.ResourceMetrics.ShouldHaveSingleItem().ScopeMetrics.ShouldHaveSingleItem().Metrics;
        metrics.Select(Shape).ShouldBe(["orders_total Sum monotonic", "queue_length Gauge", "build_info Sum", "who_knows Gauge"]);
        (metrics[0].Description, metrics[0].Unit).ShouldBe(("Orders.", "s"));
    }

    [Fact]
    public void metadata_of_an_earlier_request_is_remembered()
    {
        Decode(new WriteRequest { Metadata = { new MetricMetadata { Type = (int)PrometheusType.Counter, MetricFamilyName = "node_reads" } } })
            .Batch.ResourceMetrics.ShouldBeEmpty();
        Metrics(new WriteRequest { Timeseries = { Series("node_reads", 5) } }).Select(Shape).ShouldBe(["node_reads Sum monotonic"]);
    }

    [Fact]
    public void parts_of_histograms_and_summaries_are_counters_of_their_own()
    {
        var request = new WriteRequest
        {
            Timeseries =
            {
                Series("latency_bucket", 5, ("le", "0.5")), Series("latency_sum", 5), Series("latency_count", 5), Series("gc", 1, ("quantile", "0.5")), Series("gc_sum", 3),
            },
            Metadata =
            {
                new MetricMetadata { Type = (int)PrometheusType.Histogram, MetricFamilyName = "latency" },
                new MetricMetadata { Type = (int)PrometheusType.Summary, MetricFamilyName = "gc" },
            },
        };
        Metrics(request).Select(Shape).ShouldBe(
            ["latency_bucket Sum monotonic", "latency_sum Sum monotonic", "latency_count Sum monotonic", "gc Gauge", "gc_sum Sum monotonic"]);
    }

    [Fact]
    public void without_metadata_the_users_map_holds_then_the_name()
    {
        var options = new RemoteWriteDecoderOptions
        {
            Types = [new RemoteWriteTypeRule(new MetricSelector(["gap_total"]), PrometheusType.Gauge), new RemoteWriteTypeRule(new MetricSelector(["reads_*"]), PrometheusType.Counter)],
        };
        var request = new WriteRequest
        {
            Timeseries = { Series("a_total", 5), Series("gap_total", 5), Series("reads_a", 5), Series("b_bucket", 5, ("le", "1")), Series("b_count", 1), Series("c_count", 1), Series("d_bucket", 1) },
        };
        string[] passed = ["a_total Gauge", "gap_total Gauge", "reads_a Sum monotonic", "b_bucket Gauge", "b_count Gauge", "c_count Gauge", "d_bucket Gauge"];
        Metrics(request, options).Select(Shape).ShouldBe(
            ["a_total Sum monotonic", "gap_total Gauge", "reads_a Sum monotonic", "b_bucket Sum monotonic", "b_count Sum monotonic", "c_count Gauge", "d_bucket Gauge"]);
        Metrics(request, options with { TypesFromNames = false }).Select(Shape).ShouldBe(passed);
    }

    [Fact]
    public void job_and_instance_become_the_resource_and_each_metric_stands_once()
    {
        var request = new WriteRequest
        {
            Timeseries =
            {
                Series("a", 1, ("instance", "i1"), ("job", "shop/cart")), Series("b", 2, ("instance", "i1"), ("job", "shop/cart")),
                Series("a", 3, ("instance", "i2"), ("job", "a/b/c")), Series("a", 4, ("instance", "i1"), ("job", "shop/cart"), ("x", "y")), Series("a", 5),
            },
        };
        var (_, batch) = Decode(request);
        batch.ResourceMetrics.Select(r => string.Join(',', r.Resource.Attributes.Select(a => $"{a.Key}={a.Value.StringValue}"))).ShouldBe(
            ["service.namespace=shop,service.name=cart,service.instance.id=i1", "service.name=a/b/c,service.instance.id=i2", ""]);
        batch.ResourceMetrics[0].ScopeMetrics[0].Metrics.Select(m => $"{m.Name} {string.Join(' ', m.Gauge.DataPoints.Select(p => p.AsDouble))}").ShouldBe(["a 1 4", "b 2"]);
        batch.ResourceMetrics[0].ScopeMetrics[0].Metrics[0].Gauge.DataPoints[1].Attributes.ShouldHaveSingleItem().Key.ShouldBe("x");
    }

    [Fact]
    public void a_stale_marker_says_that_nothing_was_recorded_and_another_nan_stays()
    {
        var points = Metrics(new WriteRequest { Timeseries = { Series("a", Stale), Series("a", double.NaN, ("x", "y")) } }).ShouldHaveSingleItem().Gauge.DataPoints;
        (points[0].Flags, points[0].ValueCase).ShouldBe((1u, NumberPoint.ValueOneofCase.None));
        (points[1].Flags, points[1].AsDouble).ShouldBe((0u, double.NaN));
        points[0].TimeUnixNano.ShouldBe((ulong)Time * 1_000_000);
    }

    [Fact]
    public void invalid_series_are_left_out_counted_and_named_and_the_rest_is_taken()
    {
        var twice = Series("a", 1, ("x", "1"), ("x", "2"));
        var apart = Series("a", 1, ("x", "1"), ("b", "3"), ("x", "2"));
        var unsorted = Series("good", 1, ("x", "1"), ("b", "3"));
        var nameless = new TimeSeries { Labels = { new Label { Name = "x", Value = "y" } }, Samples = { new Sample { Value = 1, Timestamp = Time } } };
        var early = Series("good", 1);
        early.Samples[0].Timestamp = -1;
        var (intake, batch) = Decode(new WriteRequest { Timeseries = { twice, apart, nameless, unsorted, early } });
        (intake.Points, intake.Refused).ShouldBe((1, 4));
        intake.FirstProblem.ShouldBe("series 1 at byte 2 of the uncompressed request: a second label x");
        batch.ResourceMetrics[0].ScopeMetrics[0].Metrics[0].Gauge.DataPoints.ShouldHaveSingleItem().Attributes.Count.ShouldBe(2);
    }

    // Names in and out of order and twice, so that what is remembered of a neighbour must not hide it.
    private static readonly Gen<TimeSeries> AnySeries = Gen.Select(
        OneOf("a b c", "a c", "a d", "d", "d d", "b", "c b", "a b c d"), OneOf("1", "2", "é", new string('v', 130)).Array[4])
        .Select((names, values) => Series("A", 1, [.. names.Split(' ').Zip(values)]));

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    [Fact]
    public void a_series_is_read_alike_whoever_its_neighbours_are() => AnySeries.Array[1, 12].Sample(
        series =>
        {
            var together = Decode(new WriteRequest { Timeseries = { series } });
            var apart = series.Select(one => Decode(new WriteRequest { Timeseries = { one.Clone() } })).ToList();
            together.Intake.Refused.ShouldBe(apart.Sum(a => a.Intake.Refused));
            Points(together.Batch).ShouldBe(apart.SelectMany(a => Points(a.Batch)));
        },
        iter: 1000);

    private static List<string> Points(Request batch) =>
        [.. batch.ResourceMetrics.SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics).SelectMany(m => m.Gauge.DataPoints).Select(p => p.ToString())];

    [Fact]
    public void exemplars_come_to_the_last_sample_of_their_series_wherever_they_stand()
    {
        Exemplar exemplar = new() { Value = 0.7, Timestamp = Time, Labels = { Pair("trace_id", "0102030405060708090a0b0c0d0e0f10"), Pair("span_id", "nonsense"), Pair("user", "u") } };
        var own = Series("a_total", 1, ("x", "1"));
        own.Exemplars.Add(exemplar);
        var alone = Series("a_total", 1, ("x", "2"));
        alone.Samples.Clear();
        alone.Exemplars.Add(exemplar);
        var lost = Series("b_total", 1);
        lost.Samples.Clear();
        lost.Exemplars.Add(exemplar);
        var (intake, batch) = Decode(new WriteRequest { Timeseries = { alone, own, lost, Series("a_total", 2, ("x", "2")) } });
        (intake.Points, intake.Exemplars, intake.StrayExemplars).ShouldBe((2, 2, 1));
        foreach (var point in batch.ResourceMetrics[0].ScopeMetrics[0].Metrics.ShouldHaveSingleItem().Sum.DataPoints)
        {
            var taken = point.Exemplars.ShouldHaveSingleItem();
            (taken.AsDouble, taken.TimeUnixNano).ShouldBe((0.7, (ulong)Time * 1_000_000));
            Convert.ToHexString(taken.TraceId.Span).ShouldBe("0102030405060708090A0B0C0D0E0F10");
            taken.FilteredAttributes.Select(a => a.Key).ShouldBe(["span_id", "user"]);
        }
    }

    [Fact]
    public void a_native_histogram_becomes_an_exponential_one()
    {
        var histogram = new Histogram
        {
            CountInt = 100, Sum = -3.5, Schema = 3, ZeroThreshold = 1e-9, ZeroCountInt = 2, Timestamp = Time,
            PositiveSpans = { new BucketSpan { Offset = 5, Length = 2 }, new BucketSpan { Offset = 3, Length = 1 } },
            PositiveDeltas = { 4, -1, 2 },
            NegativeSpans = { new BucketSpan { Offset = -2, Length = 1 } },
            NegativeDeltas = { 7 },
        };
        var point = Metrics(Native(histogram)).ShouldHaveSingleItem().ExponentialHistogram.DataPoints.ShouldHaveSingleItem();
        (point.Scale, point.ZeroCount, point.ZeroThreshold, point.Sum, point.TimeUnixNano).ShouldBe((3, 2ul, 1e-9, -3.5, (ulong)Time * 1_000_000));
        point.Count.ShouldBe(2ul + 4 + 3 + 5 + 7, "the buckets that are there");
        (point.Positive.Offset, string.Join(' ', point.Positive.BucketCounts)).ShouldBe((4, "4 3 0 0 0 5"));
        (point.Negative.Offset, string.Join(' ', point.Negative.BucketCounts)).ShouldBe((-3, "7"));
    }

    [Fact]
    public void custom_bounds_become_an_explicit_histogram()
    {
        var histogram = new Histogram
        {
            CountInt = 9, Sum = 30, Schema = -53, Timestamp = Time, CustomValues = { 1, 2, 5 },
            PositiveSpans = { new BucketSpan { Offset = 1, Length = 1 }, new BucketSpan { Offset = 1, Length = 1 } },
            PositiveDeltas = { 4, 1 },
        };
        var point = Metrics(Native(histogram)).ShouldHaveSingleItem().Histogram.DataPoints.ShouldHaveSingleItem();
        (point.Count, string.Join(' ', point.BucketCounts), string.Join(' ', point.ExplicitBounds)).ShouldBe((9ul, "0 4 0 5", "1 2 5"));
    }

    [Fact]
    public void a_sparse_native_histogram_loses_resolution_and_not_memory()
    {
        var histogram = new Histogram
        {
            CountInt = 3, Sum = 1, Schema = 8, Timestamp = Time,
            PositiveSpans = { new BucketSpan { Offset = -200_000, Length = 1 }, new BucketSpan { Offset = 400_000, Length = 1 } },
            PositiveDeltas = { 1, 1 },
        };
        var point = Metrics(Native(histogram)).ShouldHaveSingleItem().ExponentialHistogram.DataPoints.ShouldHaveSingleItem();
        point.Positive.BucketCounts.Count.ShouldBeInRange(2, 2048);
        point.Positive.BucketCounts.Aggregate(0ul, (a, b) => a + b).ShouldBe(3ul);

        // The bucket keeps holding what the finer one held: index i of scale s covers (2^(i/2^s), 2^((i+1)/2^s)].
        var finer = 8 - point.Scale;
        (point.Positive.Offset << finer).ShouldBeLessThanOrEqualTo(-200_001);
        ((point.Positive.Offset + 1) << finer).ShouldBeGreaterThan(-200_001);
    }

    [Fact]
    public void what_otlp_cannot_carry_of_native_histograms_is_refused_by_name()
    {
        Refusal(new Histogram { CountFloat = 1.5 }).ShouldContain("fractional counts");
        Refusal(new Histogram { CountInt = 1, ResetHint = 3 }).ShouldContain("gauge histogram");
        Refusal(new Histogram { CountInt = 1, Schema = 9 }).ShouldContain("schema 9");
        Refusal(new Histogram { CountInt = 1, PositiveSpans = { new BucketSpan { Length = uint.MaxValue } }, PositiveDeltas = { 1 } }).ShouldContain("more buckets than there are");
        Refusal(new Histogram { CountInt = 1, PositiveSpans = { new BucketSpan { Length = 2 } }, PositiveDeltas = { 1, -2 } }).ShouldContain("negative count");
        Refusal(new Histogram { CountInt = 1, PositiveDeltas = { 1 } }).ShouldContain("more buckets than the spans name");
        Refusal(new Histogram { CountInt = 1, Schema = -53, CustomValues = { 2, 1 } }).ShouldContain("do not rise");
        var (stale, batch) = Decode(Native(new Histogram { Sum = Stale, Timestamp = Time }));
        stale.Refused.ShouldBe(0);
        batch.ResourceMetrics[0].ScopeMetrics[0].Metrics[0].ExponentialHistogram.DataPoints[0].Flags.ShouldBe(1u);

        string Refusal(Histogram histogram)
        {
            var (intake, empty) = Decode(Native(histogram));
            (intake.Points, intake.Refused, empty.ResourceMetrics.Count).ShouldBe((0, 1, 0));
            return intake.FirstProblem!;
        }
    }

    [Fact]
    public void a_malformed_request_is_refused_with_its_place()
    {
        var bytes = new WriteRequest { Timeseries = { Series("a", 1) } }.ToByteArray();
        var decoder = new RemoteWriteDecoder(new RemoteWriteDecoderOptions(), types);
        var cut = Should.Throw<RemoteWriteFormatException>(() => decoder.DecodeRequest(bytes.AsSpan(0, bytes.Length - 1)));
        cut.Offset.ShouldBe(0);
        cut.Message.ShouldContain("a length of");
        Should.Throw<RemoteWriteFormatException>(() => decoder.Decode([5, 1, 2])).Message.ShouldContain("snappy");
        Should.Throw<RemoteWriteFormatException>(() => decoder.Decode([])).Message.ShouldContain("snappy");
    }

    [Fact]
    public void size_is_bounded_before_memory_is_taken()
    {
        var decoder = new RemoteWriteDecoder(new RemoteWriteDecoderOptions { MaxRequestBytes = 1 << 20 }, types);
        Should.Throw<RemoteWriteSizeException>(() => decoder.Decode([0xFF, 0xFF, 0xFF, 0x7F, 0])).Message.ShouldContain("1048576 are allowed");

        // The claim alone, with nothing behind it that could keep it.
        var before = GC.GetAllocatedBytesForCurrentThread();
        Should.Throw<RemoteWriteFormatException>(() => decoder.Decode([0x80, 0x80, 0x40, 0, 0])).Message.ShouldContain("cannot hold");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(100_000);

        var many = new WriteRequest();
        for (var i = 0; i < 1000; i++)
            many.Timeseries.Add(Series("a", 1, ("x", $"{i}")));
        var tight = new RemoteWriteDecoder(new RemoteWriteDecoderOptions { MaxBatchBytes = 10_000 }, types);
        Should.Throw<RemoteWriteSizeException>(() => tight.DecodeRequest(many.ToByteArray())).Message.ShouldContain("as OTLP");
        tight.Batch.Length.ShouldBe(0);
    }

    [Fact]
    public void what_is_learnt_from_metadata_is_bounded()
    {
        var bounded = new RemoteWriteTypes(new RemoteWriteDecoderOptions { MaxMetadataBytes = 50_000 });
        var decoder = new RemoteWriteDecoder(new RemoteWriteDecoderOptions(), bounded);
        for (var i = 0; i < 1000; i++)
            decoder.DecodeRequest(new WriteRequest { Metadata = { new MetricMetadata { Type = 1, MetricFamilyName = $"m{i}", Help = new string('h', 100) } } }.ToByteArray());
        Known("m10").ShouldBeTrue();
        Known("m990").ShouldBeFalse();

        bool Known(string name) => decoder.DecodeRequest(new WriteRequest { Timeseries = { Series(name, 1) } }.ToByteArray()).UntypedPoints == 0;
    }

    internal static TimeSeries Series(string name, double value, params (string Name, string Value)[] labels)
    {
        var series = new TimeSeries { Labels = { Pair("__name__", name) }, Samples = { new Sample { Value = value, Timestamp = Time } } };
        series.Labels.AddRange(labels.Select(label => Pair(label.Name, label.Value)));
        return series;
    }

    private static WriteRequest Native(Histogram histogram) =>
        new() { Timeseries = { new TimeSeries { Labels = { Pair("__name__", "latency") }, Histograms = { histogram } } } };

    private static Label Pair(string name, string value) => new() { Name = name, Value = value };

    private static string Shape(Metric metric) =>
        $"{metric.Name} {metric.DataCase}{(metric.Sum is { IsMonotonic: true, AggregationTemporality: 2 } ? " monotonic" : "")}";

    private IEnumerable<Metric> Metrics(WriteRequest request, RemoteWriteDecoderOptions? options = null) =>
        Decode(request, options).Batch.ResourceMetrics.SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics);

    private (RemoteWriteIntake Intake, Request Batch) Decode(WriteRequest request, RemoteWriteDecoderOptions? options = null)
    {
        var decoder = new RemoteWriteDecoder(options ?? new RemoteWriteDecoderOptions(), options is null ? types : new RemoteWriteTypes(options));
        var intake = decoder.Decode(Snappy.CompressToArray(request.ToByteArray()));
        OtlpReader.Validate(decoder.Batch).ShouldBe(intake.Points);
        return (intake, Request.Parser.ParseFrom(decoder.Batch));
    }
}
