using System.Buffers;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

public class ExpositionStoreTests
{
    private const long Now = 1_700_000_000_000_000_000;

    private static readonly ExpositionStoreOptions Plain = new() { Labels = new PrometheusLabelOptions { Scope = false } };

    [Fact]
    public void every_type_is_shown_in_the_older_format()
    {
        var store = new ExpositionStore(Plain);
        store.Take(Everything(), Now);
        Text(store, ExpositionFormat.Text).ShouldBe("""
            # TYPE shop_orders_total counter
            # HELP shop_orders_total Orders, by \\ and\nline.
            shop_orders_total{job="shop",route="/\"a\""} 5
            # TYPE latency_seconds histogram
            latency_seconds_bucket{job="shop",exported_le="x",le="0.5"} 1
            latency_seconds_bucket{job="shop",exported_le="x",le="+Inf"} 3
            latency_seconds_sum{job="shop",exported_le="x"} 2.5
            latency_seconds_count{job="shop",exported_le="x"} 3
            # TYPE gc summary
            gc{job="shop",quantile="0.5"} 0.25
            gc_sum{job="shop"} 4.5
            gc_count{job="shop"} 9
            # TYPE target_info gauge
            target_info{host_id="h",job="shop"} 1

            """.ReplaceLineEndings("\n").Replace("job=\"shop\",exported_le=\"x\"", "exported_le=\"x\",job=\"shop\"", StringComparison.Ordinal));
    }

    [Fact]
    public void open_metrics_has_units_exemplars_creation_and_an_end()
    {
        var store = new ExpositionStore(Plain with { Created = true, Timestamps = true });
        store.Take(Everything(), Now);
        var text = Text(store, ExpositionFormat.OpenMetrics);
        text.ShouldContain("# TYPE shop_orders counter\n");
        text.ShouldContain("# HELP shop_orders Orders, by \\\\ and\\nline.\n");
        text.ShouldContain("shop_orders_total{job=\"shop\",route=\"/\\\"a\\\"\"} 5 1700000000.5 # {trace_id=\"01010101010101010101010101010101\",user=\"u\"} 0.5 1700000000.25\n");
        text.ShouldContain("shop_orders_created{job=\"shop\",route=\"/\\\"a\\\"\"} 1600000000\n");
        text.ShouldContain("# TYPE latency_seconds histogram\n# UNIT latency_seconds seconds\n");
        text.ShouldContain("# TYPE target info\ntarget_info{host_id=\"h\",job=\"shop\"} 1 1700000000.5\n");
        text.ShouldEndWith("# EOF\n");
    }

    [Fact]
    public void the_latest_point_of_a_series_is_shown_until_it_expires_or_ends()
    {
        var store = new ExpositionStore(Plain with { Expiration = TimeSpan.FromSeconds(10) });
        store.Take(Batches.Counter("a", 5, ("x=1", 7), ("x=2", 1)), Now);
        store.Take(Batches.Counter("a", 6, ("x=1", 8)), Now + 9_000_000_000);
        store.Take(Batches.Counter("a", 5, ("x=1", 3)), Now + 9_000_000_000);
        Text(store, ExpositionFormat.Text).ShouldContain("a_total{job=\"shop\",x=\"1\"} 8\n");
        Text(store, ExpositionFormat.Text, Now + 11_000_000_000).ShouldBe("# TYPE a_total counter\na_total{job=\"shop\",x=\"1\"} 8\n");
        store.Take(Batches.Write(w => w.CounterEnds("a", 7, "x=1"), ("service.name", "shop")), Now);
        (store.Count, Text(store, ExpositionFormat.Text)).ShouldBe((0, ""));
    }

    [Fact]
    public void what_cannot_be_shown_is_refused_and_counted()
    {
        var store = new ExpositionStore(Plain with { MaxPoints = 2 });
        store.Take(Batches.Counter("a", 5, ("x=1", 1), ("x=2", 1), ("x=3", 1)), Now);
        store.Take(Batches.Write(w =>
        {
            w.BeginGauge("a.total", "", "");
            w.BeginPoint(0, 2);
            w.EndPoint(1L);
            w.EndMetric();
        }), Now);
        store.Take(Batches.Write(w =>
        {
            w.BeginSum("d", "", "", monotonic: true, Temporality.Delta);
            w.BeginPoint(1, 2);
            w.EndPoint(1L);
            w.EndMetric();
        }), Now);
        store.Refused.Select(r => $"{r.Points} {r.Rule}").ShouldBe(
            ["1 more points than the bound allows", "1 delta temporality, which Prometheus does not store", "1 a metric with the name of another one of another type"], ignoreOrder: true);
    }

    [Fact]
    public void what_was_scraped_is_shown_as_it_was()
    {
        const string Exposition = """
            # TYPE node_cpu counter
            # HELP node_cpu Old-style name.
            node_cpu{cpu="0",mode="idle"} 12.5
            # TYPE latency histogram
            latency_bucket{a="b",le="0.1"} 2
            latency_bucket{a="b",le="+Inf"} 3
            latency_sum{a="b"} 1.5
            latency_count{a="b"} 3
            # TYPE strange untyped
            strange{path="C:\\x\n\"y\""} NaN
            # TYPE go_gc summary
            go_gc{quantile="0.5"} 0.25
            go_gc_sum 1
            go_gc_count 7

            """;
        var text = Exposition.ReplaceLineEndings("\n");
        var writer = new OtlpWriter();
        writer.BeginResource();
        PrometheusText.Parse(Encoding.UTF8.GetBytes(text), Now, writer).FirstError.ShouldBeNull();
        writer.EndResource();
        var store = new ExpositionStore(new ExpositionStoreOptions());
        store.Take(writer.WrittenSpan, Now);
        Text(store, ExpositionFormat.Text).ShouldBe(text);
    }

    [Fact]
    public void whatever_is_shown_can_be_read_again() => OtlpCodecTests.Requests.Sample(
        request =>
        {
            var store = new ExpositionStore(new ExpositionStoreOptions { Created = true, Timestamps = true });
            store.Take(WithSmallCounts(request).ToByteArray(), Now);
            foreach (var format in new[] { ExpositionFormat.Text, ExpositionFormat.OpenMetrics })
            {
                var text = Text(store, format);
                var writer = new OtlpWriter();
                writer.BeginResource();
                var result = PrometheusText.Parse(Encoding.UTF8.GetBytes(text), format, 1, writer);
                writer.EndResource();
                result.FirstError.ShouldBeNull(text);
                result.Ended.ShouldBe(format == ExpositionFormat.OpenMetrics);
                OtlpReader.Validate(writer.WrittenSpan).ShouldBe(store.Count, text);
            }
        },
        iter: 300);

    // A text has counts as doubles: what is beyond 2^64 in sum is no count any more.
    private static Request WithSmallCounts(Request request)
    {
        var small = request.Clone();
        foreach (var point in small.ResourceMetrics.SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics).SelectMany(m => m.Histogram?.DataPoints ?? []))
        {
            point.Count = 0;
            for (var i = 0; i < point.BucketCounts.Count; i++)
                point.Count += point.BucketCounts[i] &= 0xFFFF;
        }

        return small;
    }

    private static byte[] Everything()
    {
        const ulong Time = 1_700_000_000_500_000_000;
        var request = new Request
        {
            ResourceMetrics =
            {
                new ResourceMetrics
                {
                    Resource = new Resource { Attributes = { Text("service.name", "shop"), Text("host.id", "h") } },
                    ScopeMetrics =
                    {
                        new ScopeMetrics
                        {
                            Metrics =
                            {
                                new Metric
                                {
                                    Name = "shop.orders", Description = "Orders, by \\ and\nline.",
                                    Sum = new Sum
                                    {
                                        AggregationTemporality = 2, IsMonotonic = true,
                                        DataPoints =
                                        {
                                            new NumberPoint
                                            {
                                                StartTimeUnixNano = 1_600_000_000_000_000_000, TimeUnixNano = Time, AsInt = 5, Attributes = { Text("route", "/\"a\"") },
                                                Exemplars = { new Exemplar { AsDouble = 0.5, TimeUnixNano = Time - 250_000_000, TraceId = ByteString.CopyFrom([.. Enumerable.Repeat((byte)1, 16)]), FilteredAttributes = { Text("user", "u") } } },
                                            },
                                        },
                                    },
                                },
                                new Metric
                                {
                                    Name = "latency", Unit = "s",
                                    Histogram = new Histogram
                                    {
                                        AggregationTemporality = 2,
                                        DataPoints = { new HistogramPoint { TimeUnixNano = Time, Count = 3, Sum = 2.5, BucketCounts = { 1, 2 }, ExplicitBounds = { 0.5 }, Attributes = { Text("le", "x") } } },
                                    },
                                },
                                new Metric
                                {
                                    Name = "gc",
                                    Summary = new Summary { DataPoints = { new SummaryPoint { TimeUnixNano = Time, Count = 9, Sum = 4.5, QuantileValues = { new SummaryPoint.Types.Quantile { Quantile_ = 0.5, Value = 0.25 } } } } },
                                },
                            },
                        },
                    },
                },
            },
        };
        return request.ToByteArray();
    }

    private static Oracle.KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static string Text(ExpositionStore store, ExpositionFormat format, long now = Now)
    {
        var output = new ArrayBufferWriter<byte>();
        store.Write(format, now, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
