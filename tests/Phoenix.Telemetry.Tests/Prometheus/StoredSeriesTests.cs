using System.Net.Sockets;
using System.Text;

namespace Phoenix.Telemetry.Tests;

/// <summary>What the meter calls classic series is what a real Prometheus stores, series for series.</summary>
public class StoredSeriesTests
{
    // What Prometheus adds to every target: up, scrape_duration_seconds, scrape_samples_scraped,
    // scrape_samples_post_metric_relabeling, scrape_series_added.
    private const int AddedByPrometheus = 5;

    private const string Histogram = """
        # TYPE latency_seconds histogram
        latency_seconds_bucket{route="/",le="0.1"} 1
        latency_seconds_bucket{route="/",le="1"} 2
        latency_seconds_bucket{route="/",le="+Inf"} 3
        latency_seconds_sum{route="/"} 2.5
        latency_seconds_count{route="/"} 3

        """;

    private const string Summary = """
        # TYPE size_bytes summary
        size_bytes{quantile="0.5"} 1
        size_bytes{quantile="0.99"} 2
        size_bytes_sum 5
        size_bytes_count 3

        """;

    private const string Info = """
        # TYPE target_info gauge
        target_info{service_version="1"} 1

        """;

    [Fact]
    public Task histograms_summaries_target_info_churn_and_staleness_count_alike() => Compare(
    [
        Counters(0, 20) + Histogram + Summary + Info,
        Counters(5, 20) + Histogram + Summary + Info,
        Counters(5, 25) + Histogram.Replace("\"/\"", "\"/cart\"", StringComparison.Ordinal) + Info,
        Counters(5, 26),
        Counters(0, 40) + Histogram + Summary + Info.Replace("\"1\"", "\"2\"", StringComparison.Ordinal),
    ]);

    [Theory]
    [InlineData("process")]
    [InlineData("node")]
    [InlineData("postgres")]
    [InlineData("prometheus")]
    public Task recorded_expositions_with_their_churn_count_alike(string job)
    {
        var folder = RecordedExpositionTests.Recordings();
        Assert.SkipWhen(folder is null, "no recorded expositions at ../shared/data/expositions beside the project's root");
        return Compare([.. RecordedExpositionTests.Scrapes(folder!, job).Where(s => s.Number % 40 == 0).Take(4).Select(s => Encoding.UTF8.GetString(s.Text))]);
    }

    [Fact]
    public async Task a_scrape_that_breaks_off_does_not_end_the_target()
    {
        using var target = new ExpositionServer { Text = new byte[8 << 20] };
        for (var i = 0; i < 3; i++)
        {
            using var scrape = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
            await scrape.ConnectAsync("127.0.0.1", target.Port);
            await scrape.SendAsync(Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{target.Port}\r\n\r\n"));
            (await scrape.ReceiveAsync(new byte[100])).ShouldBeGreaterThan(0);
        }

        target.Text = "a 1\n"u8.ToArray();
        using var client = new HttpClient();
        (await client.GetStringAsync(new Uri($"http://127.0.0.1:{target.Port}/metrics"))).ShouldBe("a 1\n");
    }

    private static async Task Compare(string[] expositions)
    {
        PrometheusServer.Require();
        using var folder = new TemporaryFolder();
        using var target = new ExpositionServer();
        using var prometheus = await PrometheusServer.StartAsync(folder.Path, $$"""
            scrape_configs:
              - job_name: shop
                scrape_interval: 1s
                scrape_timeout: 1s
                static_configs: [{ targets: ["127.0.0.1:{{target.Port}}"] }]
            """);
        var meter = new ArmMeter(new ArmMeterOptions());
        for (var i = 0; i < expositions.Length; i++)
        {
            // A metric of its own tells which exposition Prometheus has seen.
            var text = Encoding.UTF8.GetBytes(expositions[i] + $"# TYPE exposition_number gauge\nexposition_number {i}\n");
            target.Text = text;
            meter.ObserveInput(RecordedExpositionTests.Batch(text, 1_700_000_000 + i), 1_700_000_000_000_000_000 + (i * 1_000_000_000L));
            var counts = meter.Cut().Input;

            // Everything is asked as of the time of that scrape: a later one that fails marks all series stale.
            double scraped = 0;
            await PrometheusServer.WaitAsync($"exposition {i} is stored", async () => (scraped = await prometheus.ValueAsync($"timestamp(exposition_number == {i})")) > 0, prometheus.TargetsAsync);
            (await prometheus.ValueAsync("count({__name__=~\".+\"})", scraped)).ShouldBe(counts.Series.Window.Classic + AddedByPrometheus, $"live series of exposition {i}");
            (await prometheus.ValueAsync("scrape_samples_scraped", scraped)).ShouldBe(counts.Samples, $"samples of exposition {i}");
            (await prometheus.OwnAsync("prometheus_tsdb_head_series")).ShouldBe(counts.Series.DistinctHour.Classic + AddedByPrometheus, $"all series up to exposition {i}");
        }
    }

    private static string Counters(int from, int to)
    {
        var text = new StringBuilder("# TYPE requests_total counter\n");
        for (var i = from; i < to; i++)
            text.Append("requests_total{customer=\"c").Append(i).Append("\"} ").Append(i).Append('\n');
        return text.ToString();
    }
}
