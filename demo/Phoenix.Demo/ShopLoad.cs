using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Phoenix.Demo;

/// <summary>
/// A simulated web shop, labelled as such (<c>service.namespace=simulated</c>), that sends through the real OpenTelemetry
/// SDK. Customers follow a Zipf distribution: few are heavy, most are rare, as in real per-customer metrics.
/// </summary>
internal sealed class ShopLoad : IAsyncDisposable
{
    private const int Customers = 300;
    private const int RequestsPerTick = 30;
    private const int ExportMilliseconds = 2_500;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Routes = ["/", "/search", "/product", "/cart", "/checkout", "/account"];
    private static readonly string[] Payments = ["card", "invoice", "wallet"];

    private readonly Meter _meter = new("shop", "1.0.0");
    private readonly Counter<long> _requests;
    private readonly Histogram<double> _duration;
    private readonly UpDownCounter<long> _openSessions;
    private readonly Counter<long> _orders;
    private readonly MeterProvider _provider;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    /// <param name="endpoint">OTLP/HTTP endpoint of the production collector, as <c>http://127.0.0.1:4318</c>.</param>
    public ShopLoad(string endpoint)
    {
        _requests = _meter.CreateCounter<long>("shop.requests", "{request}", "Requests by customer, route and status");
        _duration = _meter.CreateHistogram<double>("shop.request.duration", "s", "Duration of requests by customer");
        _openSessions = _meter.CreateUpDownCounter<long>("shop.sessions", "{session}", "Open sessions by customer");
        _orders = _meter.CreateCounter<long>("shop.orders", "{order}", "Orders by payment: protected in the demo");
        _provider = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddService(
                "shop", serviceNamespace: "simulated", serviceVersion: "1.0.0", autoGenerateServiceInstanceId: false, serviceInstanceId: "shop-1"))
            .AddMeter(_meter.Name)
            .AddView(_duration.Name, new ExplicitBucketHistogramConfiguration { Boundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] })
            // The SDK's own bound of 2,000 streams a metric would fold customers before Phoenix sees them.
            .AddView(_requests.Name, new MetricStreamConfiguration { CardinalityLimit = 20_000 })
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Endpoint = new Uri(endpoint + "/v1/metrics");
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                reader.TemporalityPreference = MetricReaderTemporalityPreference.Cumulative;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = ExportMilliseconds;
            })
            .Build();
        _loop = RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _provider.Dispose();
        _meter.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var random = new Random(11);
        var customers = Zipf(Customers);
        var sessions = new Queue<string>();
        while (!_stop.IsCancellationRequested)
        {
            for (var i = 0; i < RequestsPerTick; i++)
            {
                Request(random, Pick(customers, random.NextDouble()), sessions);
            }

            await Task.Delay(Tick, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Request(Random random, int number, Queue<string> sessions)
    {
        var customer = CustomerName(number);
        var route = Routes[random.Next(Routes.Length)];
        var status = random.NextDouble() switch { < 0.95 => "200", < 0.99 => "404", _ => "500" };
        _requests.Add(1, new("customer", customer), new("route", route), new("status", status));
        // Log-normal around 40 ms; the heavy tail is what histograms are for.
        var normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        _duration.Record(0.04 * Math.Exp(0.8 * normal), new KeyValuePair<string, object?>("customer", customer));
        if (route == "/checkout" && status == "200")
        {
            _orders.Add(1, new KeyValuePair<string, object?>("payment", Payments[number % Payments.Length]));
        }

        if (random.NextDouble() < 0.05)
        {
            _openSessions.Add(1, new KeyValuePair<string, object?>("customer", customer));
            sessions.Enqueue(customer);
            if (sessions.Count > 200)
            {
                _openSessions.Add(-1, new KeyValuePair<string, object?>("customer", sessions.Dequeue()));
            }
        }
    }

    /// <summary>The name of the customer of this rank; 0 is the heaviest.</summary>
    public static string CustomerName(int number) => $"customer-{number:D4}";

    /// <summary>Cumulative probabilities of ranks under a Zipf law with exponent 1.</summary>
    private static double[] Zipf(int ranks)
    {
        var cumulative = new double[ranks];
        var sum = 0.0;
        for (var i = 0; i < ranks; i++)
        {
            cumulative[i] = sum += 1.0 / (i + 1);
        }

        for (var i = 0; i < ranks; i++)
        {
            cumulative[i] /= sum;
        }

        return cumulative;
    }

    private static int Pick(double[] cumulative, double uniform)
    {
        var at = Array.BinarySearch(cumulative, uniform);
        return Math.Min(at < 0 ? ~at : at, cumulative.Length - 1);
    }
}
