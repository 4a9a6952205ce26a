using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Phoenix.Collector;
using Phoenix.Collector.Http;
using Phoenix.Collector.Receivers;

namespace Phoenix.Bench.Collecting;

/// <summary>
/// The limit that the collector is measured against: the same server with the same settings, which receives a body, copies it
/// and posts the copy on. It looks at nothing. It runs as a process of its own, compiled at run time.
/// </summary>
sealed partial class RelaySubject : Subject
{
    /// <summary>The argument by which this program becomes the relay.</summary>
    public const string Argument = "relay";

    RelaySubject(Uri backend) : base(Cores.OfSubject, Environment.ProcessPath!, Arguments(backend)) { }

    public static RelaySubject Start(Uri backend) => new(backend);

    public Task<Uri> EndpointAsync() => WaitAsync("the relay", () =>
        Task.FromResult(Relaying().Match(Log) is { Success: true } match ? new Uri(match.Groups[1].Value) : null));

    /// <summary>The relay itself: serves until it is killed.</summary>
    public static async Task ServeAsync(Uri backend)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });
        var bodies = new ByteBudget(64 << 20);
        await using var server = await BareServer.StartAsync(options => options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1), async context =>
        {
            using var body = new BoundedBody(20 << 20, bodies);
            if (await body.ReadAsync(context.Request.Body, context.Request.ContentLength, ContentCoding.Identity, context.RequestAborted) != BodyOutcome.Whole)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            var copy = SharedBytes.Copy(body.Content.Span);
            using var request = new HttpRequestMessage(HttpMethod.Post, backend) { Content = new ReadOnlyMemoryContent(copy.Memory) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            copy.Release();
            context.Response.StatusCode = (int)response.StatusCode;
            context.Response.ContentLength = 0;
        }, largeBlocks: true);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"relaying from {server.Addresses.First()} to {backend}"));
        await Task.Delay(Timeout.Infinite);
    }

    // Started by `dotnet Phoenix.Bench.dll`, it has to be started so again.
    static string[] Arguments(Uri backend) => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [typeof(RelaySubject).Assembly.Location, Argument, backend.ToString()]
        : [Argument, backend.ToString()];

    [GeneratedRegex("relaying from (\\S+) to")]
    private static partial Regex Relaying();
}
