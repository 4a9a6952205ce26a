using System.Net.Http.Headers;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public sealed class PrometheusExporterTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task a_real_prometheus_scrapes_what_came_in(bool openMetrics)
    {
        await using var collector = Start($", enable_open_metrics: {(openMetrics ? "true" : "false")}, const_labels: {{cluster: north}}");
        var otlp = await collector.OtlpAsync();
        await using var prometheus = await PrometheusProcess.StartAsync(_place, await collector.ServingAsync("exporters.prometheus"));
        await Batches.SendAsync(otlp, Histogram());
        await Batches.SendAsync(otlp, Batches.Requests(3, 5));

        var stored = await Wait.ForAsync("the series", async () => await prometheus.QueryAsync("shop_requests_total") is { Count: 3 } series ? series : null);

        stored.Select(s => (s.Labels["customer"], s.Labels["cluster"], s.Labels["job"], s.Value)).ShouldBe([("c0", "north", "shop", "5"), ("c1", "north", "shop", "10"), ("c2", "north", "shop", "15")], ignoreOrder: true);
        (await prometheus.QueryAsync("shop_duration_seconds_bucket")).Select(s => (double.Parse(s.Labels["le"].Replace("+Inf", "Infinity", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture), s.Value))
            .ShouldBe([(0.1, "1"), (1, "3"), (double.PositiveInfinity, "6")], ignoreOrder: true);
        (await prometheus.QueryAsync("shop_duration_seconds_sum")).ShouldHaveSingleItem().Value.ShouldBe("4.5");
        (await prometheus.QueryAsync("up")).ShouldHaveSingleItem().Value.ShouldBe("1");
        (await collector.HealthyAsync()).Healthy.ShouldBeTrue();
    }

    [Fact]
    public async Task text_and_open_metrics_are_written_as_their_formats_ask()
    {
        await using var collector = Start(", enable_open_metrics: true, without_scope_info: true, resource_to_telemetry_conversion: {enabled: true}");
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(1, 5));
        var address = new Uri(await collector.ServingAsync("exporters.prometheus"), "/metrics");

        var text = await Wait.ForAsync("the sample", async () => await ScrapeAsync(address, "text/plain") is { Body.Length: > 0 } answer ? answer : null);
        var open = await ScrapeAsync(address, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");

        text.Type.ShouldBe("text/plain");
        text.Body.ShouldBe("# TYPE shop_requests_total counter\nshop_requests_total{customer=\"c0\",job=\"shop\"} 5\n");
        open.Type.ShouldBe("application/openmetrics-text");
        open.Body.ShouldBe("# TYPE shop_requests counter\nshop_requests_total{customer=\"c0\",job=\"shop\"} 5\n# EOF\n");
    }

    [Fact]
    public async Task series_expire_and_new_ones_beyond_the_bound_are_dropped_and_counted()
    {
        await using var collector = Start(", metric_expiration: 300ms, max_streams: 2");
        var otlp = await collector.OtlpAsync();
        var address = new Uri(await collector.ServingAsync("exporters.prometheus"), "/metrics");
        await Batches.SendAsync(otlp, [.. Batches.Requests(5, 1), .. Batches.Requests(3, 1, temporality: Temporality.Delta)]);

        await Wait.UntilAsync("the dropped points", async () =>
        {
            var metrics = await collector.MetricsAsync();
            return metrics.Contains("phoenix_exporter_dropped_metric_points{exporter=\"prometheus\",reason=\"too_many_streams\"} 3\n", StringComparison.Ordinal)
                && metrics.Contains("phoenix_exporter_dropped_metric_points{exporter=\"prometheus\",reason=\"unsupported\"} 3\n", StringComparison.Ordinal);
        });
        await Wait.UntilAsync("all to expire", async () => (await ScrapeAsync(address, "text/plain")).Body.Length == 0);
    }

    private static async Task<Scrape> ScrapeAsync(Uri address, string accept)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        using var answer = await client.GetAsync(address);
        return new(answer.Content.Headers.ContentType is MediaTypeHeaderValue type ? type.MediaType! : "", await answer.Content.ReadAsStringAsync());
    }

    private CollectorProcess Start(string settings) =>
        CollectorProcess.Start(_place, "production", Yaml.Into($"  prometheus: {{endpoint: '127.0.0.1:0'{settings}}}", "prometheus"));

    private static byte[] Histogram()
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "shop");
        writer.BeginScope("test", "");
        writer.BeginHistogram("shop.duration", "s", "", Temporality.Cumulative);
        writer.BeginPoint(1_000_000_000, (ulong)Clock.UnixNanos());
        writer.EndHistogramPoint(6, 4.5, [1, 2, 3], [0.1, 1]);
        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }

    private sealed record Scrape(string Type, string Body);
}
