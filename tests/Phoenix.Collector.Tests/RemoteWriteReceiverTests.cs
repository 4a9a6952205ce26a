using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public sealed class RemoteWriteReceiverTests : IDisposable
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task what_a_real_prometheus_writes_arrives_with_its_labels_and_its_stale_markers()
    {
        const string executable = "/usr/bin/prometheus";
        Assert.SkipUnless(File.Exists(executable), "Prometheus is not installed here (on Debian: apt-get install prometheus).");
        await using var backend = await HttpPeer.StartAsync();
        await using var target = await HttpPeer.StartAsync();
        target.Exposition = "# TYPE orders_total counter\norders_total{route=\"/cart\"} 41\n# TYPE queue gauge\nqueue 3\n";
        await using var collector = CollectorProcess.Start(_place, "production", RemoteWrite(backend.Address));
        var url = new Uri(await collector.OtlpAsync(), "/api/v1/write");
        File.WriteAllText(_place.File("prometheus.yml"), $$"""
            global: {scrape_interval: 500ms, scrape_timeout: 500ms}
            scrape_configs:
              - job_name: shop
                static_configs: [{targets: ["{{target.Address.Authority}}"], labels: {team: checkout} }]
            remote_write:
              - url: {{url}}
                metadata_config: {send_interval: 200ms}
            """);
        using var prometheus = Process.Start(new ProcessStartInfo(executable,
        [
            $"--config.file={_place.File("prometheus.yml")}", $"--storage.tsdb.path={_place.File("tsdb")}", "--web.listen-address=127.0.0.1:0", "--log.level=error",
        ]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        try
        {
            var orders = await Wait.ForAsync("the counter with its type", () => Task.FromResult(
                backend.Decoded.FirstOrDefault(p => p is { Metric: "orders_total", Type: MetricType.Sum, Stale: false })));
            orders.Value.ShouldBe(41);
            (orders.Labels["route"], orders.Labels["team"]).ShouldBe(("/cart", "checkout"));
            (orders.Resource["service.name"], orders.Resource["service.instance.id"]).ShouldBe(("shop", target.Address.Authority));
            await Wait.UntilAsync("up", () => Task.FromResult(backend.Decoded.Any(p => p is { Metric: "up", Value: 1 })));

            target.Exposition = "orders_total{route=\"/cart\"} 42\n";
            await Wait.UntilAsync("the gauge's stale marker", () => Task.FromResult(backend.Decoded.Any(p => p is { Metric: "queue", Stale: true })));
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task requests_that_are_no_remote_write_get_the_status_the_specification_asks_for()
    {
        await using var backend = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", RemoteWrite(backend.Address));
        var root = await collector.OtlpAsync();
        // WriteRequest { timeseries { labels { "__name__": "orders" } samples { value: 1.5, timestamp: 1000 } } }, as one snappy literal.
        byte[] series = [0x0a, 18, .. Text(1, "__name__"), .. Text(2, "orders")];
        byte[] sample = [0x12, 12, 0x09, .. BitConverter.GetBytes(1.5), 0x10, 0xe8, 0x07];
        byte[] request = [0x0a, (byte)(series.Length + sample.Length), .. series, .. sample];

        (await PostAsync(Snappy(request))).Status.ShouldBe(HttpStatusCode.NoContent);
        var malformed = await PostAsync(Snappy([0x0a, 9, 1]));
        malformed.Status.ShouldBe(HttpStatusCode.BadRequest);
        malformed.Text.ShouldContain("at byte 0");
        (await PostAsync([1, 2, 3])).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync([0xff, 0xff, 0xff, 0xff, 0x0f, 0])).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge, "it claims four gigabytes");
        (await PostAsync(new byte[200_000])).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await PostAsync(Snappy(request), encoding: "gzip")).Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await PostAsync(Snappy(request), type: "application/x-protobuf;proto=io.prometheus.write.v2.Request")).Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await PostAsync(Snappy(request), path: "/api/v2/write")).Status.ShouldBe(HttpStatusCode.NotFound);
        await Wait.UntilAsync("the sample", () => Task.FromResult(backend.Decoded.Any(p => p is { Metric: "orders", Value: 1.5, UnixNanos: 1_000_000_000 })));

        async Task<(HttpStatusCode Status, string Text)> PostAsync(byte[] body, string encoding = "snappy", string type = "application/x-protobuf", string path = "/api/v1/write")
        {
            var content = new ByteArrayContent(body);
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            content.Headers.ContentEncoding.Add(encoding);
            using var response = await Client.PostAsync(new Uri(root, path), content);
            return (response.StatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    private static byte[] Text(byte field, string text) => [(byte)(field << 3 | 2), (byte)text.Length, .. System.Text.Encoding.UTF8.GetBytes(text)];

    private static byte[] Snappy(byte[] bytes) => [(byte)bytes.Length, (byte)((bytes.Length - 1) << 2), .. bytes];

    private static string RemoteWrite(Uri backend) => $$"""
        receivers:
          prometheusremotewrite: {endpoint: "127.0.0.1:0", max_request_body_size: 100000}
        exporters:
          otlphttp: {endpoint: "{{backend}}"}
        service:
          pipelines:
            metrics: {receivers: [prometheusremotewrite], exporters: [otlphttp]}
        """;
}
