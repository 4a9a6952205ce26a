using Grpc.Core;
using Phoenix.Collector.Tests.Protos;

namespace Phoenix.Collector.Tests;

public sealed class ExporterTests : IDisposable
{
    private const string Patient = "retry_on_failure: {initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 0s}";
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData("gzip")]
    [InlineData("none")]
    public async Task grpc_carries_batches_metadata_and_partial_success(string compression)
    {
        await using var peer = await GrpcBackend.StartAsync();
        peer.Answer = new ExportMetricsServiceResponse { PartialSuccess = new() { RejectedDataPoints = 1, ErrorMessage = "too old" } };
        await using var collector = Start($"  otlp: {{endpoint: '{peer.Address.Authority}', tls: {{insecure: true}}, compression: {compression}, headers: {{x-tenant: tenant-secret}}}}", "otlp");
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(3, 5));

        await Wait.UntilAsync("the points", () => Task.FromResult(peer.Points.Count == 3));

        peer.Points.Select(p => p.Value).ShouldBe([5, 10, 15], ignoreOrder: true);
        peer.Headers.ShouldContain(h => h.GetValue("x-tenant") == "tenant-secret");
        (await collector.WindowAsync("the rejected point", w => w.Output.DroppedPoints > 0)).Output.DroppedPoints.ShouldBe(1);
        (await collector.StatusAsync())!.Reason!.ShouldContain("too old");
        collector.Log.ShouldNotContain("tenant-secret");
    }

    [Fact]
    public async Task a_grpc_backend_that_is_unavailable_gets_the_batch_again_and_one_that_refuses_it_does_not()
    {
        await using var peer = await GrpcBackend.StartAsync();
        peer.Refusals.Enqueue(new RpcException(new Status(StatusCode.Unavailable, "later")));
        peer.Refusals.Enqueue(new RpcException(new Status(StatusCode.DeadlineExceeded, "slow")));
        await using var collector = Start($"  otlp: {{endpoint: '{peer.Address}', {Patient}}}", "otlp");
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(2, 5));
        await Wait.UntilAsync("the points", () => Task.FromResult(peer.Points.Count == 2));

        peer.Refusals.Enqueue(new RpcException(new Status(StatusCode.InvalidArgument, "no such tenant: ü")));
        await Batches.SendAsync(otlp, Batches.Requests(4, 6));

        (await collector.WindowAsync("dropped points", w => w.Output.DroppedPoints > 0)).Output.DroppedPoints.ShouldBe(4);
        (await collector.StatusAsync())!.Reason!.ShouldContain("INVALID_ARGUMENT: no such tenant: ü");
        peer.Points.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("otlp")]
    [InlineData("otlphttp")]
    public async Task both_sides_show_a_certificate_and_a_backend_of_another_authority_gets_nothing(string type)
    {
        using var ours = new TestCertificates();
        using var other = new TestCertificates();
        using var server = ours.Sign("backend");
        File.WriteAllText(_place.File("ours.pem"), ours.AuthorityPem);
        File.WriteAllText(_place.File("other.pem"), other.AuthorityPem);
        ours.WriteServer(_place.File("client.crt"), _place.File("client.key"), "collector");
        await using var grpc = type == "otlp" ? await GrpcBackend.StartAsync(server, ours.AuthorityPem) : null;
        await using var http = type == "otlphttp" ? await HttpPeer.StartAsync(null, server, ours.AuthorityPem) : null;
        var address = grpc?.Address ?? http!.Address;
        address.Scheme.ShouldBe("https");
        string Exporter(string authority, string name) => $"  {type}: {{endpoint: '{address}', {Patient}, tls: {{ca_file: {_place.File(authority)}, cert_file: {_place.File("client.crt")}, key_file: {_place.File("client.key")}, server_name_override: {name}}}}}";

        await using (var trusting = Start(Exporter("ours.pem", "localhost"), type))
        {
            await Batches.SendAsync(await trusting.OtlpAsync(), Batches.Requests(2, 5));
            await trusting.HealthyAsync();
            (grpc?.Points ?? http!.Points).Count.ShouldBe(2);
        }

        foreach (var (authority, name) in new[] { ("other.pem", "localhost"), ("ours.pem", "elsewhere.example.org") })
        {
            await using var doubting = Start(Exporter(authority, name), type);
            await Batches.SendAsync(await doubting.OtlpAsync(), Batches.Requests(2, 5));
            await Wait.UntilAsync("the refusal", async () => (await doubting.StatusAsync())?.Reason?.Contains("certificate", StringComparison.OrdinalIgnoreCase) ?? false);
        }

        (grpc?.Points ?? http!.Points).Count.ShouldBe(2);
    }

    [Fact]
    public async Task a_certificate_that_cannot_be_read_is_named_with_its_line()
    {
        File.WriteAllText(_place.File("ca.pem"), "no certificate");
        await using var collector = Start($"  otlphttp:\n    endpoint: https://localhost:1\n    tls:\n      ca_file: {_place.File("ca.pem")}", "otlphttp");

        (await collector.ExitAsync()).ShouldBe(3);

        await Wait.UntilAsync("the reason", () => Task.FromResult(collector.Log.Contains("production.yaml:8: exporters.otlphttp.tls.ca_file:", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task a_collector_behind_a_collector_gets_everything_over_grpc(string compression)
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var gateway = CollectorProcess.Start(_place, "production", Yaml.OtlpBoth(peer.Address), "gateway");
        var address = await gateway.GrpcAsync();
        using var second = new Workspace();
        await using var collector = CollectorProcess.Start(second, "production", Yaml.Into($"  otlp: {{endpoint: '{address.Authority}', compression: {compression}, tls: {{insecure: true}}, {Patient}}}", "otlp"));
        var otlp = await collector.OtlpAsync();
        for (var i = 1; i <= 5; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(100, i));
        }

        await Wait.UntilAsync("every point", () => Task.FromResult(peer.Points.Count == 500));
        peer.Points.Sum(p => p.Value).ShouldBe(15 * 5050);
    }

    [Fact]
    public async Task zstd_is_sent_as_zstd()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = Start($"  otlp_http: {{endpoint: '{peer.Address}', compression: zstd}}", "otlp_http");
        await Batches.SendAsync(await collector.OtlpAsync(), Batches.Requests(2000, 5));

        await Wait.UntilAsync("the points", () => Task.FromResult(peer.Points.Count == 2000));

        peer.Encodings.ShouldAllBe(e => e == "zstd");
    }

    [Fact]
    public async Task a_stalled_backend_makes_senders_wait_and_nothing_that_was_acknowledged_is_lost()
    {
        await using var peer = await HttpPeer.StartAsync();
        peer.Stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var collector = Start($"  otlphttp: {{endpoint: '{peer.Address}', timeout: 5m, {Patient}, sending_queue: {{queue_size: 3}}}}", "otlphttp", ", queue_batches: 2");
        var otlp = await collector.OtlpAsync();
        var acknowledged = new List<double>();
        var next = 1;
        await Wait.UntilAsync("the collector to refuse", async () =>
        {
            using var answer = await Batches.PostAsync(otlp, Batches.Requests(1, next));
            if ((int)answer.StatusCode == 503)
            {
                answer.Headers.RetryAfter.ShouldNotBeNull();
                return acknowledged.Count >= 5;
            }

            acknowledged.Add(next++);
            return false;
        });
        acknowledged.Count.ShouldBe(5, "three at the exporter, two at the input");
        // Whatever else is sent is refused, and an action still gets through.
        for (var i = 0; i < 50; i++)
        {
            using var answer = await Batches.PostAsync(otlp, Batches.Requests(1000, 1_000_000));
            ((int)answer.StatusCode).ShouldBe(503);
        }

        var metrics = await collector.MetricsAsync();
        metrics.ShouldContain("otelcol_exporter_queue_size{exporter=\"otlphttp\"} 3\n");
        metrics.ShouldContain("phoenix_collector_queued_batches 2\n");
        metrics.ShouldContain("phoenix_collector_input_held 1\n");
        await collector.MeasureAsync(Guid.NewGuid(), 1);
        peer.Stall.SetResult();
        peer.Stall = null;
        await Batches.SendAsync(otlp, Batches.Requests(1, next));

        await Wait.UntilAsync("everything", () => Task.FromResult(peer.Points.Count == 6));
        peer.Points.Select(p => p.Value).ShouldBe([.. acknowledged, next], "in order, each once");
        await Wait.UntilAsync("the refused points", async () => (await collector.WindowsAsync()).Sum(w => w.Input.Refused) >= 50_000);
        (await collector.WindowsAsync()).Sum(w => w.Output.DroppedPoints).ShouldBe(0);
    }

    [Fact]
    public async Task a_stalled_backend_holds_no_more_memory_than_the_queues_may()
    {
        await using var peer = await HttpPeer.StartAsync();
        peer.Stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var collector = Start(
            $"  otlphttp: {{endpoint: '{peer.Address}', compression: none, {Patient}, sending_queue: {{queue_size: 100000, queue_bytes: 4000000}}}}", "otlphttp", ", queue_bytes: 4000000");
        var otlp = await collector.OtlpAsync();
        var batch = Batches.Requests(5_000, 1, padding: 100);
        var accepted = 0L;
        for (var i = 0; i < 150; i++)
        {
            using var answer = await Batches.PostAsync(otlp, batch);
            accepted += (int)answer.StatusCode == 200 ? batch.Length : 0;
        }

        var metrics = OwnMetricsTests.Samples(await collector.MetricsAsync());
        // Of a hundred megabytes: each bound, the batch that passed it, and what the pool rounds up.
        metrics["phoenix_exporter_queue_bytes{exporter=\"otlphttp\"}"].ShouldBeLessThan(4_000_000 + (2 * batch.Length));
        metrics["phoenix_collector_queued_bytes"].ShouldBeLessThanOrEqualTo(4_000_000);
        accepted.ShouldBeLessThan(12_000_000);
        peer.Stall.SetResult();
        peer.Stall = null;
        await Wait.UntilAsync("everything that was accepted", () => Task.FromResult(peer.Points.Count == accepted / batch.Length * 5_000));
    }

    [Fact]
    public async Task a_stalled_backend_loses_its_own_batches_and_starves_no_other()
    {
        await using var stalled = await HttpPeer.StartAsync();
        stalled.Stall = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = await HttpPeer.StartAsync();
        var collector = Start($"  otlphttp/a: {{endpoint: '{stalled.Address}', {Patient}, sending_queue: {{queue_size: 2}}}}\n  otlphttp/b: {{endpoint: '{peer.Address}'}}", "otlphttp/a, otlphttp/b");
        await using var running = collector;
        var otlp = await collector.OtlpAsync();

        for (var i = 1; i <= 10; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(1, i));
        }

        await Wait.UntilAsync("the healthy backend to get everything", () => Task.FromResult(peer.Points.Count == 10));
        await Wait.UntilAsync("the dropped points", async () => (await collector.WindowsAsync()).Sum(w => w.Output.DroppedPoints) == 8);
        collector.Log.ShouldContain("the sending queue is full");
        stalled.Stall.SetResult();
        await Wait.UntilAsync("what the stalled one had queued", () => Task.FromResult(stalled.Points.Count == 2));
    }

    [Fact]
    public async Task points_gathered_by_the_batch_processor_arrive_together()
    {
        await using var peer = await HttpPeer.StartAsync();
        var yaml = Yaml.Into($"  otlphttp: {{endpoint: '{peer.Address}'}}", "otlphttp", processors: "processors:\n  batch: {send_batch_size: 6, timeout: 1h}\n")
            .Replace("window: 1s", "window: 1h", StringComparison.Ordinal);
        await using var collector = CollectorProcess.Start(_place, "production", yaml);
        var otlp = await collector.OtlpAsync();
        for (var i = 1; i <= 3; i++)
        {
            await Batches.SendAsync(otlp, Batches.Requests(2, i));
        }

        await Wait.UntilAsync("the points", () => Task.FromResult(peer.Points.Count == 6));
        peer.Encodings.Count.ShouldBe(1, "one request");
    }

    [Fact]
    public async Task senders_are_refused_while_memory_is_short_and_taken_again_afterwards()
    {
        await using var peer = await HttpPeer.StartAsync();
        string Configuration(int mebibytes) => Yaml.Into(
            $"  otlphttp: {{endpoint: '{peer.Address}'}}", "otlphttp", processors: $"processors:\n  memory_limiter: {{check_interval: 10ms, limit_mib: {mebibytes}}}\n");
        await using var collector = CollectorProcess.Start(_place, "production", Configuration(1));
        var otlp = await collector.OtlpAsync();
        await Wait.UntilAsync("a refusal", async () =>
        {
            using var refused = await Batches.PostAsync(otlp, Batches.Requests(1, 1));
            return (int)refused.StatusCode == 503;
        });
        File.WriteAllText(_place.Configuration("production"), Configuration(100_000));

        using var reloaded = await collector.ReloadAsync();

        ((int)reloaded.StatusCode).ShouldBe(204);
        await Batches.SendAsync(otlp, Batches.Requests(1, 2));
        await Wait.UntilAsync("the point", () => Task.FromResult(peer.Points.Any(p => p.Value == 2)));
    }

    private CollectorProcess Start(string exporters, string names, string telemetry = "") =>
        CollectorProcess.Start(_place, "production", Yaml.Into(exporters, names, telemetry));
}
