using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector.Http;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.RemoteWrite;

/// <summary><c>prometheusremotewrite</c>: takes what a Prometheus writes.</summary>
internal sealed class RemoteWriteReceiver(Intake intake) : IReceiver
{
    private ReceiverListener? _listener;

    /// <summary>A listener does not fail by itself once it listens.</summary>
    public Task Failed { get; } = new TaskCompletionSource().Task;

    public async Task ApplyAsync(ReceiverSettings settings)
    {
        var wanted = (RemoteWriteReceiverSettings)settings;
        var service = new ListenerService(
            wanted.Id, "http", wanted.Endpoint, HttpProtocols.Http1,
            new RemoteWriteEndpoint(intake.For(wanted.Id, "http"), wanted).HandleAsync,
            wanted.Tls is { } tls ? new ServerCertificates(tls, SslApplicationProtocol.Http11) : null);
        var listener = await ReceiverListener.OpenAsync(_listener, service);
        if (_listener is not null && _listener != listener)
        {
            await _listener.DisposeAsync();
        }

        _listener = listener;
        listener!.Serve(service);
    }

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }
    }
}
