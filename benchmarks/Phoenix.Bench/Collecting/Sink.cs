using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Phoenix.Collector.Http;
using Phoenix.Telemetry;

namespace Phoenix.Bench.Collecting;

/// <summary>
/// A backend that keeps bodies as they come and answers at once, so that it takes little time from the senders beside it; what
/// is in them is counted when the clock stands.
/// </summary>
sealed class Sink : IAsyncDisposable
{
    readonly ConcurrentQueue<byte[]> bodies = new();
    readonly BatchDecoder decoder = new();
    readonly RemoteWriteDecoder remoteWrite;
    readonly Dictionary<UInt128, (ulong Time, double Value)> newest = [];
    BareServer? server;
    long lastArrival;

    Sink()
    {
        var options = new RemoteWriteDecoderOptions { MaxRequestBytes = 64 << 20 };
        remoteWrite = new RemoteWriteDecoder(options, new RemoteWriteTypes(options));
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>Points in what was counted.</summary>
    public long Points { get; private set; }

    /// <summary>When the last body came, as <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public long LastArrival => Interlocked.Read(ref lastArrival);

    /// <summary>Over all series, the sum of the newest values: for counters the total of what they ever counted.</summary>
    public double Total => newest.Values.Sum(v => v.Value);

    /// <summary>Different series that came.</summary>
    public int Series => newest.Count;

    public static async Task<Sink> StartAsync()
    {
        var sink = new Sink();
        sink.server = await BareServer.StartAsync(options =>
        {
            options.Listen(IPAddress.Loopback, 0);
            options.Limits.MaxRequestBodySize = null;
        }, sink.TakeAsync, largeBlocks: true);
        sink.Address = new Uri(sink.server.Addresses.First());
        return sink;
    }

    /// <summary>Reads the bodies that came since the last call.</summary>
    /// <param name="onlyPoints">Leaves the values alone, for a subject that adds nothing up.</param>
    public void Count(bool onlyPoints = false)
    {
        while (bodies.TryDequeue(out var body))
        {
            // Remote write bodies are snappy; a batch of OTLP begins with the tag of its first field.
            ReadOnlySpan<byte> batch = body;
            if (body is not [10, ..])
            {
                remoteWrite.Decode(body);
                batch = remoteWrite.Batch;
            }

            Add(decoder.Decode(batch).Read(), onlyPoints);
        }
    }

    public async ValueTask DisposeAsync() => await server!.DisposeAsync();

    void Add(BatchReader reader, bool onlyPoints)
    {
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                {
                    Points += reader.MetricName.SequenceEqual("target_info"u8) ? 0 : reader.PointCount;
                    if (onlyPoints || reader.Type != MetricType.Sum) continue;
                    while (reader.NextPoint())
                    {
                        var point = reader.ReadPoint();
                        if (!point.HasValue || point.NoRecordedValue) continue;
                        if (!newest.TryGetValue(reader.StreamIdentity, out var known) || point.UnixNanos >= known.Time)
                            newest[reader.StreamIdentity] = (point.UnixNanos, point.Number);
                    }
                }
            }
        }
    }

    async Task TakeAsync(HttpContext context)
    {
        // Both protocols are content with a 200 that says nothing.
        var body = new MemoryStream((int)(context.Request.ContentLength ?? 64 << 10));
        await context.Request.Body.CopyToAsync(body);
        bodies.Enqueue(body.Length == body.Capacity ? body.GetBuffer() : body.ToArray());
        Interlocked.Exchange(ref lastArrival, Stopwatch.GetTimestamp());
        context.Response.ContentLength = 0;
    }
}
