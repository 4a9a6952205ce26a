namespace Phoenix.Telemetry.Tests;

/// <summary>What remote write sends is what a Prometheus with native histograms stores, and as many series as the meter counts.</summary>
public class WrittenSeriesTests
{
    private const int Interval = 10;

    [Fact]
    public Task exponential_histograms_are_one_series_each() => Compare(
        counts => counts.Native,
        at => Numbers(at, 0, 20).Concat(Exponential(at, 1, "/", "/cart")),
        at => Numbers(at, 5, 20).Concat(Exponential(at, 2, "/", "/cart", "/pay")),
        at => Numbers(at, 0, 30).Concat(Exponential(at, 3, "/pay")));

    [Fact]
    public Task explicit_histograms_are_stored_classic_beside_native_ones() => Compare(
        counts => counts.Classic,
        at => Numbers(at, 0, 3).Concat(Explicit(at, "/", "/cart")).Concat(Exponential(at, 1, "/")),
        at => Numbers(at, 2, 4).Concat(Explicit(at, "/pay")).Concat(Exponential(at, 2, "/", "/cart")));

    private static async Task Compare(Func<SeriesCount, long> projection, params Func<double, IEnumerable<byte>>[] batches)
    {
        PrometheusServer.Require();
        using var folder = new TemporaryFolder();
        // A query sees the batch of its time alone.
        using var prometheus = await PrometheusServer.StartAsync(
            folder.Path, "{}\n", "--enable-feature=native-histograms", "--web.enable-remote-write-receiver", $"--query.lookback-delta={Interval / 2}s");
        var meter = new ArmMeter(new ArmMeterOptions());
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions { TargetInfoInterval = TimeSpan.Zero });
        var sink = new Requests();
        var from = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (batches.Length * Interval);
        for (var i = 0; i < batches.Length; i++)
        {
            var at = from + (i * Interval);
            byte[] batch = [.. batches[i](at - 1_700_000_000)];
            meter.ObserveInput(new BatchDecoder().Decode(batch), at * 1_000_000_000L);
            var counts = meter.Cut().Input;
            encoder.Encode(batch, sink);
            foreach (var request in sink.Drain())
                await prometheus.WriteAsync(request);

            (await prometheus.ValueAsync("count({__name__=~\".+\"})", at)).ShouldBe(projection(counts.Series.Window), $"live series of batch {i}");
            (await prometheus.OwnAsync("prometheus_tsdb_head_series")).ShouldBe(projection(counts.Series.Measurement), $"all series up to batch {i}");
            (await prometheus.ValueAsync("count({__name__=\"target_info\"})", at)).ShouldBe(1);
            // Native ones are not floats: a count of observations is in them.
            (await prometheus.QueryAsync("histogram_count(latency_seconds)", at)).ShouldAllBe(s => s.Value == 3 * (i + 1));
            (await prometheus.QueryAsync("histogram_sum(latency_seconds)", at)).ShouldAllBe(s => s.Value == 4.5 * (i + 1));
            (await prometheus.QueryAsync("histogram_quantile(1, latency_seconds)", at)).ShouldAllBe(s => s.Value == 4);
            (await prometheus.QueryAsync("histogram_count(latency_seconds)", at)).ShouldNotBeEmpty();
        }

        encoder.Refused.ShouldBeEmpty();
    }

    private static byte[] Numbers(double at, int from, int to) => Batches.Write(
        w =>
        {
            w.CounterPoints("requests", at, 0, [.. Enumerable.Range(from, to - from).Select(i => ($"customer=c{i}", (long)i))]);
            w.BeginGauge("temperature", "Cel", "");
            w.BeginPoint(0, Batches.At(at));
            w.EndPoint(21.5);
            w.EndMetric();
            w.BeginSummary("size", "By", "");
            w.BeginPoint(0, Batches.At(at));
            w.EndSummaryPoint(3, 5, [0.5, 0.99], [1, 2]);
            w.EndMetric();
        },
        Resource);

    private static byte[] Explicit(double at, params string[] routes) => Batches.Write(
        w =>
        {
            w.BeginHistogram("duration", "s", "", Temporality.Cumulative);
            foreach (var route in routes)
            {
                w.BeginPoint(0, Batches.At(at));
                w.Labels($"route={route}");
                w.EndHistogramPoint(3, 2.5, [1, 2, 0], [0.1, 1]);
            }

            w.EndMetric();
        },
        Resource);

    /// <summary>Observations of 0.5, 1 and 3 at scale 0, so often.</summary>
    private static byte[] Exponential(double at, int times, params string[] routes)
    {
        var points = string.Join(',', routes.Select(route => $$"""
            {"timeUnixNano": "{{Batches.At(at)}}", "count": {{3 * times}}, "sum": {{4.5 * times}}, "scale": 0, "attributes": [{"key": "route", "value": {"stringValue": "{{route}}"} }],
             "positive": {"offset": -2, "bucketCounts": [{{times}}, {{times}}, 0, {{times}}]} }
            """));
        var reader = new OtlpJsonReader();
        reader.Read(System.Text.Encoding.UTF8.GetBytes($$"""
            {"resourceMetrics": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"} }, {"key": "service.version", "value": {"stringValue": "1"} }]},
              "scopeMetrics": [{"scope": {"name": "test", "version": "1"}, "metrics": [{"name": "latency", "unit": "s", "exponentialHistogram": {"aggregationTemporality": 2, "dataPoints": [{{points}}]} }]}]}]}
            """));
        return reader.Batch.ToArray();
    }

    private static (string, object)[] Resource => [("service.name", "shop"), ("service.version", "1")];

    private sealed class Requests : IRemoteWriteSink
    {
        private readonly List<byte[]> bodies = [];

        public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request) => bodies.Add(snappyBody.ToArray());

        public List<byte[]> Drain()
        {
            List<byte[]> drained = [.. bodies];
            bodies.Clear();
            return drained;
        }
    }
}
