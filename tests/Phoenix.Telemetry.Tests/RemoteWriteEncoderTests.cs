using System.Globalization;
using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;
using Phoenix.Telemetry.Tests.Oracle.RemoteWrite;
using Snappier;

namespace Phoenix.Telemetry.Tests;

using Histogram = Phoenix.Telemetry.Tests.Oracle.RemoteWrite.Histogram;
using OtlpExemplar = Phoenix.Telemetry.Tests.Oracle.Exemplar;
using OtlpHistogram = Phoenix.Telemetry.Tests.Oracle.Histogram;

public class RemoteWriteEncoderTests
{
    private const ulong Nanos = 1_700_000_000_123_000_000;
    private const double StaleMark = double.NaN;

    [Fact]
    public void names_get_units_and_total_once()
    {
        var batch = Batches.Write(
            w =>
            {
                foreach (var (name, unit) in new[] { ("http.server.requests", "1"), ("disk.io", "By"), ("disk_bytes_total", "By"), ("net.rate", "m/s"), ("packets", "{packet}/s"), ("5xx--seen", "") })
                {
                    w.BeginSum(name, unit, "", monotonic: true, Temporality.Cumulative);
                    w.BeginPoint(0, Nanos);
                    w.EndPoint(1L);
                    w.EndMetric();
                }

                foreach (var (name, unit) in new[] { ("cpu.utilization", "1"), ("temperature", "Cel"), ("queue:length", "{job}") })
                {
                    w.BeginGauge(name, unit, "");
                    w.BeginPoint(0, Nanos);
                    w.EndPoint(1L);
                    w.EndMetric();
                }
            });
        Names(batch).ShouldBe(
        [
            "http_server_requests_total", "disk_io_bytes_total", "disk_bytes_total", "net_rate_meters_per_second_total", "packets_per_second_total", "_5xx_seen_total",
            "cpu_utilization_ratio", "temperature_celsius", "queue:length",
        ]);
        Names(batch, new RemoteWriteEncoderOptions { MetricSuffixes = false, Namespace = "acme" })[..2].ShouldBe(["acme_http_server_requests", "acme_disk_io"]);
    }

    [Fact]
    public void metrics_read_from_prometheus_keep_their_names()
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.BeginScope(PrometheusNames.Scope, "");
        writer.BeginSum("latency_bucket", "s", "", monotonic: true, Temporality.Cumulative);
        writer.BeginPoint(0, Nanos);
        writer.EndPoint(1L);
        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();
        Encode(writer.WrittenSpan).ShouldBe(["latency_bucket 1"]);
    }

    [Fact]
    public void an_explicit_histogram_becomes_its_classic_series()
    {
        var batch = Batches.Histogram("latency", 0, ("route=/a", [1, 2, 3], [0.5, 1e6]));
        Encode(batch, NoScope).ShouldBe(
        [
            "latency_seconds_bucket job=shop le=0.5 route=/a 1", "latency_seconds_bucket job=shop le=1000000 route=/a 3", "latency_seconds_bucket job=shop le=+Inf route=/a 6",
            "latency_seconds_sum job=shop route=/a 3", "latency_seconds_count job=shop route=/a 6",
        ]);
    }

    [Fact]
    public void a_summary_becomes_its_classic_series()
    {
        var batch = Batches.Write(w =>
        {
            w.BeginSummary("gc", "", "");
            w.BeginPoint(0, Nanos);
            w.EndSummaryPoint(9, 4.5, [0.5, 1], [0.25, 1e-7]);
            w.EndMetric();
        });
        Encode(batch, NoScope).ShouldBe(["gc quantile=0.5 0.25", "gc quantile=1 1E-07", "gc_sum 4.5", "gc_count 9"]);
    }

    [Fact]
    public void an_exponential_histogram_becomes_a_native_one_of_a_scale_that_prometheus_has()
    {
        var point = new Oracle.ExponentialPoint
        {
            Count = 21, Sum = 4.5, Scale = 10, ZeroCount = 2, ZeroThreshold = 1e-6, TimeUnixNano = Nanos,
            Positive = new() { Offset = 5, BucketCounts = { 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0 } }, Negative = new() { Offset = -3, BucketCounts = { 9 } },
        };
        var native = Requests(Exponential(point)).ShouldHaveSingleItem().Timeseries.ShouldHaveSingleItem().Histograms.ShouldHaveSingleItem();
        (native.CountInt, native.Sum, native.Schema, native.ZeroCountInt, native.ZeroThreshold, native.Timestamp)
            .ShouldBe((21ul, 4.5, 8, 2ul, 1e-6, (long)(Nanos / 1_000_000)));

        // Four buckets of scale 10 are one of scale 8: indices 5, 6, 7 and 24 are 1, 1, 1 and 6; Prometheus counts from one higher.
        Buckets(native.PositiveSpans, native.PositiveDeltas).ShouldBe(["2:6", "7:4"]);
        Buckets(native.NegativeSpans, native.NegativeDeltas).ShouldBe(["0:9"]);
    }

    [Fact]
    public void what_was_not_recorded_is_marked_stale()
    {
        var batch = Batches.Write(w => w.CounterEnds("orders", 1, "a=b"));
        var sample = Requests(batch).ShouldHaveSingleItem().Timeseries.ShouldHaveSingleItem().Samples.ShouldHaveSingleItem();
        BitConverter.DoubleToUInt64Bits(sample.Value).ShouldBe(0x7FF0_0000_0000_0002ul);
        var native = Requests(Exponential(new Oracle.ExponentialPoint { Flags = 1, TimeUnixNano = Nanos }))[0].Timeseries[0].Histograms[0];
        BitConverter.DoubleToUInt64Bits(native.Sum).ShouldBe(0x7FF0_0000_0000_0002ul);
    }

    [Fact]
    public void what_prometheus_cannot_hold_is_refused_and_counted_by_reason()
    {
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions());
        var sink = new Requested();
        encoder.Encode(
            Batches.Write(w =>
            {
                w.BeginSum("d", "", "", monotonic: true, Temporality.Delta);
                for (var i = 0; i < 3; i++)
                {
                    w.BeginPoint(1, Nanos);
                    w.EndPoint(1L);
                }

                w.EndMetric();
                w.BeginHistogram("h", "", "", Temporality.Unspecified);
                w.BeginPoint(1, Nanos);
                w.EndHistogramPoint(1, 1, [1], []);
                w.EndMetric();
                w.BeginGauge("g", "", "");
                w.BeginPoint(1, Nanos);
                w.Attribute([(byte)'a'], [0xFF]);
                w.EndPoint(1L);
                w.EndMetric();
            }),
            sink);
        encoder.Encode(Exponential(new Oracle.ExponentialPoint { Scale = -5 }), sink);
        sink.Requests.ShouldBeEmpty();
        encoder.Refused.Select(r => $"{r.Points} {r.Rule}").ShouldBe(
            ["3 delta temporality, which Prometheus does not store", "1 unspecified temporality", "1 a label that is no UTF-8", "1 an exponential histogram of a scale below -4"]);
    }

    [Fact]
    public void labels_come_from_resource_scope_and_point_without_two_of_a_name()
    {
        var batch = Batches.Write(
            w =>
            {
                w.BeginGauge("g", "", "");
                w.BeginPoint(0, Nanos);
                w.Labels("job=mine,a.b=2,a_b=3,a/b=1,zone=z");
                w.EndPoint(1L);
                w.EndMetric();
            },
            ("service.namespace", "ns"), ("service.name", "shop"), ("service.instance.id", "i1"), ("host.id", "h"));
        var options = new RemoteWriteEncoderOptions { Labels = new PrometheusLabelOptions { External = [("zone", "unused"), ("cluster", "c")] } };
        Encode(batch, options).ShouldBe(
        [
            "g a_b=2;1;3 cluster=c exported_job=mine instance=i1 job=ns/shop otel_scope_name=test otel_scope_version=1 zone=z 1",
            "target_info cluster=c host_id=h instance=i1 job=ns/shop zone=unused 1",
        ]);
        var all = options with { Labels = new PrometheusLabelOptions { ResourceAttributes = true, Scope = false } };
        Encode(batch, all)[0].ShouldBe("g a_b=2;1;3 exported_job=mine host_id=h instance=i1 job=ns/shop zone=z 1");
    }

    [Fact]
    public void target_info_and_metadata_come_at_their_intervals()
    {
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions { TargetInfoInterval = TimeSpan.FromSeconds(60), MetadataInterval = TimeSpan.FromSeconds(60) });
        var sent = new[] { 0, 30, 59, 60, 10 }.Select(at =>
        {
            var sink = new Requested();
            encoder.Encode(Batches.Write(w => w.CounterPoints("orders", at, 0, ("", 1)), ("service.name", "shop"), ("host.id", "h")), sink);
            var request = sink.Requests.ShouldHaveSingleItem();
            return $"{request.Timeseries.Count} {string.Join(' ', request.Metadata.Select(m => $"{m.MetricFamilyName} {(PrometheusType)m.Type}"))}".Trim();
        }).ToList();
        sent.ShouldBe(["2 orders_total Counter", "1", "1", "2 orders_total Counter", "2 orders_total Counter"], "and again where the clock was set back");
    }

    [Fact]
    public void exemplars_go_to_the_bucket_that_holds_them_within_their_limit()
    {
        var histogram = new HistogramPoint { TimeUnixNano = Nanos, Count = 3, BucketCounts = { 1, 2 }, ExplicitBounds = { 1 } };
        histogram.Exemplars.Add(new OtlpExemplar { AsDouble = 0.5, TimeUnixNano = Nanos, TraceId = ByteString.CopyFrom(new byte[16]), FilteredAttributes = { Text("a", "b"), Text("long", new string('x', 120)), Text("trace_id", "other") } });
        histogram.Exemplars.Add(new OtlpExemplar { AsInt = 7, TimeUnixNano = Nanos, SpanId = ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8) });
        var request = Requests(One(new Metric { Name = "h", Histogram = new OtlpHistogram { AggregationTemporality = 2, DataPoints = { histogram } } })).ShouldHaveSingleItem();
        request.Timeseries.Select(s => string.Join(';', s.Exemplars.Select(e => $"{e.Value} {string.Join(',', e.Labels.Select(l => $"{l.Name}={l.Value}"))}"))).ShouldBe(
            ["0.5 trace_id=00000000000000000000000000000000,a=b", "7 span_id=0102030405060708", ""]);
    }

    [Fact]
    public void requests_stay_within_their_size_and_lose_nothing()
    {
        var batch = Batches.Write(
            w =>
            {
                w.BeginGauge("g", "", "");
                for (var i = 0; i < 1000; i++)
                {
                    w.BeginPoint(0, Nanos);
                    w.Attribute("n", i);
                    w.Attribute("long", i == 500 ? new string('x', 3000) : "y");
                    w.EndPoint((long)i);
                }

                w.EndMetric();
            });
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions { MaxRequestBytes = 2000, Labels = new PrometheusLabelOptions { Scope = false } });
        var sink = new Requested();
        encoder.Encode(batch, sink);
        sink.Infos.ShouldAllBe(info => info.UncompressedBytes <= 2000);
        sink.Infos.Sum(info => info.Samples).ShouldBe(999);
        sink.Infos.Sum(info => info.Points).ShouldBe(999);
        sink.Requests.SelectMany(r => r.Timeseries).Select(s => s.Samples[0].Value).ShouldBe(Enumerable.Range(0, 1000).Where(i => i != 500).Select(i => (double)i));
        encoder.Refused.ShouldBe([new DroppedPoints("a series larger than a request may be", 1)]);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static readonly Gen<string> LabelName = OneOf("a", "b", "job", "instance", "le", "zone", "A", "_x", "otel_scope_name", "service_name");

    private static readonly Gen<TimeSeries> AnySeries = Gen.Select(
        OneOf("up", "x_total", "x_bucket", "latency:rate5m", "target_info"), Gen.Select(LabelName, OneOf("1", "é", "a/b", "x;y")).Array[0, 5],
        Gen.Select(Gen.OneOf(Gen.Double, Gen.Const(StaleMark), Gen.Const(BitConverter.UInt64BitsToDouble(0x7FF0_0000_0000_0002))), Gen.Long[0, 1L << 43]).Array[0, 3],
        Gen.Select(Gen.Int[-4, 8], Gen.Select(Gen.Int[-20, 20], Gen.UInt[1, 3]).Array[0, 3], Gen.Long[1, 9].Array[9], Gen.ULong[0, 9]).Array[0, 2]).Select(
        (name, labels, samples, histograms) =>
        {
            var series = new TimeSeries();
            series.Labels.AddRange(labels.DistinctBy(l => l.Item1).Append(("__name__", name)).OrderBy(l => l.Item1, StringComparer.Ordinal).Select(l => new Label { Name = l.Item1, Value = l.Item2 }));
            series.Samples.AddRange(samples.Select(s => new Sample { Value = s.Item1, Timestamp = s.Item2 }));
            series.Histograms.AddRange(histograms.Select(h => NativeOf(h.Item1, h.Item2, h.Item3, h.Item4)));
            return series;
        });

    [Fact]
    public void what_comes_by_remote_write_leaves_by_remote_write_alike() => AnySeries.Array[0, 12].Sample(
        series =>
        {
            var request = new WriteRequest { Timeseries = { series } };
            var options = new RemoteWriteDecoderOptions();
            var decoder = new RemoteWriteDecoder(options, new RemoteWriteTypes(options));
            var intake = decoder.Decode(Snappy.CompressToArray(request.ToByteArray()));
            intake.Refused.ShouldBe(0);
            Everything(Requests(decoder.Batch, new RemoteWriteEncoderOptions { MaxRequestBytes = 300 })).ShouldBe(Everything([request]));
        },
        iter: 500);

    // Neighbours that share keys, share some, or make one label of two keys; values that are empty, long, or no ASCII.
    private static readonly Gen<(string Keys, string[] Values, bool Whole)> AnyPoint = Gen.Select(
        OneOf("a b c", "a b c", "c a b", "a b", "a.b a_b c", "le job c"), OneOf("", "x", "y", "é", new string('v', 130)).Array[3], Gen.Bool);

    [Fact]
    public void a_point_becomes_the_same_series_whoever_its_neighbours_are() => AnyPoint.Array[1, 12].Sample(
        points => Encode(Batch(points)).ShouldBe(points.SelectMany(point => Encode(Batch([point])))),
        iter: 1000);

    private static byte[] Batch(IEnumerable<(string Keys, string[] Values, bool Whole)> points) => Batches.Write(
        w =>
        {
            w.BeginSum("x", "", "", monotonic: true, Temporality.Cumulative);
            foreach (var (keys, values, whole) in points)
            {
                w.BeginPoint(0, Nanos);
                foreach (var (key, value) in keys.Split(' ').Zip(values))
                    w.Attribute(key, value);
                if (whole)
                    w.EndPoint(-7L);
                else
                    w.EndPoint(1.5);
            }

            w.EndMetric();
        });

    [Fact]
    public void numbers_are_written_without_exponent_and_read_back_the_same() => Gen.Double.Sample(
        number =>
        {
            var text = new ProtoBuffer();
            PrometheusNumber.Append(text, number);
            var written = System.Text.Encoding.UTF8.GetString(text.Span);
            written.ShouldNotContain('E');
            if (double.IsFinite(number))
                double.Parse(written, CultureInfo.InvariantCulture).ShouldBe(number);
        },
        iter: 2000);

    private static RemoteWriteEncoderOptions NoScope => new() { Labels = new PrometheusLabelOptions { Scope = false } };

    private static Histogram NativeOf(int schema, (int Offset, uint Length)[] spans, long[] counts, ulong zero)
    {
        var histogram = new Histogram { Schema = schema, ZeroCountInt = zero, Sum = 2.5, Timestamp = 77, CountInt = zero };
        long previous = 0;
        var next = 0;
        for (var i = 0; i < spans.Length; i++)
        {
            var offset = i == 0 ? spans[i].Offset : Math.Abs(spans[i].Offset);
            histogram.PositiveSpans.Add(new BucketSpan { Offset = offset, Length = spans[i].Length });
            for (var j = 0; j < spans[i].Length; j++)
            {
                histogram.PositiveDeltas.Add(counts[next] - previous);
                previous = counts[next++];
                histogram.CountInt += (ulong)previous;
            }
        }

        return histogram;
    }

    /// <summary>Every sample and histogram with its labels, in an order of their own.</summary>
    private static List<string> Everything(IEnumerable<WriteRequest> requests)
    {
        var all = new List<string>();
        foreach (var series in requests.SelectMany(r => r.Timeseries))
        {
            var labels = string.Join(',', series.Labels.Select(l => $"{l.Name}={l.Value}"));
            all.AddRange(series.Samples.Select(s => $"{labels} {BitConverter.DoubleToUInt64Bits(s.Value):x} {s.Timestamp}"));
            all.AddRange(series.Histograms.Select(h =>
                $"{labels} {h.CountInt} {h.Sum} {h.Schema} {h.ZeroCountInt} {h.ZeroThreshold} {h.Timestamp} {string.Join(' ', Buckets(h.PositiveSpans, h.PositiveDeltas))}"));
        }

        all.Sort(StringComparer.Ordinal);
        return all;
    }

    private static List<string> Buckets(IEnumerable<BucketSpan> spans, Google.Protobuf.Collections.RepeatedField<long> deltas)
    {
        var buckets = new List<string>();
        int index = 0, next = 0;
        long count = 0;
        foreach (var span in spans)
        {
            index += span.Offset;
            for (var i = 0; i < span.Length; i++, index++)
            {
                count += deltas[next++];
                if (count != 0)
                    buckets.Add($"{index}:{count}");
            }
        }

        return buckets;
    }

    private static byte[] Exponential(Oracle.ExponentialPoint point) =>
        One(new Metric { Name = "e", ExponentialHistogram = new Oracle.ExponentialHistogram { AggregationTemporality = 2, DataPoints = { point } } });

    private static byte[] One(Metric metric) =>
        new Request { ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { new ScopeMetrics { Metrics = { metric } } } } } }.ToByteArray();

    private static Oracle.KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };

    private static List<string> Names(ReadOnlySpan<byte> batch, RemoteWriteEncoderOptions? options = null) =>
        [.. Requests(batch, options).SelectMany(r => r.Timeseries).Select(s => s.Labels.Single(l => l.Name == "__name__").Value)];

    private static List<string> Encode(ReadOnlySpan<byte> batch, RemoteWriteEncoderOptions? options = null)
    {
        var lines = new List<string>();
        foreach (var series in Requests(batch, options).SelectMany(r => r.Timeseries))
        {
            series.Labels.Select(l => l.Name).ShouldBe(series.Labels.Select(l => l.Name).Order(StringComparer.Ordinal));
            var labels = series.Labels.Where(l => l.Name != "__name__").Select(l => $" {l.Name}={l.Value}");
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{series.Labels.Single(l => l.Name == "__name__").Value}{string.Concat(labels)} {series.Samples.ShouldHaveSingleItem().Value}"));
        }

        return lines;
    }

    private static List<WriteRequest> Requests(ReadOnlySpan<byte> batch, RemoteWriteEncoderOptions? options = null)
    {
        var encoder = new RemoteWriteEncoder(options ?? new RemoteWriteEncoderOptions());
        var sink = new Requested();
        encoder.Encode(batch, sink);
        encoder.Refused.ShouldBeEmpty();
        return sink.Requests;
    }

    private sealed class Requested : IRemoteWriteSink
    {
        public List<WriteRequest> Requests { get; } = [];

        public List<RemoteWriteRequest> Infos { get; } = [];

        public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request)
        {
            var bytes = Snappy.DecompressToArray(snappyBody);
            bytes.Length.ShouldBe(request.UncompressedBytes);
            Requests.Add(WriteRequest.Parser.ParseFrom(bytes));
            Requests[^1].Timeseries.Sum(s => s.Samples.Count + s.Histograms.Count).ShouldBe(request.Samples);
            Infos.Add(request);
        }
    }
}
