using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Phoenix.Api.Tests;

/// <summary>What somebody sent to a <see cref="Receiver"/>.</summary>
public sealed record Received(string Path, string Method, IReadOnlyDictionary<string, string> Headers, byte[] Body, int Answer);

/// <summary>A real HTTP server on a port of its own that keeps what it is sent and answers as the test says.</summary>
public sealed class Receiver : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<Received> _received = new();

    Receiver(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public IReadOnlyList<Received> All => [.. _received];

    /// <summary>Those that were answered well.</summary>
    public IReadOnlyList<Received> Taken => [.. _received.Where(r => r.Answer is >= 200 and < 300)];

    /// <param name="answer">Writes the answer to the request, of which it is told how many came before.</param>
    /// <param name="kestrel">What the listener needs beyond a port, such as TLS.</param>
    public static async Task<Receiver> Start(Func<HttpContext, int, Task>? answer = null, Action<WebApplicationBuilder>? kestrel = null, bool https = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        kestrel?.Invoke(builder);
        builder.WebHost.UseUrls($"{(https ? "https" : "http")}://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(async http =>
        {
            var before = receiver._received.Count;
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            if (answer is not null) await answer(http, before);
            receiver._received.Enqueue(new(http.Request.Path + http.Request.QueryString, http.Request.Method,
                http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray(), http.Response.StatusCode));
        });
        await app.StartAsync();
        return receiver;
    }

    public Task<IReadOnlyList<Received>> Until(Func<IReadOnlyList<Received>, bool> condition, string what, int seconds = 60) =>
        Eventually.Get(() => Task.FromResult(All), condition, what, seconds);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
