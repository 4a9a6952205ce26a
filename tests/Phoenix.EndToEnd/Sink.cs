using System.Collections.Concurrent;
using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.EndToEnd;

/// <summary>
/// The backend: takes OTLP over HTTP and decodes it by Google's protobuf, so that it shares no code with what sent it.
/// </summary>
public sealed class Sink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTime> _seen = [];
    private readonly ConcurrentDictionary<string, SortedSet<long>> _ticks = new();

    private Sink(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    public static async Task<Sink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var sink = new Sink(builder.Build());
        sink._app.MapPost("/v1/metrics", sink.ReceiveAsync);
        await sink._app.StartAsync();
        sink.Address = sink._app.Urls.Single();
        return sink;
    }

    /// <summary>Identities (metric, attributes) of number streams that came in since then.</summary>
    public IReadOnlyList<string> StreamsSince(DateTime since)
    {
        lock (_gate)
        {
            return [.. _seen.Where(s => s.Value >= since).Select(s => s.Key).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Every value of a stream that a source raises by one each time it is read: a missing one is a gap.</summary>
    public IReadOnlyList<long> Ticks(string metric)
    {
        lock (_gate)
        {
            return _ticks.TryGetValue(metric, out var values) ? [.. values] : [];
        }
    }

    public long LastTick(string metric) => Ticks(metric) is [.., var last] ? last : 0;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> ReceiveAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await using (var body = request.Headers.ContentEncoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress) : request.Body)
        {
            await body.CopyToAsync(buffer);
        }

        Record(Request.Parser.ParseFrom(buffer.GetBuffer(), 0, (int)buffer.Length));
        return Results.Bytes([], "application/x-protobuf");
    }

    private void Record(Request request)
    {
        var now = DateTime.UtcNow;
        lock (_gate)
        {
            foreach (var metric in request.ResourceMetrics.SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics))
            {
                foreach (var point in (metric.Sum?.DataPoints ?? metric.Gauge?.DataPoints ?? []).Where(p => (p.Flags & 1) == 0))
                {
                    _seen[Identity(metric.Name, point)] = now;
                    if (metric.Name is Shop.ScrapeTicks or Shop.PushTicks)
                    {
                        _ticks.GetOrAdd(metric.Name, _ => []).Add(point.ValueCase == NumberPoint.ValueOneofCase.AsInt ? point.AsInt : (long)point.AsDouble);
                    }
                }
            }
        }
    }

    private static string Identity(string name, NumberPoint point) =>
        $"{name}{{{string.Join(',', point.Attributes.Select(a => $"{a.Key}={a.Value.StringValue}").Order(StringComparer.Ordinal))}}}";
}
