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

    [Fact]
    public async Task exemplars_are_shown_to_who_asks_for_open_metrics_and_a_real_prometheus_stores_them()
    {
        await using var collector = Start(", enable_open_metrics: true, without_scope_info: true");
        var address = new Uri(await collector.ServingAsync("exporters.prometheus"), "/metrics");
        await using var prometheus = await PrometheusProcess.StartAsync(_place, address);
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Batches.SendAsync(await collector.OtlpAsync(), WithExemplars(now));

        var open = await Wait.ForAsync("the samples", async () => await ScrapeAsync(address, "application/openmetrics-text") is { Body.Length: > 6 } answer ? answer : null);
        var text = await ScrapeAsync(address, "text/plain");

        open.Body.ShouldContain($"shop_orders_total{{job=\"shop\"}} 7 # {{trace_id=\"0102030405060708090a0b0c0d0e0f10\",basket_id=\"a\\\"b\"}} 2 {now}.25\n", customMessage: "the newest of two");
        open.Body.ShouldContain($"shop_latency_seconds_bucket{{job=\"shop\",le=\"0.1\"}} 1 # {{}} 0.1 {now}.5\n");
        open.Body.ShouldContain("shop_latency_seconds_bucket{job=\"shop\",le=\"1.0\"} 1\n", customMessage: "no exemplar lies in the bucket");
        open.Body.ShouldContain($"shop_latency_seconds_bucket{{job=\"shop\",le=\"+Inf\"}} 2 # {{}} 30 {now}.0\n");
        open.Body.ShouldContain("shop_level{job=\"shop\"} 3\n", customMessage: "a gauge has none");
        text.Body.Split('\n').ShouldAllBe(line => !line.Contains(" # ", StringComparison.Ordinal));
        // Its escapes are not undone by Prometheus in exemplars.
        await Wait.UntilAsync("the stored exemplar", async () => (await prometheus.ExemplarsAsync("shop_orders_total")).Any(e =>
            e.Value == 2 && e.Labels["trace_id"] == "0102030405060708090a0b0c0d0e0f10" && e.Labels["basket_id"] == "a\\\"b"));
        (await prometheus.ExemplarsAsync("shop_latency_seconds_bucket")).Select(e => e.Value).ShouldBe([0.1, 30], ignoreOrder: true);
    }

    [Fact]
    public async Task over_tls_a_scraper_needs_the_certificate_that_the_settings_ask_for()
    {
        using var certificates = new TestCertificates();
        certificates.WriteServer(_place.File("server.pem"), _place.File("server.key"), "first");
        File.WriteAllText(_place.File("ca.pem"), certificates.AuthorityPem);
        await using var collector = Start($", tls: {{cert_file: {_place.File("server.pem")}, key_file: {_place.File("server.key")}, client_ca_file: {_place.File("ca.pem")}}}");
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(1, 5));
        var address = new Uri(await collector.ServingAsync("exporters.prometheus"), "/metrics");
        address.Scheme.ShouldBe("https");
        using var stranger = certificates.Client();
        using var certificate = certificates.Sign("scraper");
        using var member = certificates.Client(certificate);

        await Should.ThrowAsync<HttpRequestException>(() => stranger.GetStringAsync(address));
        await Wait.UntilAsync("the sample", async () => (await member.GetStringAsync(address)).Contains("shop_requests_total", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_certificate_that_is_missing_is_named_by_validate()
    {
        var file = _place.Configuration("bad");
        File.WriteAllText(file, Yaml.Into("  prometheus: {endpoint: '127.0.0.1:0', tls: {cert_file: /nowhere/a.pem, key_file: /nowhere/a.key}}", "prometheus"));

        var (exitCode, _, error) = await CollectorProcess.RunToEndAsync("validate", "--config", file);

        exitCode.ShouldBe(1);
        error.ShouldContain("exporters.prometheus.tls");
        error.ShouldContain("/nowhere/a.pem");
    }

    private static byte[] WithExemplars(long now)
    {
        var reader = new OtlpJsonReader();
        reader.Read(System.Text.Encoding.UTF8.GetBytes($$"""
            {"resourceMetrics": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"} }]}, "scopeMetrics": [{"metrics": [
              {"name": "shop.orders", "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": [{"timeUnixNano": "{{now}}000000000", "asInt": 7, "exemplars": [
                {"timeUnixNano": "{{now}}250000000", "asInt": 2, "traceId": "0102030405060708090a0b0c0d0e0f10", "filteredAttributes": [
                  {"key": "basket.id", "value": {"stringValue": "a\"b"} }, {"key": "basket_id", "value": {"stringValue": "again"} }, {"key": "long", "value": {"stringValue": "{{new string('x', 100)}}"} }]},
                {"timeUnixNano": "{{now}}000000000", "asInt": 1}]}]} },
              {"name": "shop.latency", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [{"timeUnixNano": "{{now}}000000000", "count": 2, "sum": 30.1,
                "bucketCounts": [1, 0, 1], "explicitBounds": [0.1, 1], "exemplars": [{"timeUnixNano": "{{now}}500000000", "asDouble": 0.1}, {"timeUnixNano": "{{now}}000000000", "asDouble": 30}]}]} },
              {"name": "shop.level", "gauge": {"dataPoints": [{"timeUnixNano": "{{now}}000000000", "asInt": 3, "exemplars": [{"timeUnixNano": "{{now}}000000000", "asInt": 3}]}]} }
            ]}]}]}
            """)).ShouldBe(3);
        return reader.Batch.ToArray();
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
