using System.Net;
using Microsoft.AspNetCore.Http;
using Phoenix.Collector.Http;

namespace Phoenix.Collector.Tests;

/// <summary>The collector as a process, against targets that really answer.</summary>
public sealed class PrometheusReceiverTests : IDisposable
{
    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task what_a_target_no_longer_shows_is_marked_as_gone_and_so_is_everything_when_it_fails()
    {
        await using var backend = await HttpPeer.StartAsync();
        await using var target = await HttpPeer.StartAsync();
        target.Exposition = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\nstays 1\ngoes{a=\"b\"} 1\n";
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Scrape(target.Address, backend.Address));
        await Wait.UntilAsync("a first scrape", () => Has(backend, p => p is { Metric: "goes", Stale: false }));
        (await Wait.ForAsync("series added", () => Task.FromResult(backend.Decoded.FirstOrDefault(p => p is { Metric: "scrape_series_added", Value: > 0 })))).Value.ShouldBe(6);

        target.Exposition = "stays 1\n";
        await Wait.UntilAsync("two markers", () => Task.FromResult(
            backend.Decoded.Any(p => p is { Metric: "goes", Stale: true } && p.Labels["a"] == "b") && backend.Decoded.Any(p => p is { Metric: "h", Stale: true })));
        var failures = backend.Decoded.Where(p => p is { Metric: "up", Value: 0 }).Select(p => p.UnixNanos).ToHashSet();
        backend.Decoded.ShouldNotContain(p => p.Metric == "stays" && p.Stale && !failures.Contains(p.UnixNanos));

        target.Exposition = null;
        await Wait.UntilAsync("the rest", () => Has(backend, p => p is { Metric: "stays", Stale: true }));
        await Wait.UntilAsync("up to fall", () => Has(backend, p => p is { Metric: "up", Value: 0, Stale: false } && p.Labels["team"] == "checkout"));
    }

    [Fact]
    public async Task files_of_targets_are_followed_and_a_bad_one_changes_nothing()
    {
        await using var backend = await HttpPeer.StartAsync();
        await using var target = await HttpPeer.StartAsync();
        target.Exposition = "orders_total 1\n";
        var file = _place.File("targets.json");
        File.WriteAllText(file, $$$"""[{"targets": ["{{{target.Address.Authority}}}"], "labels": {"team": "first"}}]""");
        await using var collector = CollectorProcess.Start(_place, "production", Scrape(backend, "http", $"file_sd_configs: [{{files: [\"{_place.File("*.json")}\"], refresh_interval: 100ms}}]"));
        await Wait.UntilAsync("the first label", () => Has(backend, p => p.Metric == "orders_total" && p.Labels["team"] == "first"));

        File.WriteAllText(file, "[{\"targets\": ");
        await Wait.UntilAsync("the warning", () => Task.FromResult(collector.Log.Contains("what it said before stays", StringComparison.Ordinal)));
        var sofar = backend.Decoded.Count(p => p.Metric == "orders_total");
        await Wait.UntilAsync("further scrapes", () => Task.FromResult(backend.Decoded.Count(p => p.Metric == "orders_total") > sofar + 1));

        File.WriteAllText(file, $"- targets: ['{target.Address.Authority}']\n  labels: {{team: second}}\n");
        await Wait.UntilAsync("the second label", () => Has(backend, p => p.Metric == "orders_total" && p.Labels["team"] == "second"));
        await Wait.UntilAsync("the first one to be marked as gone", () => Has(backend, p => p is { Metric: "orders_total", Stale: true } && p.Labels["team"] == "first"));

        File.Delete(file);
        await Wait.UntilAsync("the target's own series to be gone", () => Has(backend, p => p is { Metric: "up", Stale: true } && p.Labels["team"] == "second"));
    }

    [Fact]
    public async Task a_target_behind_tls_and_credentials_is_scraped_and_secrets_are_read_at_each_scrape()
    {
        using var certificates = new TestCertificates();
        await using var backend = await HttpPeer.StartAsync();
        certificates.WriteServer(_place.File("server.pem"), _place.File("server.key"), "target");
        File.WriteAllText(_place.File("ca.pem"), certificates.AuthorityPem);
        File.WriteAllText(_place.File("password"), "first-secret\n");
        var expected = "first-secret";
        var served = new ServerCertificates(new(_place.File("server.pem"), _place.File("server.key"), null, TimeSpan.Zero, false), System.Net.Security.SslApplicationProtocol.Http11);
        await using var target = await BareServer.StartAsync(
            options => options.Listen(new IPEndPoint(IPAddress.Loopback, 0), listen => listen.UseTls(() => served)),
            async context =>
            {
                var given = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(context.Request.Headers.Authorization.ToString()["Basic ".Length..]));
                context.Response.StatusCode = given == $"scraper:{Volatile.Read(ref expected)}" ? 200 : 401;
                await context.Response.WriteAsync($"secured{{timeout=\"{context.Request.Headers["X-Prometheus-Scrape-Timeout-Seconds"]}\"}} 1\n");
            });
        var authority = new Uri(target.Addresses.First()).Authority;
        await using var collector = CollectorProcess.Start(_place, "production", Scrape(backend, "https",
            $"static_configs: [{{targets: [\"{authority}\"]}}]",
            $"tls_config: {{ca_file: {_place.File("ca.pem")}}}",
            $"basic_auth: {{username: scraper, password_file: {_place.File("password")}}}"));
        await Wait.UntilAsync("a scrape", () => Has(backend, p => p is { Metric: "secured", Stale: false } && p.Labels["timeout"] == "0.45"));

        Volatile.Write(ref expected, "second-secret");
        await Wait.UntilAsync("a refused scrape", () => Task.FromResult(collector.Log.Contains("the target answered 401", StringComparison.Ordinal)));
        var before = backend.Decoded.Count(p => p is { Metric: "up", Value: 1 });
        File.WriteAllText(_place.File("password"), "second-secret\n");
        await Wait.UntilAsync("a scrape again", () => Task.FromResult(backend.Decoded.Count(p => p is { Metric: "up", Value: 1 }) > before));
        collector.Log.ShouldNotContain("secret");
    }

    [Fact]
    public async Task a_target_that_never_ends_its_answer_fails_by_its_timeout_and_harms_no_other()
    {
        await using var backend = await HttpPeer.StartAsync();
        await using var good = await HttpPeer.StartAsync();
        good.Exposition = "fine 1\n";
        await using var endless = await BareServer.StartAsync(
            options => options.Listen(new IPEndPoint(IPAddress.Loopback, 0)),
            async context =>
            {
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.WriteAsync("endless 1\n", context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    await Task.Delay(10, context.RequestAborted);
                }
            });
        var authority = new Uri(endless.Addresses.First()).Authority;
        await using var collector = CollectorProcess.Start(_place, "production", Scrape(backend, "http", $"static_configs: [{{targets: [\"{good.Address.Authority}\", \"{authority}\"]}}]"));

        await Wait.UntilAsync("a timeout", () => Has(backend, p => p is { Metric: "up", Value: 0 } && p.Resource["service.instance.id"] == authority));
        await Wait.UntilAsync("the other target", () => Has(backend, p => p is { Metric: "fine", Value: 1 }));
        backend.Decoded.ShouldNotContain(p => p.Metric == "endless", "a scrape counts as a whole or not at all");
    }

    private static Task<bool> Has(HttpPeer backend, Func<DecodedPoint, bool> which) => Task.FromResult(backend.Decoded.Any(which));

    private static string Scrape(HttpPeer backend, string scheme, params string[] keys) => $$"""
        receivers:
          prometheus:
            config:
              scrape_configs:
                - job_name: shop
                  scheme: {{scheme}}
                  scrape_interval: 500ms
                  scrape_timeout: 450ms
                  {{string.Join("\n          ", keys)}}
        exporters:
          otlphttp: {endpoint: "{{backend.Address}}", compression: none}
        service:
          pipelines:
            metrics: {receivers: [prometheus], exporters: [otlphttp]}
        """;
}
