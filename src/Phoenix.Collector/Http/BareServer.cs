using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Phoenix.Collector.Http;

/// <summary>Kestrel without a host: no container, no middleware, one handler. Costs a third of the memory of a web host.</summary>
internal sealed class BareServer : IAsyncDisposable
{
    private readonly KestrelServer _server;

    private BareServer(KestrelServer server) => _server = server;

    /// <summary>The addresses really bound, with the port that was free where 0 was asked for.</summary>
    public ICollection<string> Addresses => _server.Features.Get<IServerAddressesFeature>()!.Addresses;

    /// <param name="largeBlocks">For a listener that takes megabytes at a time.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<BareServer> StartAsync(Action<KestrelServerOptions> configure, Func<HttpContext, Task> handler, bool largeBlocks = false)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = new NoServices() };
        options.Limits.MaxConcurrentConnections = 4096;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        configure(options);
        var sockets = new SocketTransportOptions();
        if (largeBlocks)
        {
            LargeBlocks.Use(sockets);
        }

        var transport = new SocketTransportFactory(Options.Create(sockets), NullLoggerFactory.Instance);
        var server = new KestrelServer(Options.Create(options), transport, NullLoggerFactory.Instance);
        try
        {
            await server.StartAsync(new Application(handler), CancellationToken.None);
        }
        catch
        {
            server.Dispose();
            throw;
        }

        return new BareServer(server);
    }

    /// <summary>Stops listening, and gives requests that are under way two seconds to end.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _server.StopAsync(limit.Token);
        _server.Dispose();
    }

    private sealed class Application(Func<HttpContext, Task> handler) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public async Task ProcessRequestAsync(HttpContext context)
        {
            try
            {
                await handler(context);
            }
            catch (Microsoft.AspNetCore.Http.BadHttpRequestException e)
            {
                // Kestrel's own limits: too large, too slow, malformed. Its status is the answer.
                await AnswerAsync(context, e.StatusCode);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                // The client has left; there is nobody to answer.
            }
            catch (Exception e)
            {
                Log.Error("a request failed", ("path", context.Request.Path.Value), ("reason", e.ToString()));
                await AnswerAsync(context, StatusCodes.Status500InternalServerError);
            }
        }

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }

        private static async Task AnswerAsync(HttpContext context, int status)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = status;
                await context.Response.CompleteAsync();
            }
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
