using System.Net.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Otlp;

/// <summary><c>otlp</c>: one listener for each protocol that is configured.</summary>
internal sealed class OtlpReceiver(Intake intake) : IReceiver
{
    private Listener? _grpc;
    private Listener? _http;

    /// <summary>A listener does not fail by itself once it listens.</summary>
    public Task Failed { get; } = new TaskCompletionSource().Task;

    public async Task ApplyAsync(ReceiverSettings settings)
    {
        var otlp = (OtlpReceiverSettings)settings;
        var (grpc, http) = (Prepare(otlp.Id, "grpc", otlp.Grpc), Prepare(otlp.Id, "http", otlp.Http));
        // Whatever can fail comes before anything that runs is touched.
        var newGrpc = await OpenAsync(_grpc, grpc);
        Listener? newHttp;
        try
        {
            newHttp = await OpenAsync(_http, http);
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

    private Service? Prepare(string id, string transport, OtlpListener? settings)
    {
        if (settings is null)
        {
            return null;
        }

        var (to, bodies) = (new OtlpIntake(intake.For(id, transport)), OtlpIntake.BodyBudget(settings.MaxRequestBytes));
        return transport == "grpc"
            ? new(id, transport, settings, HttpProtocols.Http2, new OtlpGrpcEndpoint(to, settings, bodies).HandleAsync, Certificates(SslApplicationProtocol.Http2))
            : new(id, transport, settings, HttpProtocols.Http1, new OtlpHttpEndpoint(to, settings, bodies).HandleAsync, Certificates(SslApplicationProtocol.Http11));

        Http.ServerCertificates? Certificates(SslApplicationProtocol protocol) => settings.Tls is { } tls ? new(tls, protocol) : null;
    }

    private static async Task<Listener?> OpenAsync(Listener? open, Service? wanted) =>
        wanted is null ? null
        : open is not null && open.Service.Settings.Endpoint.Equals(wanted.Settings.Endpoint) ? open
        : await Listener.OpenAsync(wanted);

    private static async Task CloseAsync(Listener? listener, Listener? unless)
    {
        if (listener is not null && listener != unless)
        {
            await listener.DisposeAsync();
        }
    }

    /// <summary>What a listener does with requests: replaced as a whole, while connections stay.</summary>
    private sealed record Service(
        string Receiver, string Transport, OtlpListener Settings, HttpProtocols Protocols, Func<HttpContext, Task> Handler, Http.ServerCertificates? Certificates);

    private sealed class Listener : IAsyncDisposable
    {
        private Http.BareServer _server = null!;
        private volatile Service _service = null!;

        public Service Service => _service;

        /// <summary>From the next request on.</summary>
        public void Serve(Service service) => _service = service;

        public static async Task<Listener> OpenAsync(Service service)
        {
            var listener = new Listener { _service = service };
            listener._server = await Http.BareServer.StartAsync(
                options =>
                {
                    // Each request is bounded where it is read, by the settings then in force.
                    options.Limits.MaxRequestBodySize = null;
                    options.Listen(service.Settings.Endpoint, listen =>
                    {
                        listen.Protocols = service.Protocols;
                        Http.TlsConnection.UseTls(listen, () => listener._service.Certificates);
                    });
                },
                context => listener._service.Handler(context),
                largeBlocks: true);
            var address = listener._server.Addresses.First();
            Log.Info("listening", ("receiver", service.Receiver), ("transport", service.Transport),
                ("endpoint", service.Certificates is null ? address : address.Replace("http://", "https://", StringComparison.Ordinal)));
            return listener;
        }

        public ValueTask DisposeAsync() => _server.DisposeAsync();
    }
}
