using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>A real HTTP server: a scrape target at /metrics and an OTLP backend at /v1/metrics.</summary>
internal sealed class HttpPeer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HttpPeer(WebApplication app) => _app = app;

    /// <summary>What /metrics answers; null answers 500.</summary>
    public string? Exposition { get; set; }

    public string ExpositionType { get; set; } = "text/plain; version=0.0.4";

    /// <summary>What the last scrape asked for.</summary>
    public string? Accept { get; private set; }

    /// <summary>Status codes to answer before OTLP batches are accepted again.</summary>
    public ConcurrentQueue<int> Refusals { get; } = new();

    /// <summary>Body of the answer to an accepted OTLP batch.</summary>
    public byte[] Answer { get; set; } = [];

    /// <summary>Every point that arrived.</summary>
    public ConcurrentQueue<ReceivedPoint> Points { get; } = new();

    /// <summary>Every point that arrived, read whole.</summary>
    public ConcurrentQueue<DecodedPoint> Decoded { get; } = new();

    public ConcurrentQueue<string> Headers { get; } = new();

    /// <summary>Content-Encoding of every batch.</summary>
    public ConcurrentQueue<string> Encodings { get; } = new();

    /// <summary>While set, a batch gets no answer until the task completes.</summary>
    public TaskCompletionSource? Stall { get; set; }

    public Uri Address { get; private set; } = null!;

    /// <param name="address">Where to listen; a free port where null.</param>
    /// <param name="server">Certificate for TLS; plain text where null.</param>
    /// <param name="clientAuthority">Asks clients for a certificate that this one has signed.</param>
    public static async Task<HttpPeer> StartAsync(Uri? address = null, X509Certificate2? server = null, string? clientAuthority = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, address?.Port ?? 0, listen => listen.UseCertificates(server, clientAuthority)));
        var app = builder.Build();
        var peer = new HttpPeer(app);
        app.MapGet("/metrics", (HttpRequest request) =>
        {
            peer.Accept = request.Headers.Accept.ToString();
            return peer.Exposition is { } text ? Results.Text(text, peer.ExpositionType) : Results.StatusCode(500);
        });
        app.MapPost("/v1/metrics", peer.ReceiveAsync);
        await app.StartAsync();
        peer.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return peer;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        var encoding = request.Headers.ContentEncoding.ToString();
        Encodings.Enqueue(encoding);
        await (encoding switch
        {
            "gzip" => new GZipStream(request.Body, CompressionMode.Decompress),
            "zstd" => new ZstdSharp.DecompressionStream(request.Body),
            _ => request.Body,
        }).CopyToAsync(body);
        if (Stall is { } stall)
        {
            await stall.Task;
        }

        Headers.Enqueue(request.Headers["x-tenant"].ToString());
        if (Refusals.TryDequeue(out var status))
        {
            return Results.StatusCode(status);
        }

        foreach (var point in Decode(body.ToArray()))
        {
            Points.Enqueue(point);
        }

        foreach (var point in DecodedPoint.ReadAll(body.ToArray()))
        {
            Decoded.Enqueue(point);
        }

        return Results.Bytes(Answer, "application/x-protobuf");
    }

    public static List<ReceivedPoint> Decode(byte[] batch)
    {
        var points = new List<ReceivedPoint>();
        var reader = new OtlpReader(batch);
        while (reader.NextResource())
        {
            // The text of the resource is enough to look for an attribute value in it.
            var resource = Encoding.UTF8.GetString(reader.Resource);
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    while (reader.NextPoint())
                    {
                        points.Add(new(Encoding.UTF8.GetString(reader.MetricName), resource, Encoding.UTF8.GetString(reader.Point), Value(reader.Point)));
                    }
                }
            }
        }

        return points;
    }

    /// <summary>Field 4 (as_double) or 6 (as_int) of a number point; both are eight bytes behind a tag.</summary>
    private static double Value(ReadOnlySpan<byte> point)
    {
        for (var i = 0; i < point.Length;)
        {
            var tag = point[i++];
            switch (tag & 7)
            {
                case 1 when tag >> 3 == 4: return BitConverter.ToDouble(point[i..]);
                case 1 when tag >> 3 == 6: return BitConverter.ToInt64(point[i..]);
                case 1: i += 8; break;
                case 2:
                    var (length, shift) = (0, 0);
                    while (point[i] >= 0x80)
                    {
                        length |= (point[i++] & 0x7f) << shift;
                        shift += 7;
                    }

                    i += 1 + (length | (point[i] << shift));
                    break;
                default:
                    while (point[i++] >= 0x80)
                    {
                    }

                    break;
            }
        }

        return double.NaN;
    }
}

internal sealed record ReceivedPoint(string Metric, string Resource, string Text, double Value);
