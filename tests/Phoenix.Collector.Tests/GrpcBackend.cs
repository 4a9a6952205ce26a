using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Phoenix.Collector.Tests.Protos;

namespace Phoenix.Collector.Tests;

/// <summary>An OTLP/gRPC backend on Microsoft's gRPC server, which shares nothing with the collector's client.</summary>
internal sealed class GrpcBackend : MetricsService.MetricsServiceBase, IAsyncDisposable
{
    private WebApplication _app = null!;

    /// <summary>Errors to answer with before batches are accepted again.</summary>
    public ConcurrentQueue<RpcException> Refusals { get; } = new();

    public ExportMetricsServiceResponse Answer { get; set; } = new();

    public ConcurrentQueue<ReceivedPoint> Points { get; } = new();

    public ConcurrentQueue<Metadata> Headers { get; } = new();

    public Uri Address { get; private set; } = null!;

    public static async Task<GrpcBackend> StartAsync(X509Certificate2? server = null, string? clientAuthority = null)
    {
        var peer = new GrpcBackend();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseCertificates(server, clientAuthority);
        }));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(peer);
        peer._app = builder.Build();
        peer._app.MapGrpcService<GrpcBackend>();
        await peer._app.StartAsync();
        peer.Address = new Uri(peer._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return peer;
    }

    public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
    {
        Headers.Enqueue(context.RequestHeaders);
        if (Refusals.TryDequeue(out var refusal))
        {
            throw refusal;
        }

        foreach (var point in HttpPeer.Decode(request.ToByteArray()))
        {
            Points.Enqueue(point);
        }

        return Task.FromResult(Answer);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
