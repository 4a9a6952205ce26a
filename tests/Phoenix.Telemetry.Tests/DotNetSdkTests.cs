using System.Diagnostics.Metrics;
using System.Net;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

/// <summary>The official .NET SDK as a producer that shares nothing with Phoenix.</summary>
public class DotNetSdkTests
{
    [Theory]
    [InlineData(MetricReaderTemporalityPreference.Cumulative, 2)]
    [InlineData(MetricReaderTemporalityPreference.Delta, 1)]
    public void what_was_recorded_is_read_and_survives_json(MetricReaderTemporalityPreference preference, int number)
    {
        var batch = Produce(preference);
        OtlpReader.Validate(batch).ShouldBe(6);
        var json = new System.Buffers.ArrayBufferWriter<byte>();
        using var writer = new OtlpJsonWriter();
        writer.Write(batch, json);
        var reader = new OtlpJsonReader();
        reader.Read(json.WrittenSpan).ShouldBe(6);
        var request = Request.Parser.ParseFrom(reader.Batch);
        request.ShouldBe(Request.Parser.ParseFrom(batch));

        var metrics = request.ResourceMetrics.ShouldHaveSingleItem().ScopeMetrics.ShouldHaveSingleItem().Metrics.ToDictionary(m => m.Name);
        var orders = metrics["orders"].Sum;
        (orders.IsMonotonic, orders.AggregationTemporality, metrics["orders"].Unit).ShouldBe((true, number, "{order}"));
        orders.DataPoints.Select(p => p.AsInt).Order().ShouldBe([1L, 7L]);
        orders.DataPoints.SelectMany(p => p.Exemplars).Count().ShouldBeGreaterThan(0);
        (metrics["open"].Sum.IsMonotonic, metrics["open"].Sum.DataPoints[0].AsInt).ShouldBe((false, -2L));
        metrics["temperature"].Gauge.DataPoints[0].AsDouble.ShouldBe(-1.5);
        var latency = metrics["latency"].Histogram.DataPoints[0];
        (latency.Count, string.Join(' ', latency.BucketCounts), latency.Min, latency.Max).ShouldBe((4ul, "1 2 0 1", 0.05, 100.0));
        var fine = metrics["fine"].ExponentialHistogram.DataPoints[0];
        (fine.Count, fine.ZeroCount, fine.Positive.BucketCounts.Aggregate(0ul, (a, b) => a + b)).ShouldBe((5ul, 1ul, 4ul));
    }

    private static byte[] Produce(MetricReaderTemporalityPreference preference)
    {
        using var capture = new Capture();
        using var meter = new Meter($"orders-{Guid.NewGuid():N}", "2.1");
        using (var source = new System.Diagnostics.ActivitySource(meter.Name))
        using (var listener = new System.Diagnostics.ActivityListener
        {
            ShouldListenTo = s => s.Name == meter.Name,
            Sample = (ref System.Diagnostics.ActivityCreationOptions<System.Diagnostics.ActivityContext> _) => System.Diagnostics.ActivitySamplingResult.AllDataAndRecorded,
        })
        using (var provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(r => r.Clear().AddAttributes([new("service.name", "shop"), new("service.instance.id", "i-1"), new("host.cpus", 8L)]))
            .AddMeter(meter.Name)
            .SetExemplarFilter(ExemplarFilterType.TraceBased)
            .AddView("latency", new ExplicitBucketHistogramConfiguration { Boundaries = [0.1, 1, 10] })
            .AddView("fine", new Base2ExponentialBucketHistogramConfiguration())
            .AddOtlpExporter((exporter, reader) =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = new Uri("http://collector.invalid/v1/metrics");
                exporter.HttpClientFactory = () => new HttpClient(capture, disposeHandler: false);
                reader.TemporalityPreference = preference;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 3_600_000;
            })
            .Build())
        {
            System.Diagnostics.ActivitySource.AddActivityListener(listener);
            using var activity = source.StartActivity("request");
            var orders = meter.CreateCounter<long>("orders", "{order}", "Orders");
            orders.Add(3, new("route", "/cart"), new("code", 200));
            orders.Add(4, new("route", "/cart"), new("code", 200));
            orders.Add(1, new("route", "/ünï"), new("code", 500));
            var open = meter.CreateUpDownCounter<long>("open");
            open.Add(5);
            open.Add(-7);
            meter.CreateObservableGauge("temperature", () => -1.5, "Cel");
            var latency = meter.CreateHistogram<double>("latency", "s");
            foreach (var value in new[] { 0.05, 0.5, 0.5, 100 })
                latency.Record(value);
            var fine = meter.CreateHistogram<double>("fine", "s");
            foreach (var value in new[] { 0.0, 1, 2, 4, 1024 })
                fine.Record(value);
            provider.ForceFlush().ShouldBeTrue();
        }

        return capture.First.ShouldNotBeNull();
    }

    /// <summary>Takes requests where a network would be.</summary>
    private sealed class Capture : HttpMessageHandler
    {
        public byte[]? First { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var body = new MemoryStream();
            request.Content!.CopyTo(body, null, cancellationToken);
            First ??= body.ToArray();
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(Send(request, cancellationToken));
    }
}
