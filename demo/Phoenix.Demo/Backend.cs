using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Phoenix.Demo;

/// <summary>What reached the backend within a stretch of time.</summary>
internal readonly record struct Arrivals(int Streams, int Series, double PointsPerSecond);

/// <summary>
/// The demo's backend: an OTLP/HTTP endpoint that the production pipeline exports to. It stores nothing and counts what a
/// real backend would have to store.
/// </summary>
internal sealed class Backend : IAsyncDisposable
{
    private const int MaxBodyBytes = 64 << 20;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, (DateTime SeenAt, int Series)> _streams = [];
    private readonly Queue<(DateTime At, int Points)> _requests = new();
    private readonly WebApplication _app;

    private Backend(WebApplication app) => _app = app;

    /// <summary>Base address, such as <c>http://127.0.0.1:43210</c>.</summary>
    public string Address { get; private set; } = "";

    public static async Task<Backend> StartAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<KestrelServerOptions>(o => o.Limits.MaxRequestBodySize = MaxBodyBytes);
        var backend = new Backend(builder.Build());
        backend._app.MapPost("/v1/metrics", backend.ReceiveAsync);
        await backend._app.StartAsync(cancel);
        backend.Address = backend._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        return backend;
    }

    /// <summary>Distinct streams and series of the last <paramref name="span"/> (at most a minute).</summary>
    public Arrivals Last(TimeSpan span)
    {
        lock (_gate)
        {
            var since = DateTime.UtcNow - span;
            var live = _streams.Values.Where(s => s.SeenAt >= since).ToList();
            return new(live.Count, live.Sum(s => s.Series), _requests.Where(r => r.At >= since).Sum(r => r.Points) / span.TotalSeconds);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        await using var body = request.Headers.ContentEncoding.ToString() switch
        {
            "" or "identity" => request.Body,
            "gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
            _ => null,
        };
        if (body is null)
        {
            return Results.Text("Content-Encoding must be gzip or identity.", statusCode: StatusCodes.Status415UnsupportedMediaType);
        }

        using var buffer = new MemoryStream();
        await body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        try
        {
            Record(OtlpCount.Streams(buffer.GetBuffer().AsSpan(0, (int)buffer.Length)));
        }
        catch (InvalidDataException e)
        {
            return Results.Text($"Not an OTLP metrics request: {e.Message}.", statusCode: StatusCodes.Status400BadRequest);
        }

        // An empty ExportMetricsServiceResponse: all accepted.
        return Results.Bytes([], "application/x-protobuf");
    }

    private void Record(List<ArrivedStream> arrived)
    {
        var now = DateTime.UtcNow;
        lock (_gate)
        {
            foreach (var stream in arrived)
            {
                _streams[stream.Identity] = (now, stream.Series);
            }

            _requests.Enqueue((now, arrived.Count));
            while (_requests.TryPeek(out var oldest) && oldest.At < now - Kept)
            {
                _requests.Dequeue();
            }

            foreach (var (identity, entry) in _streams)
            {
                if (entry.SeenAt < now - Kept)
                {
                    _streams.Remove(identity);
                }
            }
        }
    }
}
