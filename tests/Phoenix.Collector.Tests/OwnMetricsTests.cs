using System.Globalization;
using System.Net;

namespace Phoenix.Collector.Tests;

public sealed class OwnMetricsTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task every_point_that_was_accepted_is_sent_dropped_for_a_reason_or_queued()
    {
        await using var peer = await HttpPeer.StartAsync();
        // partial_success { rejected_data_points: 1 }
        peer.Answer = [0x0a, 2, 0x08, 1];
        peer.Refusals.Enqueue(400);
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Into(
            $"  otlphttp/a: {{endpoint: '{peer.Address}'}}\n  otlphttp/b: {{endpoint: 'http://127.0.0.1:1', sending_queue: {{queue_size: 2}}, retry_on_failure: {{max_elapsed_time: 0s}}}}", "otlphttp/a, otlphttp/b"));
        var otlp = await collector.OtlpAsync();
        for (var i = 1; i <= 6; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(10, i));
        }

        var metrics = await Wait.ForAsync("everything to come to rest", async () =>
        {
            var read = Samples(await collector.MetricsAsync());
            return read["phoenix_exporter_queued_metric_points{exporter=\"otlphttp/a\"}"] == 0
                && read["phoenix_exporter_offered_metric_points{exporter=\"otlphttp/b\"}"] == 60 ? read : null;
        });

        metrics["otelcol_receiver_accepted_metric_points{receiver=\"otlp\",transport=\"http\"}"].ShouldBe(60);
        foreach (var exporter in new[] { "otlphttp/a", "otlphttp/b" })
        {
            var label = $"{{exporter=\"{exporter}\"}}";
            var dropped = metrics.Where(m => m.Key.StartsWith($"phoenix_exporter_dropped_metric_points{{exporter=\"{exporter}\"", StringComparison.Ordinal)).Sum(m => m.Value);
            metrics["phoenix_exporter_offered_metric_points" + label].ShouldBe(60);
            (metrics["otelcol_exporter_sent_metric_points" + label] + dropped + metrics["phoenix_exporter_queued_metric_points" + label]).ShouldBe(60);
        }

        // One batch refused, one point of each of the other five rejected.
        metrics["phoenix_exporter_dropped_metric_points{exporter=\"otlphttp/a\",reason=\"refused\"}"].ShouldBe(10);
        metrics["phoenix_exporter_dropped_metric_points{exporter=\"otlphttp/a\",reason=\"rejected\"}"].ShouldBe(5);
        metrics["otelcol_exporter_sent_metric_points{exporter=\"otlphttp/a\"}"].ShouldBe(45);
        metrics["otelcol_exporter_send_failed_metric_points{exporter=\"otlphttp/a\"}"].ShouldBe(15);
        metrics["otelcol_exporter_enqueue_failed_metric_points{exporter=\"otlphttp/b\"}"].ShouldBe(40);
        metrics["otelcol_exporter_queue_size{exporter=\"otlphttp/b\"}"].ShouldBe(2);
        metrics["otelcol_exporter_queue_capacity{exporter=\"otlphttp/b\"}"].ShouldBe(2);
        metrics["otelcol_process_memory_rss"].ShouldBeGreaterThan(1_000_000);
    }

    [Fact]
    public async Task health_and_metrics_are_served_where_the_configuration_says_and_follow_a_reload()
    {
        await using var peer = await HttpPeer.StartAsync();
        string Configuration(string extra) => Yaml.Into($"  otlphttp: {{endpoint: '{peer.Address}'}}", "otlphttp", $", max_series: 1000{extra}")
            .Replace("telemetry: {", "extensions: [health_check]\n  telemetry: {metrics: {address: '127.0.0.1:0'}, ", StringComparison.Ordinal)
            + "\nextensions:\n  health_check: {endpoint: '127.0.0.1:0', path: /healthz}\n";
        await using var collector = CollectorProcess.Start(_place, "production", Configuration(""));
        var otlp = await collector.OtlpAsync();
        var health = await collector.ServingAsync("extensions.health_check");
        var metrics = await collector.ServingAsync("service.telemetry.metrics");
        using var client = new HttpClient();

        using (var idle = await client.GetAsync(new Uri(health, "/healthz")))
        {
            idle.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await idle.Content.ReadAsStringAsync()).ShouldContain("no input has come in yet");
        }

        await Batches.SendAsync(otlp, Batches.Requests(1, 1));
        await collector.HealthyAsync();
        using (var working = await client.GetAsync(new Uri(health, "/healthz")))
        {
            working.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await working.Content.ReadAsStringAsync()).ShouldContain("\"status\":\"Server available\"");
        }

        (await client.GetAsync(health)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await client.GetStringAsync(new Uri(metrics, "/metrics"))).ShouldContain("phoenix_collector_healthy 1\n");

        File.WriteAllText(_place.Configuration("production"), Configuration("1").Replace("service:\n  extensions: [health_check]", "service:", StringComparison.Ordinal));
        using var reloaded = await collector.ReloadAsync();
        ((int)reloaded.StatusCode).ShouldBe(204);

        (await client.GetAsync(new Uri(metrics, "/metrics"))).StatusCode.ShouldBe(HttpStatusCode.OK, "the same listener");
        await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync(new Uri(health, "/healthz")));
    }

    /// <summary>Samples by name and labels as written.</summary>
    internal static Dictionary<string, double> Samples(string text) => text.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[line.LastIndexOf(' ')..], CultureInfo.InvariantCulture));
}
