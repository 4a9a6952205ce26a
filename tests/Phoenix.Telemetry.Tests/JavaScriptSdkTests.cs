using System.Diagnostics;
using System.Net;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

/// <summary>The official JavaScript SDK as a producer that shares nothing with Phoenix.</summary>
public class JavaScriptSdkTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Theory]
    [InlineData("cumulative", 2)]
    [InlineData("delta", 1)]
    public async Task its_json_and_its_protobuf_are_read_alike_and_hold_what_was_recorded(string temporality, int number)
    {
        var bodies = await ProduceAsync(temporality, "json", "protobuf");
        var reader = new OtlpJsonReader();
        var points = reader.Read(bodies["json"]);
        points.ShouldBe(7);
        OtlpReader.Validate(reader.Batch).ShouldBe(points);
        OtlpReader.Validate(bodies["protobuf"]).ShouldBe(points);
        var fromJson = WithoutTimes(Request.Parser.ParseFrom(reader.Batch));
        var fromProtobuf = WithoutTimes(Request.Parser.ParseFrom(bodies["protobuf"]));
        fromJson.ShouldBe(fromProtobuf);

        var resource = fromJson.ResourceMetrics.ShouldHaveSingleItem();
        var attributes = resource.Resource.Attributes.ToDictionary(a => a.Key, a => a.Value);
        (attributes["service.name"].StringValue, attributes["host.cpus"].IntValue, attributes["ratio"].DoubleValue, attributes["spot"].BoolValue).ShouldBe(("shop", 8L, 0.5, true));
        attributes["host.tags"].ArrayValue.Values.Select(v => v.StringValue).ShouldBe(["a", "b"]);
        var metrics = resource.ScopeMetrics.ShouldHaveSingleItem().Metrics.ToDictionary(m => m.Name);
        var orders = metrics["orders"].Sum;
        (orders.IsMonotonic, orders.AggregationTemporality, metrics["orders"].Description).ShouldBe((true, number, "Orders, \"quoted\" and ü"));
        orders.DataPoints.Select(p => (p.AsInt, p.Attributes.Single(a => a.Key == "route").Value.StringValue)).ShouldBe([(7L, "/cart"), (1L, "/ünï")]);
        metrics["energy"].Sum.DataPoints[0].AsDouble.ShouldBe(0.1);
        (metrics["open"].Sum.DataPoints[0].AsInt, metrics["open"].Sum.IsMonotonic).ShouldBe((-2L, false));
        metrics["temperature"].Gauge.DataPoints[0].AsDouble.ShouldBe(-1.5);
        var latency = metrics["latency"].Histogram.DataPoints[0];
        (latency.Count, latency.Min, latency.Max, string.Join(' ', latency.BucketCounts), string.Join(' ', latency.ExplicitBounds)).ShouldBe((4ul, 0.05, 100.0, "1 2 0 1", "0.1 1 10"));
        var fine = metrics["fine"].ExponentialHistogram.DataPoints[0];
        (fine.Count, fine.ZeroCount, fine.Sum, fine.Positive.BucketCounts.Aggregate(0ul, (a, b) => a + b)).ShouldBe((5ul, 1ul, 1031.0, 4ul));
    }

    [Fact]
    public async Task its_metrics_become_prometheus_series_by_remote_write()
    {
        var bodies = await ProduceAsync("cumulative", "protobuf");
        var encoder = new RemoteWriteEncoder(new RemoteWriteEncoderOptions());
        var sink = new Counts();
        encoder.Encode(bodies["protobuf"], sink);
        encoder.Refused.ShouldBeEmpty();

        // 2 orders, energy, open, temperature, 4 buckets with sum and count, one native histogram, target_info.
        (sink.Samples, sink.Points).ShouldBe((13, 7));
    }

    /// <summary>Runs the SDK against an HTTP server of one answer for each exporter.</summary>
    private static async Task<Dictionary<string, byte[]>> ProduceAsync(string temporality, params string[] exporters)
    {
        var script = Path.Combine(RepositoryRoot(), "tests", "producers", "javascript", "produce.mjs");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(Path.GetDirectoryName(script)!, "node_modules")), "the JavaScript SDK is not installed: npm ci in tests/producers/javascript");
        using var server = Listen(out var port);
        var received = ReceiveAsync(server, exporters.Length);
        var start = new ProcessStartInfo("node") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(script);
        foreach (var exporter in exporters)
        {
            start.ArgumentList.Add(exporter);
            start.ArgumentList.Add($"http://127.0.0.1:{port}/{exporter}");
        }

        start.Environment["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"] = temporality;
        using var node = Process.Start(start)!;
        var output = Task.WhenAll(node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        try
        {
            await node.WaitForExitAsync().WaitAsync(Patience);
            node.ExitCode.ShouldBe(0, string.Concat(await output));
            return await received.WaitAsync(Patience);
        }
        finally
        {
            if (!node.HasExited)
                node.Kill(entireProcessTree: true);
        }
    }

    private static HttpListener Listen(out int port)
    {
        for (var attempt = 0; ; attempt++)
        {
            port = Random.Shared.Next(20_000, 60_000);
            var server = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
            try
            {
                server.Start();
                return server;
            }
            catch (HttpListenerException) when (attempt < 50)
            {
                server.Close();
            }
        }
    }

    private static async Task<Dictionary<string, byte[]>> ReceiveAsync(HttpListener server, int count)
    {
        var bodies = new Dictionary<string, byte[]>();
        while (bodies.Count < count)
        {
            var context = await server.GetContextAsync();
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            bodies.Add(context.Request.Url!.AbsolutePath.Trim('/'), body.ToArray());
            context.Response.ContentType = context.Request.ContentType;
            context.Response.Close();
        }

        return bodies;
    }

    // The exporters collect one after the other.
    private static Request WithoutTimes(Request request)
    {
        foreach (var metric in request.ResourceMetrics.SelectMany(r => r.ScopeMetrics).SelectMany(s => s.Metrics))
        {
            foreach (var point in (metric.Gauge?.DataPoints ?? []).Concat(metric.Sum?.DataPoints ?? []))
                (point.StartTimeUnixNano, point.TimeUnixNano) = (0, 0);
            foreach (var point in metric.Histogram?.DataPoints ?? [])
                (point.StartTimeUnixNano, point.TimeUnixNano) = (0, 0);
            foreach (var point in metric.ExponentialHistogram?.DataPoints ?? [])
                (point.StartTimeUnixNano, point.TimeUnixNano) = (0, 0);
        }

        return request;
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Phoenix.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"There is no Phoenix.sln above {AppContext.BaseDirectory}.");
    }

    private sealed class Counts : IRemoteWriteSink
    {
        public int Samples { get; private set; }

        public int Points { get; private set; }

        public void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request)
        {
            Samples += request.Samples;
            Points += request.Points;
        }
    }
}
