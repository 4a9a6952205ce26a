using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Phoenix.Collector.Tests;

public sealed class ReceiveAndExportTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task a_scraped_endpoint_arrives_at_the_backend_with_up_and_its_resource()
    {
        await using var peer = await HttpPeer.StartAsync();
        peer.Exposition = "# TYPE shop_orders_total counter\nshop_orders_total{route=\"/cart\"} 41\n";
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Scrape(peer.Address, peer.Address));
        await collector.HealthyAsync();

        var orders = await Wait.ForAsync("the scraped counter", () => Task.FromResult(peer.Points.FirstOrDefault(p => p.Metric.StartsWith("shop_orders", StringComparison.Ordinal))));

        orders.Value.ShouldBe(41);
        orders.Text.ShouldContain("/cart");
        orders.Text.ShouldContain("checkout", customMessage: "labels of the target stand on its series");
        orders.Resource.ShouldContain(peer.Address.Authority, customMessage: "service.instance.id");
        orders.Resource.ShouldContain("host.id", customMessage: "a loopback target runs on this host");
        await Wait.UntilAsync("up = 1 and one sample counted", () => Task.FromResult(
            peer.Points.Any(p => p is { Metric: "up", Value: 1 }) && peer.Points.Any(p => p is { Metric: "scrape_samples_scraped", Value: 1 })));

        peer.Exposition = null;
        await Wait.UntilAsync("up to fall to 0", () => Task.FromResult(peer.Points.Any(p => p is { Metric: "up", Value: 0 })));
    }

    [Fact]
    public async Task what_the_opentelemetry_sdk_sends_arrives_at_the_backend()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpTo(peer.Address));
        var otlp = await collector.OtlpAsync();
        using var meter = new Meter("shop-sdk");
        using var provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(meter.Name)
            .AddOtlpExporter(o => (o.Endpoint, o.Protocol) = (new Uri(otlp, "/v1/metrics"), OtlpExportProtocol.HttpProtobuf))
            .Build();
        meter.CreateCounter<long>("shop.checkouts").Add(17, new KeyValuePair<string, object?>("route", "/pay"));
        meter.CreateHistogram<double>("shop.duration").Record(0.2);

        provider.ForceFlush(20_000).ShouldBeTrue(collector.Log);

        var checkouts = await Wait.ForAsync("the counter", () => Task.FromResult(peer.Points.FirstOrDefault(p => p.Metric == "shop.checkouts")));
        checkouts.Value.ShouldBe(17);
        checkouts.Text.ShouldContain("/pay");
        peer.Points.ShouldContain(p => p.Metric == "shop.duration");
        peer.Headers.ShouldContain("tenant-secret");
    }

    [Fact]
    public async Task a_backend_that_refuses_for_now_gets_the_batch_again_exactly_once()
    {
        await using var peer = await HttpPeer.StartAsync();
        peer.Refusals.Enqueue(503);
        peer.Refusals.Enqueue(429);
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpTo(peer.Address));
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(2, 5));

        await collector.HealthyAsync();

        peer.Points.Select(p => p.Value).ShouldBe([5, 10], ignoreOrder: true);
        (await collector.WindowAsync("failed attempts", w => w.Output.ExportErrors == 2)).Output.DroppedPoints.ShouldBe(0);
    }

    [Fact]
    public async Task a_batch_that_the_backend_refuses_for_good_is_dropped_counted_and_makes_the_arm_unhealthy()
    {
        await using var peer = await HttpPeer.StartAsync();
        peer.Refusals.Enqueue(400);
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpTo(peer.Address));
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(3, 5));

        await collector.WindowAsync("dropped points", w => w.Output.DroppedPoints == 3);

        var status = (await collector.StatusAsync()).ShouldNotBeNull();
        status.Healthy.ShouldBeFalse();
        status.Reason.ShouldNotBeNull().ShouldContain("400");
        collector.Log.ShouldNotContain("tenant-secret", customMessage: "a header's value must not be logged");
    }

    [Fact]
    public async Task points_that_a_backend_rejects_out_of_an_accepted_batch_count_as_dropped()
    {
        await using var peer = await HttpPeer.StartAsync();
        // partial_success { rejected_data_points: 2, error_message: "no" }
        peer.Answer = [0x0a, 6, 0x08, 2, 0x12, 2, (byte)'n', (byte)'o'];
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpTo(peer.Address));
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(3, 5));

        (await collector.WindowAsync("dropped points", w => w.Output.DroppedPoints > 0)).Output.DroppedPoints.ShouldBe(2);
        peer.Points.Count.ShouldBe(3, "a batch partly accepted is not sent again");
    }

    [Fact]
    public async Task sigterm_during_a_back_off_still_sends_what_is_queued_to_a_backend_that_is_back()
    {
        await using var peer = await HttpPeer.StartAsync();
        peer.Refusals.Enqueue(503);
        var yaml = Yaml.OtlpTo(peer.Address).Replace("initial_interval: 50ms, max_interval: 100ms, max_elapsed_time: 20s", "initial_interval: 5m, max_interval: 5m, max_elapsed_time: 1h", StringComparison.Ordinal);
        await using var collector = CollectorProcess.Start(_place, "production", yaml);
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(2, 5));
        await Wait.UntilAsync("the back-off", () => Task.FromResult(collector.Log.Contains("it will be tried again", StringComparison.Ordinal)));

        collector.Signal(Signals.Terminate);

        (await collector.ExitAsync()).ShouldBe(0, collector.Log);
        peer.Points.Select(p => p.Value).ShouldBe([5, 10], ignoreOrder: true);
    }

    [Fact]
    public async Task requests_that_are_no_otlp_get_the_answer_the_specification_asks_for()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp().Replace("127.0.0.1:0\"", "127.0.0.1:0\", max_request_body_size: 100000", StringComparison.Ordinal));
        var otlp = await collector.OtlpAsync();

        (await AnswerAsync([1, 2], "text/plain")).ShouldBe((415, "application/x-protobuf"));
        (await AnswerAsync([1, 2], "application/json")).ShouldBe((400, "application/json"));
        (await AnswerAsync([0xff, 0xff], "application/x-protobuf")).ShouldBe((400, "application/x-protobuf"));
        (await AnswerAsync(new byte[100_001], "application/x-protobuf")).Status.ShouldBe(413);
        (await AnswerAsync(Compressed.As("gzip", new byte[5_000_000]), "application/x-protobuf", "gzip")).ShouldBe((413, "application/x-protobuf"), "a gzip bomb is bounded by what it inflates to");
        (await AnswerAsync(Compressed.As("zstd", new byte[5_000_000]), "application/x-protobuf", "zstd")).ShouldBe((413, "application/x-protobuf"), "and so is one of zstd");
        (await AnswerAsync([1, 2, 3], "application/x-protobuf", "zstd")).ShouldBe((400, "application/x-protobuf"));
        (await AnswerAsync([1, 2, 3], "application/x-protobuf", "gzip")).ShouldBe((400, "application/x-protobuf"));
        (await AnswerAsync([], "application/x-protobuf", "br")).Status.ShouldBe(415);
        (await AnswerAsync([], "application/x-protobuf")).ShouldBe((200, "application/x-protobuf"), "an empty request is a valid one");
        using var client = new HttpClient();
        ((int)(await client.GetAsync(new Uri(otlp, "/v1/metrics"))).StatusCode).ShouldBe(405);
        ((int)(await client.GetAsync(new Uri(otlp, "/v1/traces"))).StatusCode).ShouldBe(404);
        await Batches.SendAsync(otlp, Batches.Requests(1, 1));

        async Task<(int Status, string? Type)> AnswerAsync(byte[] body, string type, string? encoding = null)
        {
            using var response = await Batches.PostAsync(otlp, body, type, encoding);
            return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task a_full_pipeline_refuses_with_503_and_counts_the_points()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(extra: ", queue_batches: 1"));
        var otlp = await collector.OtlpAsync();
        var batch = Batches.Requests(20_000, 1);

        var refused = await Wait.ForAsync("a refusal", async () =>
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Batches.PostAsync(otlp, batch)));
            return answers.FirstOrDefault(a => (int)a.StatusCode == 503);
        });

        refused.Headers.RetryAfter.ShouldNotBeNull();
        var window = await collector.WindowAsync("refused points", w => w.Input.Refused > 0);
        (window.Input.Refused % 20_000).ShouldBe(0);
    }

    [Fact]
    public async Task sigterm_sends_what_is_queued_and_folded_and_exits_with_0()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpTo(peer.Address, Yaml.TopK.Replace("500ms", "1h", StringComparison.Ordinal)));
        await collector.MeasureAfterStartAsync(3600);
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(10, 1));
        await Batches.SendAsync(otlp, Batches.Requests(10, 2));

        collector.Signal(Signals.Terminate);

        (await collector.ExitAsync()).ShouldBe(0, collector.Log);
        peer.Points.Where(p => p.Metric == "shop.requests").Sum(p => p.Value).ShouldBe(55, "each customer's increment since its first sample");
        peer.Points.ShouldContain(p => p.Text.Contains("__other__"));
        File.Exists(_place.Socket("production")).ShouldBeFalse();
    }
}

internal static class Measuring
{
    /// <summary>Waits until the control socket answers, then sets the window.</summary>
    public static async Task MeasureAfterStartAsync(this CollectorProcess collector, double windowSeconds)
    {
        await Wait.ForAsync("the control socket", collector.StatusAsync);
        await collector.MeasureAsync(Guid.NewGuid(), windowSeconds);
    }
}
