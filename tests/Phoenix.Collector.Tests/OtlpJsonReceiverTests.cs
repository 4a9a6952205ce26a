using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Phoenix.Collector.Tests;

public sealed class OtlpJsonReceiverTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task a_batch_in_json_arrives_like_one_in_protobuf(string? coding)
    {
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpTo(peer.Address));

        var answer = await PostAsync(collector, Request("\"asInt\":\"17\""), coding);

        answer.ShouldBe((200, "application/json", "{}"), collector.Log);
        var point = await Wait.ForAsync("the point", () => Task.FromResult(peer.Decoded.FirstOrDefault()));
        (point.Metric, point.Value, point.UnixNanos, point.Labels["route"], point.Resource["service.name"]).ShouldBe(("shop.orders", 17, 1_700_000_000_000_000_001ul, "/ü", "shop"));
    }

    [Fact]
    public async Task what_is_wrong_is_told_in_json_with_its_place()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp().Replace("127.0.0.1:0\"", "127.0.0.1:0\", max_request_body_size: 10000", StringComparison.Ordinal));

        var wrong = await RefusedAsync(Request("\n\"asInt\":\"x\""), null);
        (wrong.Http, wrong.Code).ShouldBe((400, 3));
        wrong.Message.ShouldContain("at line 2, column 9, in resourceMetrics.scopeMetrics.metrics.sum.dataPoints.asInt");
        (await RefusedAsync(Encoding.UTF8.GetBytes("{\"resourceMetrics\":["), null)).Message.ShouldContain("at line 1, column 21");
        (await RefusedAsync([1, 2, 3], "gzip")).Http.ShouldBe(400);
        (await RefusedAsync(Encoding.UTF8.GetBytes(new string(' ', 10_001)), null)).Http.ShouldBe(413);
        (await RefusedAsync(Request($"\"asInt\":1{new string(' ', 10_000)}"), "zstd")).Http.ShouldBe(413);
        // 3 bytes of text for 8 of the batch.
        var zeros = string.Join(',', Enumerable.Repeat("0", 4000));
        (await RefusedAsync(Points("histogram", $"{{\"bucketCounts\":[{zeros}]}}"), null)).Http.ShouldBe(413);
        (await RefusedAsync([], "br")).ShouldBe((415, 12, "Content-Encoding br is not supported; send one of gzip, zstd, identity"));
        (await PostAsync(collector, "{}"u8.ToArray(), null)).ShouldBe((200, "application/json", "{}"), "an empty request is a valid one");

        async Task<(int Http, int Code, string Message)> RefusedAsync(byte[] body, string? coding)
        {
            var (status, type, answer) = await PostAsync(collector, body, coding, compressed: body is [1, 2, 3] or []);
            type.ShouldBe("application/json");
            using var json = JsonDocument.Parse(answer);
            return (status, json.RootElement.GetProperty("code").GetInt32(), json.RootElement.GetProperty("message").GetString()!);
        }
    }

    [Fact]
    public async Task a_full_pipeline_tells_when_to_try_again()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp(extra: ", queue_batches: 1"));
        var points = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $$"""{"timeUnixNano":"5","asInt":{{i}},"attributes":[{"key":"i","value":{"intValue":{{i}} } }]}"""));
        var batch = Points("gauge", points);
        var small = Batches.Requests(20_000, 1);
        var otlp = await collector.OtlpAsync();

        var refused = await Wait.ForAsync("a refusal", async () =>
        {
            var others = Enumerable.Range(0, 16).Select(_ => Batches.PostAsync(otlp, small)).ToArray();
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Batches.PostAsync(otlp, batch, "application/json")));
            await Task.WhenAll(others);
            return answers.FirstOrDefault(a => (int)a.StatusCode == 503);
        });

        refused.Headers.RetryAfter.ShouldNotBeNull();
        using var status = JsonDocument.Parse(await refused.Content.ReadAsStringAsync());
        status.RootElement.GetProperty("code").GetInt32().ShouldBe(14);
        var detail = status.RootElement.GetProperty("details").EnumerateArray().ShouldHaveSingleItem();
        (detail.GetProperty("@type").GetString(), detail.GetProperty("retryDelay").GetString()).ShouldBe(("type.googleapis.com/google.rpc.RetryInfo", "1s"));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("protobuf")]
    [InlineData("grpc")]
    public async Task what_the_javascript_sdk_sends_arrives_at_the_backend(string exporter)
    {
        var script = Path.Combine(RepositoryRoot(), "tests", "producers", "javascript", "produce.mjs");
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(Path.GetDirectoryName(script)!, "node_modules")), "the JavaScript SDK is not installed: npm ci in tests/producers/javascript");
        await using var peer = await HttpPeer.StartAsync();
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.OtlpBoth(peer.Address));
        var to = exporter == "grpc" ? await collector.GrpcAsync() : new Uri(await collector.OtlpAsync(), "/v1/metrics");

        await ProduceAsync(script, exporter, to, collector);

        await Wait.UntilAsync("all points", () => Task.FromResult(peer.Decoded.Count >= 7));
        // The SDK exports once more when it is shut down.
        var values = peer.Decoded.Take(7).Select(p => (p.Metric, p.Value, Route: p.Labels.GetValueOrDefault("route"))).ToList();
        values.ShouldBe([("orders", 7, "/cart"), ("orders", 1, "/ünï"), ("energy", 0.1, null), ("open", -2, null), ("temperature", -1.5, null), ("latency", 4, "/cart"), ("fine", 5, null)], ignoreOrder: true);
        peer.Decoded.ShouldAllBe(p => p.Resource["service.name"] == "shop");
    }

    private static async Task ProduceAsync(string script, string exporter, Uri to, CollectorProcess collector)
    {
        using var node = Process.Start(new ProcessStartInfo("node", [script, exporter, to.ToString()]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = Task.WhenAll(node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        try
        {
            await node.WaitForExitAsync().WaitAsync(Patience);
            node.ExitCode.ShouldBe(0, $"{string.Concat(await output)} {collector.Log}");
        }
        finally
        {
            if (!node.HasExited)
            {
                node.Kill(entireProcessTree: true);
            }
        }
    }

    private static byte[] Points(string kind, string points) =>
        Encoding.UTF8.GetBytes($$"""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","{{kind}}":{"dataPoints":[{{points}}]} }]}]}]}""");

    private static byte[] Request(string value) => Encoding.UTF8.GetBytes($$$"""
        {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"metrics":[{"name":"shop.orders","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"1700000000000000001","attributes":[{"key":"route","value":{"stringValue":"/ü"}}],{{{value}}} }]}}]}]}]}
        """);

    private static async Task<(int Status, string? Type, string Body)> PostAsync(CollectorProcess collector, byte[] body, string? coding, bool compressed = false)
    {
        using var client = new HttpClient();
        using var content = new ByteArrayContent(compressed ? body : Compressed.As(coding ?? "", body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json; charset=utf-8");
        if (coding is not null)
        {
            content.Headers.ContentEncoding.Add(coding);
        }

        using var response = await client.PostAsync(new Uri(await collector.OtlpAsync(), "/v1/metrics"), content);
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync());
    }

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Phoenix.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"There is no Phoenix.sln above {AppContext.BaseDirectory}.");
    }
}
