using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.EndToEnd;

/// <summary>
/// A small, steady application: counters by customer, served as a Prometheus endpoint and pushed as OTLP twice a second.
/// Few customers are heavy and most are light, as with real ones.
/// </summary>
public sealed class Shop : IAsyncDisposable
{
    public const int Customers = 60;

    /// <summary>Counts the scrapes answered.</summary>
    public const string ScrapeTicks = "shop_ticks_total";

    /// <summary>Counts the requests pushed.</summary>
    public const string PushTicks = "shop.ticks";

    private static readonly TimeSpan PushEvery = TimeSpan.FromMilliseconds(500);

    private readonly WebApplication _app;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly ConcurrentQueue<long> _accepted = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ulong _startedAt = Nanoseconds();
    private readonly string _otlp;
    private Task _pushing = Task.CompletedTask;
    private long _scrapes;
    private long _pushes;

    private Shop(WebApplication app, string otlp) => (_app, _otlp) = (app, otlp);

    /// <summary>host:port of the Prometheus endpoint.</summary>
    public string Target { get; private set; } = "";

    /// <summary>Numbers of the pushed requests that were answered with 200: those the collector has taken on.</summary>
    public IReadOnlyList<long> Accepted => [.. _accepted];

    /// <param name="otlp">host:port that the production collector listens on for OTLP.</param>
    public static async Task<Shop> StartAsync(string otlp)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var shop = new Shop(builder.Build(), otlp);
        shop._app.MapGet("/metrics", () => Results.Text(shop.Exposition(), "text/plain; version=0.0.4"));
        await shop._app.StartAsync();
        shop.Target = new Uri(shop._app.Urls.Single()).Authority;
        shop._pushing = shop.PushAsync();
        return shop;
    }

    public static string Customer(int rank) => string.Create(CultureInfo.InvariantCulture, $"customer-{rank:D2}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pushing;
        await _app.DisposeAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    /// <summary>Grows by 1,000 for the heaviest and less and less for the others.</summary>
    private static long Total(long ticks, int rank) => ticks * (1000 / (rank + 1));

    private static ulong Nanoseconds() => (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private string Exposition()
    {
        var tick = Interlocked.Increment(ref _scrapes);
        var text = new StringBuilder("# TYPE shop_requests_total counter\n");
        for (var rank = 0; rank < Customers; rank++)
        {
            text.Append(CultureInfo.InvariantCulture, $"shop_requests_total{{customer=\"{Customer(rank)}\",route=\"/\"}} {Total(tick, rank)}\n");
        }

        text.Append("# TYPE shop_orders_total counter\n");
        foreach (var payment in (string[])["card", "invoice"])
        {
            text.Append(CultureInfo.InvariantCulture, $"shop_orders_total{{payment=\"{payment}\"}} {tick * 3}\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"# TYPE {ScrapeTicks} counter\n{ScrapeTicks} {tick}\n").ToString();
    }

    private async Task PushAsync()
    {
        using var timer = new PeriodicTimer(PushEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                var tick = ++_pushes;
                using var content = new ByteArrayContent(Batch(tick).ToByteArray());
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                try
                {
                    using var answer = await _http.PostAsync($"http://{_otlp}/v1/metrics", content, _stop.Token);
                    if (answer.StatusCode == HttpStatusCode.OK)
                    {
                        _accepted.Enqueue(tick);
                    }
                }
                catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !_stop.IsCancellationRequested))
                {
                    // No collector listens now; what was not accepted may be lost, and the next push has the newer totals.
                    continue;
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private Request Batch(long tick)
    {
        var sales = new Sum { AggregationTemporality = 2, IsMonotonic = true };
        for (var rank = 0; rank < Customers; rank++)
        {
            sales.DataPoints.Add(Point(Total(tick, rank), new KeyValue { Key = "customer", Value = new AnyValue { StringValue = Customer(rank) } }));
        }

        var ticks = new Sum { AggregationTemporality = 2, IsMonotonic = true, DataPoints = { Point(tick) } };
        return new Request
        {
            ResourceMetrics =
            {
                new ResourceMetrics
                {
                    Resource = new Resource { Attributes = { new KeyValue { Key = "service.name", Value = new AnyValue { StringValue = "till" } } } },
                    ScopeMetrics =
                    {
                        new ScopeMetrics
                        {
                            Scope = new Scope { Name = "till" },
                            Metrics = { new Metric { Name = "shop.sales", Unit = "{sale}", Sum = sales }, new Metric { Name = PushTicks, Sum = ticks } },
                        },
                    },
                },
            },
        };
    }

    private NumberPoint Point(long value, params KeyValue[] attributes) => new()
    {
        StartTimeUnixNano = _startedAt, TimeUnixNano = Nanoseconds(), AsInt = value, Attributes = { attributes },
    };
}
