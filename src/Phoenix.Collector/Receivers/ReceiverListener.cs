using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector.Http;

namespace Phoenix.Collector.Receivers;

/// <summary>What a listener does with requests. Replaced as a whole, while the listener and its connections stay.</summary>
/// <param name="Certificates">Null where it speaks plain text.</param>
internal sealed record ListenerService(
    string Receiver, string Transport, IPEndPoint Endpoint, HttpProtocols Protocols, Func<HttpContext, Task> Handler, ServerCertificates? Certificates);

/// <summary>One address that a receiver listens on.</summary>
internal sealed class ReceiverListener : IAsyncDisposable
{
    private BareServer _server = null!;
    private volatile ListenerService _service;

    private ReceiverListener(ListenerService service) => _service = service;

    /// <summary>Gives the listener that is open where it can serve what is wanted; else opens one, and leaves the other open.</summary>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<ReceiverListener?> OpenAsync(ReceiverListener? open, ListenerService? wanted)
    {
        if (wanted is null || (open is not null && open._service.Endpoint.Equals(wanted.Endpoint)))
        {
            return wanted is null ? null : open;
        }

        var listener = new ReceiverListener(wanted);
        listener._server = await BareServer.StartAsync(
            options =>
            {
                // Each request is bounded where it is read, by the settings then in force.
                options.Limits.MaxRequestBodySize = null;
                options.Listen(wanted.Endpoint, listen =>
                {
                    listen.Protocols = wanted.Protocols;
                    listen.UseTls(() => listener._service.Certificates);
                });
            },
            context => listener._service.Handler(context),
            largeBlocks: true);
        var address = listener._server.Addresses.First();
        Log.Info("listening", ("receiver", wanted.Receiver), ("transport", wanted.Transport),
            ("endpoint", wanted.Certificates is null ? address : address.Replace("http://", "https://", StringComparison.Ordinal)));
        return listener;
    }

    /// <summary>From the next request on.</summary>
    public void Serve(ListenerService service) => _service = service;

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
