using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector.Http;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary><c>otlp</c>: one listener for each protocol that is configured.</summary>
internal sealed class OtlpReceiver(Intake intake) : IReceiver
{
    private ReceiverListener? _grpc;
    private ReceiverListener? _http;

    /// <summary>A listener does not fail by itself once it listens.</summary>
    public Task Failed { get; } = new TaskCompletionSource().Task;

    public async Task ApplyAsync(ReceiverSettings settings)
    {
        var otlp = (OtlpReceiverSettings)settings;
        // Whatever can fail comes before anything that runs is touched.
        var (grpc, http) = (Grpc(otlp.Id, otlp.Grpc), Http(otlp.Id, otlp.Http));
        var newGrpc = await ReceiverListener.OpenAsync(_grpc, grpc);
        ReceiverListener? newHttp;
        try
        {
            newHttp = await ReceiverListener.OpenAsync(_http, http);
        }
        catch
        {
            await CloseAsync(newGrpc, unless: _grpc);
            throw;
        }

        await CloseAsync(_grpc, unless: newGrpc);
        await CloseAsync(_http, unless: newHttp);
        (_grpc, _http) = (newGrpc, newHttp);
        _grpc?.Serve(grpc!);
        _http?.Serve(http!);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(_grpc, unless: null);
        await CloseAsync(_http, unless: null);
    }

    private ListenerService? Grpc(string id, OtlpListener? settings) => settings is null ? null : new(
        id, "grpc", settings.Endpoint, HttpProtocols.Http2,
        new OtlpGrpcEndpoint(new(intake.For(id, "grpc")), settings, OtlpIntake.BodyBudget(settings.MaxRequestBytes)).HandleAsync,
        settings.Tls is { } tls ? new(tls, SslApplicationProtocol.Http2) : null);

    private ListenerService? Http(string id, OtlpListener? settings) => settings is null ? null : new(
        id, "http", settings.Endpoint, HttpProtocols.Http1,
        new OtlpHttpEndpoint(new(intake.For(id, "http")), settings, OtlpIntake.BodyBudget(settings.MaxRequestBytes)).HandleAsync,
        settings.Tls is { } tls ? new ServerCertificates(tls, SslApplicationProtocol.Http11) : null);

    private static async Task CloseAsync(ReceiverListener? listener, ReceiverListener? unless)
    {
        if (listener is not null && listener != unless)
        {
            await listener.DisposeAsync();
        }
    }
}
