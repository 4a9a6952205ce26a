using System.Globalization;
using Phoenix.Collector.Receivers.Prometheus;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>Targets that speak OpenMetrics 1.0.</summary>
public sealed class OpenMetricsScrapeTests : IDisposable
{
    private const string Exposition = """
        # TYPE orders counter
        # HELP orders Orders taken.
        orders_total{route="/cart"} 41.0 1700000000.5 # {trace_id="0102030405060708090a0b0c0d0e0f10",span_id="0102030405060708",basket="b7"} 1.0 1700000000.25
        orders_created{route="/cart"} 1600000000.5
        # TYPE latency_seconds histogram
        # UNIT latency_seconds seconds
        latency_seconds_bucket{le="0.1"} 2 # {} 0.05
        latency_seconds_bucket{le="+Inf"} 3
        latency_seconds_count 3
        latency_seconds_sum 1.5
        latency_seconds_created 1600000000
        # TYPE build info
        build_info{version="1.2"} 1
        # TYPE state stateset
        state{state="open"} 1
        state{state="closed"} 0
        # TYPE free_bytes gauge
        # UNIT free_bytes bytes
        free_bytes 1e3
        # EOF

        """;

    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task a_counter_has_its_time_of_creation_its_exemplar_and_its_own_time()
    {
        var json = await JsonAsync("", Exposition);

        json.ShouldContain("\"name\":\"orders_total\",\"description\":\"Orders taken.\"");
        json.ShouldContain("\"startTimeUnixNano\":\"1600000000500000000\",\"timeUnixNano\":\"1700000000500000000\",\"asDouble\":41");
        json.ShouldContain("\"filteredAttributes\":[{\"key\":\"basket\",\"value\":{\"stringValue\":\"b7\"}}],\"timeUnixNano\":\"1700000000250000000\",\"asDouble\":1,\"spanId\":\"0102030405060708\",\"traceId\":\"0102030405060708090a0b0c0d0e0f10\"");
        json.ShouldContain("\"startTimeUnixNano\":\"1600000000000000000\"", customMessage: "of the histogram");
        json.ShouldContain("\"unit\":\"By\"");
        foreach (var type in new[] { "info", "stateset" })
        {
            json.ShouldContain($"\"metadata\":[{{\"key\":\"prometheus.type\",\"value\":{{\"stringValue\":\"{type}\"}}}}]");
        }
    }

    [Fact]
    public async Task a_time_that_is_not_honoured_goes_and_its_exemplar_stays()
    {
        var json = await JsonAsync("honor_timestamps: false", Exposition);

        json.ShouldNotContain("1700000000500000000");
        json.ShouldContain("\"timeUnixNano\":\"1700000000250000000\",\"asDouble\":1,\"spanId\"");
    }

    [Theory]
    [InlineData("# TYPE a gauge\na 1\n", "ends after line 2 without # EOF")]
    [InlineData("a 1\n# EOF\nb 1\n# EOF\n", "line 3: text after # EOF")]
    [InlineData("a 1 # {x=\"1\" 1\n# EOF\n", "a comma is missing between labels")]
    [InlineData("a 1 # {x=\"1\"} one\n# EOF\n", "the value of the exemplar is not a number")]
    [InlineData("a 1 # {x=\"1\"} 1 soon\n# EOF\n", "the timestamp of the exemplar is not a number of seconds")]
    public async Task an_exposition_that_is_cut_off_or_malformed_fails_the_scrape(string exposition, string reason) =>
        (await Should.ThrowAsync<ScrapeFailedException>(() => JsonAsync("", exposition))).Message.ShouldContain(reason);

    [Fact]
    public async Task targets_are_asked_as_prometheus_asks_and_what_arrives_is_what_prometheus_stores()
    {
        await using var target = await HttpPeer.StartAsync();
        await using var backend = await HttpPeer.StartAsync();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        (target.Exposition, target.ExpositionType) = (Exposition.Replace("1700000000", now, StringComparison.Ordinal), "application/openmetrics-text; version=1.0.0; charset=utf-8");
        await using var prometheus = await PrometheusProcess.StartAsync(_place, target.Address);
        await Wait.UntilAsync("Prometheus to scrape", async () => (await prometheus.QueryAsync("up == 1")).Count == 1);
        var accept = target.Accept;
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Scrape(target.Address, backend.Address));
        await Wait.UntilAsync("the scrape", () => Task.FromResult(backend.Decoded.Any(p => p is { Metric: "up", Value: 1 })));

        target.Accept.ShouldBe(accept);
        foreach (var (name, metric) in new[] { ("orders_total", "orders_total"), ("build_info", "build_info"), ("free_bytes", "free_bytes"), ("latency_seconds_count", "latency_seconds") })
        {
            var stored = (await prometheus.QueryAsync(name)).ShouldHaveSingleItem();
            backend.Decoded.First(p => p.Metric == metric).Value.ShouldBe(double.Parse(stored.Value, CultureInfo.InvariantCulture), name);
        }

        (await prometheus.QueryAsync("state")).Select(s => (s.Labels["state"], double.Parse(s.Value, CultureInfo.InvariantCulture)))
            .ShouldBe(backend.Decoded.Where(p => p.Metric == "state").Take(2).Select(p => (p.Labels["state"], p.Value)), ignoreOrder: true);
        var exemplar = (await prometheus.ExemplarsAsync("orders_total")).ShouldHaveSingleItem();
        (exemplar.Value, exemplar.Labels["basket"]).ShouldBe((1, "b7"));
        var scraped = (await prometheus.QueryAsync("scrape_samples_scraped")).ShouldHaveSingleItem().Value;
        backend.Decoded.First(p => p.Metric == "scrape_samples_scraped").Value.ShouldBe(double.Parse(scraped, CultureInfo.InvariantCulture));
    }

    private static async Task<string> JsonAsync(string keys, string exposition)
    {
        var job = ScrapeJobs.Job(keys);
        var target = ScrapeJobs.Target(job);
        return await ScrapeJobs.JsonAsync(job, target, new SeriesCache(job, target), exposition, ExpositionFormat.OpenMetrics);
    }
}
