using System.Globalization;
using System.Text.Json;
using CsCheck;
using Phoenix.Collector.Parity;
using Phoenix.Contracts;

namespace Phoenix.Collector.Tests;

public sealed class ParityTests : IDisposable
{
    private const int Scrapes = 24;
    private const int Interval = 15;

    private static readonly Gen<List<LabelledValue>> Series =
        from values in Gen.Select(Gen.Int[0, 5], Gen.Int[0, 3], Gen.Int[1, 1000]).List[1, 30]
        select values.DistinctBy(v => (v.Item1, v.Item2))
            .Select(v => Of(v.Item3, ("customer", $"c{v.Item1}"), ("route", $"r{v.Item2}"))).ToList();

    private readonly Workspace _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void what_a_fold_takes_away_is_no_difference() => Gen.Select(Series, Gen.Int[0, 5]).Sample((before, kept) =>
    {
        // The ranking keeps customers below a number, the fold has taken the route from half of them.
        var after = before.Select(v => Of(
            v.Value, ("customer", string.CompareOrdinal(v["customer"], $"c{kept}") < 0 ? v["customer"] : "__other__"),
            ("route", string.CompareOrdinal(v["customer"], "c3") < 0 ? v["route"] : ""))).ToList();

        var parity = ParityGroups.Compare("m", ["customer", "route"], before, after, before.Count, after.Count, 0);

        parity.ErrorPct.ShouldBe(0);
        parity.WorstGroup.ShouldBeNull();
    });

    [Fact]
    public void what_a_group_lacks_is_its_share_of_all() => Gen.Select(Series, Gen.Int[0, 29], Gen.Double[0, 1]).Sample((before, at, lost) =>
    {
        at %= before.Count;
        var after = before.Select((v, i) => i == at ? v with { Value = v.Value * (1 - lost) } : v).ToList();

        var parity = ParityGroups.Compare("m", ["customer", "route"], before, after, before.Count, after.Count, 0);

        parity.By.ShouldBe(["customer", "route"]);
        parity.ErrorPct.ShouldBe(100 * before[at].Value * lost / before.Sum(v => v.Value), 1e-9);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task a_ranking_answers_as_its_input_does(bool scraped)
    {
        await using var arms = await Arms.StartAsync(_place, Yaml.TopK.Replace("500ms", "100ms", StringComparison.Ordinal), scraped);
        var prometheus = arms.Prometheus;
        var end = await arms.FeedAsync();

        var (code, output, error) = await CompareAsync(prometheus, end, "0.1");

        code.ShouldBe(0, output + error);
        var report = JsonSerializer.Deserialize(output, WireJson.Default.ParityReport)!;
        report.Equal.ShouldBeTrue();
        var requests = report.Metrics.ShouldHaveSingleItem();
        requests.Metric.ShouldBe("shop_requests_total");
        requests.Before.ShouldBeGreaterThan(0);
        (requests.SeriesBefore, requests.SeriesAfter).ShouldBe((6, 4));
        requests.By.ShouldNotContain("customer");
        requests.By.ShouldContain("job");
        report.Missing.ShouldBeEmpty();
    }

    [Fact]
    public async Task what_was_dropped_is_missed()
    {
        await using var arms = await Arms.StartAsync(_place, Yaml.Drop, scraped: false);
        var prometheus = arms.Prometheus;
        var end = await arms.FeedAsync();

        var (code, output, _) = await CompareAsync(prometheus, end, "0.1");

        code.ShouldBe(6);
        var report = JsonSerializer.Deserialize(output, WireJson.Default.ParityReport)!;
        report.Equal.ShouldBeFalse();
        var requests = report.Metrics.ShouldHaveSingleItem();
        // The first of six customers, who has 1 of 1 + 2 + ... + 6 requests.
        requests.ErrorPct.ShouldBe(100.0 / 21, 0.001);
        requests.WorstGroup.ShouldNotBeNull().ShouldContain("customer=\"c0\"");
    }

    [Fact]
    public async Task a_server_that_is_not_there_is_named_with_the_remedy()
    {
        var (code, output, error) = await CollectorProcess.RunToEndAsync("parity", "--before", "http://127.0.0.1:1", "--after", "http://127.0.0.1:1");

        code.ShouldBe(5);
        output.ShouldBeEmpty();
        error.ShouldContain("http://127.0.0.1:1/ cannot be asked");
        error.ShouldContain("base URL of a Prometheus-compatible server");
    }

    [Fact]
    public void a_header_that_cannot_be_sent_is_refused_without_repeating_it()
    {
        ParityCommand.Authorization("Bearer abc")!.Parameter.ShouldBe("abc");
        ParityCommand.Authorization("").ShouldBeNull();

        var message = Should.Throw<ArgumentException>(() => ParityCommand.Authorization("user:secret")).Message;
        message.ShouldContain("PHOENIX_PARITY_AUTHORIZATION");
        message.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("--before", "localhost:9090", "--before localhost:9090: write a URL")]
    [InlineData("--at", "yesterday", "--at yesterday: write a time")]
    [InlineData("--tolerance", "-1", "--tolerance -1: write per cent")]
    [InlineData("--range", "5", "--range 5: write a time from 1s")]
    public void a_wrong_argument_is_named(string name, string value, string message)
    {
        var arguments = new Dictionary<string, string> { ["--before"] = "http://a", ["--after"] = "http://b", [name] = value };

        Should.Throw<ArgumentException>(() => CommandLine.ParseParity([.. arguments.SelectMany(a => new[] { a.Key, a.Value })], DateTimeOffset.UnixEpoch))
            .Message.ShouldStartWith(message);
    }

    private static LabelledValue Of(double value, params (string Name, string Value)[] labels) => new(labels.ToDictionary(l => l.Name, l => l.Value), value);

    private static Task<(int ExitCode, string Output, string Error)> CompareAsync(PrometheusProcess prometheus, DateTimeOffset at, string tolerance) =>
        CollectorProcess.RunToEndAsync(
            "parity", "--before", prometheus.Address.ToString(), "--before-match", "arm=\"before\"", "--after", prometheus.Address.ToString(), "--after-match", "arm=\"after\"",
            "--range", "3m", "--at", at.ToString("O", CultureInfo.InvariantCulture), "--metrics", "shop_*", "--tolerance", tolerance, "--format", "json");

    /// <summary>A collector without processors and one with, whose output a Prometheus stores.</summary>
    private sealed class Arms(Workspace place, CollectorProcess before, CollectorProcess after, PrometheusProcess prometheus) : IAsyncDisposable
    {
        public PrometheusProcess Prometheus => prometheus;

        /// <param name="scraped">Scraped with the points' own times, else written remotely.</param>
        public static async Task<Arms> StartAsync(Workspace place, string processors, bool scraped)
        {
            var other = new Workspace();
            if (!scraped)
            {
                var written = await PrometheusProcess.StartAsync(place);
                string Write(string arm) => $"  prometheusremotewrite: {{endpoint: '{written.RemoteWrite}', external_labels: {{arm: {arm}}}}}";
                return new(
                    other, CollectorProcess.Start(other, "production", Yaml.Into(Write("before"), "prometheusremotewrite")),
                    CollectorProcess.Start(place, "production", Yaml.Into(Write("after"), "prometheusremotewrite", processors: processors)), written);
            }

            string Serve(string arm) => $"  prometheus: {{endpoint: '127.0.0.1:0', send_timestamps: true, metric_expiration: 1h, const_labels: {{arm: {arm}}}}}";
            var before = CollectorProcess.Start(other, "production", Yaml.Into(Serve("before"), "prometheus"));
            var after = CollectorProcess.Start(place, "production", Yaml.Into(Serve("after"), "prometheus", processors: processors));
            return new(
                other, before, after,
                await PrometheusProcess.StartAsync(place, await before.ServingAsync("exporters.prometheus"), await after.ServingAsync("exporters.prometheus")));
        }

        /// <summary>Six customers, whose counters rise evenly.</summary>
        /// <returns>The time of the last points.</returns>
        public async Task<DateTimeOffset> FeedAsync()
        {
            var (otlpBefore, otlpAfter) = (await before.OtlpAsync(), await after.OtlpAsync());
            var start = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - Scrapes * Interval);
            var at = start;
            for (var i = 0; i < Scrapes; i++)
            {
                at = start.AddSeconds(i * Interval);
                var batch = Batches.Requests(6, i * 100, unixNanos: Clock.Nanos(at));
                await Batches.SendAsync(otlpBefore, batch);
                await Batches.SendAsync(otlpAfter, batch);
                var seconds = at.ToUnixTimeSeconds();
                await Wait.UntilAsync($"scrape {i} to be stored of both", async () =>
                    (await prometheus.QueryAsync($"count by (arm) (timestamp(shop_requests_total @ {seconds}) == {seconds})")).Count == 2);
            }

            return at;
        }

        public async ValueTask DisposeAsync()
        {
            await prometheus.DisposeAsync();
            await before.DisposeAsync();
            await after.DisposeAsync();
            place.Dispose();
        }
    }
}
