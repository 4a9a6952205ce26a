using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public sealed class RemoteWriteExporterTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task prometheus_stores_what_is_written_to_it()
    {
        await using var prometheus = await PrometheusProcess.StartAsync(_place);
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Into(
            $"  prometheusremotewrite: {{endpoint: '{prometheus.RemoteWrite}', external_labels: {{cluster: north}}}}", "prometheusremotewrite"));
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(3, 5));

        var stored = await Wait.ForAsync("the series", async () => await prometheus.QueryAsync("shop_requests_total") is { Count: 3 } series ? series : null);

        stored.Select(s => (s.Labels["customer"], s.Value)).ShouldBe([("c0", "5"), ("c1", "10"), ("c2", "15")], ignoreOrder: true);
        stored.ShouldAllBe(s => s.Labels["job"] == "shop" && s.Labels["cluster"] == "north");
        (await collector.HealthyAsync()).Healthy.ShouldBeTrue();
    }

    [Fact]
    public async Task a_backend_that_is_killed_and_comes_back_gets_every_sample()
    {
        await using var prometheus = await PrometheusProcess.StartAsync(_place);
        await using var backend = await HttpPeer.StartAsync();
        var address = backend.Address;
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Into(
            $"  otlphttp: {{endpoint: '{address}', retry_on_failure: {{initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 0s}}}}\n  prometheusremotewrite: {{endpoint: '{prometheus.RemoteWrite}'}}",
            "otlphttp, prometheusremotewrite"));
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(1, 1));
        await Wait.UntilAsync("the first batch", () => Task.FromResult(backend.Points.Count == 1));

        await backend.DisposeAsync();
        for (var i = 2; i <= 4; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(1, i));
        }

        await Wait.UntilAsync("the other backend to go on", async () => (await prometheus.QueryAsync("shop_requests_total")).Any(s => s.Value == "4"));
        await using var again = await HttpPeer.StartAsync(address);

        await Wait.UntilAsync("what had to wait", () => Task.FromResult(again.Points.Count == 3));
        again.Points.Select(p => p.Value).ShouldBe([2, 3, 4]);
    }

    [Fact]
    public async Task what_prometheus_cannot_hold_is_counted_as_unsupported_and_does_not_hold_up_the_rest()
    {
        await using var prometheus = await PrometheusProcess.StartAsync(_place);
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Into($"  prometheusremotewrite: {{endpoint: '{prometheus.RemoteWrite}'}}", "prometheusremotewrite"));
        await Batches.SendAsync(await collector.OtlpAsync(), [.. Batches.Requests(2, 5, temporality: Temporality.Delta), .. Batches.Requests(1, 7)]);

        await Wait.UntilAsync("the cumulative series", async () => (await prometheus.QueryAsync("shop_requests_total")).Any(s => s.Value == "7"));

        var metrics = await collector.MetricsAsync();
        metrics.ShouldContain("phoenix_exporter_dropped_metric_points{exporter=\"prometheusremotewrite\",reason=\"unsupported\"} 2\n");
        metrics.ShouldContain("otelcol_exporter_sent_metric_points{exporter=\"prometheusremotewrite\"} 1\n");
    }
}
