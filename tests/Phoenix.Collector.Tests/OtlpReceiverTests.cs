using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using Phoenix.Collector.Http;

namespace Phoenix.Collector.Tests;

public sealed class OtlpReceiverTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task what_the_opentelemetry_sdk_sends_over_grpc_arrives_at_the_backend()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpBoth(peer.Address));

        await ExportAsync(peer, await collector.GrpcAsync(), OtlpExportProtocol.Grpc, null).ShouldBeTrueAsync(collector);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task over_tls_a_client_without_a_certificate_is_refused_and_one_with_it_is_served(OtlpExportProtocol protocol)
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", SecuredYaml(certificates, peer.Address));
        var address = protocol == OtlpExportProtocol.Grpc ? await collector.GrpcAsync() : new Uri(await collector.OtlpAsync(), "/v1/metrics");
        address.Scheme.ShouldBe("https");
        using var stranger = others.Sign("stranger");
        using var member = certificates.Sign("member");

        (await ExportAsync(peer, address, protocol, () => certificates.Client())).ShouldBeFalse("no certificate");
        (await ExportAsync(peer, address, protocol, () => certificates.Client(stranger))).ShouldBeFalse("of another authority");
        await ExportAsync(peer, address, protocol, () => certificates.Client(member)).ShouldBeTrueAsync(collector);
    }

    [Fact]
    public async Task a_renewed_certificate_is_served_to_the_next_client_and_a_broken_one_never()
    {
        using var certificates = new TestCertificates();
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", SecuredYaml(certificates, peer.Address));
        var otlp = await collector.OtlpAsync();
        using var member = certificates.Sign("member");

        (await ServedByAsync()).ShouldBe("CN=first");
        certificates.WriteServer(_place.File("server.pem"), _place.File("server.key"), "second");
        await Wait.UntilAsync("the renewed certificate", async () => await ServedByAsync() == "CN=second");
        File.WriteAllText(_place.File("server.pem"), "no certificate");
        (await ServedByAsync()).ShouldBe("CN=second");
        await Wait.UntilAsync("the warning", () => Task.FromResult(collector.Log.Contains("the one before stays", StringComparison.Ordinal)));

        async Task<string?> ServedByAsync()
        {
            string? name = null;
            using var client = certificates.Client(member, served => name = served);
            using var response = await client.PostAsync(new Uri(otlp, "/v1/metrics"), new ByteArrayContent([]) { Headers = { { "Content-Type", "application/x-protobuf" } } });
            response.StatusCode.ShouldBe(HttpStatusCode.OK);
            return name;
        }
    }

    [Fact]
    public async Task bad_grpc_calls_get_their_status_and_leave_the_connection_unharmed()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpBoth(peer.Address, grpc: ", max_recv_msg_size_mib: 1"));
        using var grpc = new GrpcPeer(await collector.GrpcAsync());

        var malformed = await grpc.CallAsync([0x0a, 0x05, 0x01]);
        malformed.Status.ShouldBe(3);
        malformed.Message.ShouldContain("at byte 0");
        malformed.Details.ShouldContain(malformed.Message);
        (await grpc.CallAsync(new byte[(1 << 20) + 1])).Status.ShouldBe(8);
        (await grpc.CallAsync(Compressed.As("gzip", new byte[5_000_000]), "gzip")).Status.ShouldBe(8);
        (await grpc.CallAsync(Compressed.As("zstd", new byte[5_000_000]), "zstd")).Status.ShouldBe(8);
        (await grpc.CallAsync([1, 2, 3], "gzip")).Status.ShouldBe(3);
        (await grpc.CallAsync([1, 2, 3], "snappy")).Message.ShouldContain("gzip, zstd");
        (await grpc.CallRawAsync([0, 0, 0])).Message.ShouldContain("ends before");
        (await grpc.CallRawAsync([0, 0, 0, 0, 9, 1])).Message.ShouldContain("exactly one");
        (await grpc.CallRawAsync([1, 0, 0, 0, 0])).Message.ShouldContain("compression flag");
        var traces = await grpc.CallAsync([], path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
        (traces.Status, traces.Message.Contains("metrics", StringComparison.Ordinal)).ShouldBe((12, true));

        foreach (var coding in (string?[])[null, "gzip", "zstd"])
        {
            (await grpc.CallAsync(Compressed.As(coding ?? "", Batches.Requests(3, 1)), coding)).Status.ShouldBe(0, collector.Log);
        }

        grpc.Connections.ShouldBe(1);
        await Wait.UntilAsync("the points", () => Task.FromResult(peer.Points.Count >= 9));
    }

    [Fact]
    public async Task a_full_pipeline_tells_grpc_senders_when_to_try_again()
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpBoth(peer.Address, telemetry: ", queue_batches: 1"));
        using var grpc = new GrpcPeer(await collector.GrpcAsync());
        var batch = Batches.Requests(20_000, 1);

        var refused = await Wait.ForAsync("a refusal", async () =>
            (await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => grpc.CallAsync(batch)))).FirstOrDefault(a => a.Status == 14));

        refused.Details.ShouldContain("google.rpc.RetryInfo");
        var window = await collector.WindowAsync("refused points", w => w.Input.Refused > 0);
        (window.Input.Refused % 20_000).ShouldBe(0);
    }

    [Fact]
    public void the_transport_can_still_be_given_large_blocks()
    {
        var transport = new SocketTransportOptions();

        LargeBlocks.Use(transport);

        var property = typeof(SocketTransportOptions).GetProperty("MemoryPoolFactory", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic).ShouldNotBeNull();
        using var pool = property.GetValue(transport).ShouldBeAssignableTo<IMemoryPoolFactory<byte>>().ShouldNotBeNull().Create();
        using (var block = pool.Rent())
        {
            block.Memory.Length.ShouldBe(64 << 10);
        }

        pool.MaxBufferSize.ShouldBe(64 << 10);
    }

    private string SecuredYaml(TestCertificates certificates, Uri backend)
    {
        certificates.WriteServer(_place.File("server.pem"), _place.File("server.key"), "first");
        File.WriteAllText(_place.File("ca.pem"), certificates.AuthorityPem);
        var tls = $", tls: {{cert_file: {_place.File("server.pem")}, key_file: {_place.File("server.key")}, client_ca_file: {_place.File("ca.pem")}, reload_interval: 0s}}";
        return Yaml.OtlpBoth(backend, tls, tls);
    }

    /// <summary>Exports a counter of 17 by the official SDK, and waits for it where the SDK says that it was taken.</summary>
    private static async Task<bool> ExportAsync(HttpPeer peer, Uri address, OtlpExportProtocol protocol, Func<HttpClient>? client)
    {
        using var meter = new Meter("shop-sdk");
        using var provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(meter.Name)
            .AddOtlpExporter(o =>
            {
                (o.Endpoint, o.Protocol) = (address, protocol);
                o.HttpClientFactory = client ?? o.HttpClientFactory;
            })
            .Build();
        meter.CreateCounter<long>("shop.checkouts").Add(17, new KeyValuePair<string, object?>("route", "/pay"));
        if (!provider.ForceFlush(20_000))
        {
            return false;
        }

        (await Wait.ForAsync("the counter", () => Task.FromResult(peer.Points.FirstOrDefault(p => p.Metric == "shop.checkouts")))).Value.ShouldBe(17);
        return true;
    }
}

internal static class Exported
{
    public static async Task ShouldBeTrueAsync(this Task<bool> exported, CollectorProcess collector) => (await exported).ShouldBeTrue(collector.Log);
}
