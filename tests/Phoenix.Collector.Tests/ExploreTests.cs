using System.Text;
using System.Text.Json;
using Phoenix.Collector.Explore;
using Phoenix.Collector.Preview;
using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>What the series of recent input are made of, and what goes through an arm now.</summary>
public class ExploreTests
{
    private const long Second = 1_000_000_000;
    private const long Start = 1_800_000_000 * Second;

    [Fact]
    public void a_sample_is_counted_with_rates_over_its_time()
    {
        var report = ExploreRun.Count("made", 3, Scrapes(7, customers: 10), null, ExploreBounds.Default);

        report.Sample.ShouldBe(new ExplorationSample("made", Clock.Time(Start), Clock.Time(Start + 60 * Second), 60, 7, Whole: true, 3));
        (report.Series, report.Samples).ShouldBe((11, 6 * 11), "what came in the first moment was before the time that rates are over");
        report.Metrics.Select(m => (m.Name, m.Type, m.Series, m.Samples)).ShouldBe([("requests", "sum", 10, 60), ("kept", "gauge", 1, 6)]);
        var label = report.Metrics[0].Labels[0];
        (label.Name, label.OfResource, label.Values, label.ValuesAtLeast, label.Series, label.OtherSeries).ShouldBe(("customer", false, 10, false, 10, 0));
        label.Top.Select(v => v.Value).ShouldContain("customer-3");
    }

    [Fact]
    public void a_report_fits_whatever_the_values_are()
    {
        var bounds = ExploreBounds.Default with { ReportBytes = 20_000 };
        var report = ExploreRun.Count("made", 0, Scrapes(2, customers: 3_000, padding: 150), "requests", bounds);

        JsonSerializer.SerializeToUtf8Bytes(report, WireJson.Default.ExplorationReport).Length.ShouldBeLessThanOrEqualTo(20_000);
        var label = report.Metrics.ShouldHaveSingleItem().Labels[0];
        label.Values.ShouldBe(3_000);
        label.Top.Count.ShouldBeInRange(20, 120);
        (label.Top.Sum(v => v.Series) + label.OtherSeries).ShouldBe(3_000);

        ExploreRun.Count("made", 0, Scrapes(2, customers: 3_000), "requests", ExploreBounds.Default).Metrics[0].Labels[0].Top.Count.ShouldBe(ExplorationReport.MaxValuesInDepth);
    }

    [Fact]
    public void what_cannot_be_counted_says_what_to_do()
    {
        Should.Throw<InvalidDataException>(() => ExploreRun.Count("live", 0, [], null, ExploreBounds.Default)).Message.ShouldContain("wait until");
        Should.Throw<InvalidDataException>(() => ExploreRun.Count("live", 0, Scrapes(1, 1), "requests_total", ExploreBounds.Default)).Message.ShouldContain("`requests_total`");
        ExploreRun.Count("live", 0, Scrapes(30, 1), null, ExploreBounds.Default with { SampleBytes = 2_000 }).Sample.Whole.ShouldBeFalse();
    }

    [Fact]
    public async Task a_running_collector_gives_its_recent_input_and_tells_what_goes_through()
    {
        using var place = new Workspace();
        await using var collector = CollectorProcess.Start(place, "production", Yaml.Otlp());
        var otlp = await collector.OtlpAsync();
        var (code, _, error) = await CollectorProcess.RunToEndAsync("explore", "--live", place.Socket("production"));
        code.ShouldBe(5);
        error.ShouldContain("service.telemetry.phoenix.sample");

        File.WriteAllText(place.Configuration("production"), Yaml.Otlp(extra: ", sample: {max_bytes: 1048576}"));
        ((int)(await collector.ReloadAsync()).StatusCode).ShouldBe(204);
        otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(20, 1));
        await Batches.SendAsync(otlp, Batches.Requests(20, 2));

        var report = await Wait.ForAsync("both batches in the sample", async () =>
        {
            var (exit, json, _) = await CollectorProcess.RunToEndAsync("explore", "--live", place.Socket("production"), "--metric", "shop.requests", "--format", "json");
            return exit == 0 && JsonSerializer.Deserialize(json, WireJson.Default.ExplorationReport) is { Sample.Batches: 2 } found ? found : null;
        });
        report.Metrics.ShouldHaveSingleItem().Name.ShouldBe("shop.requests");
        report.Series.ShouldBe(20);

        var (textExit, text, _) = await CollectorProcess.RunToEndAsync("explore", "--live", place.Socket("production"));
        textExit.ShouldBe(0);
        text.ShouldContain("shop.requests (sum)");

        (code, _, error) = await CollectorProcess.RunToEndAsync("explore", "--format", "json");
        code.ShouldBe(2);
        error.ShouldContain("--live");
    }

    [Fact]
    public async Task the_flow_is_told_at_once_and_then_by_whole_windows()
    {
        using var place = new Workspace();
        // A window that does not end during the test: what is told at first is the open one.
        await using var collector = CollectorProcess.Start(place, "production", Yaml.Otlp(Yaml.TopK).Replace("window: 1s", "window: 1h", StringComparison.Ordinal));
        var otlp = await collector.OtlpAsync();
        await Batches.SendAsync(otlp, Batches.Requests(20, 1));

        var open = await Wait.ForAsync("the metric in the open window", async () =>
        {
            var flow = await collector.FlowAsync();
            return flow.Metrics.Keys.Contains("shop.requests") ? flow : null;
        });
        open.Total.SeriesIn.ShouldBeGreaterThanOrEqualTo(20);
        open.Metrics.SeriesIn[open.Metrics.Keys.ToList().IndexOf("shop.requests")].ShouldBe(20);
        open.Seconds.ShouldBeGreaterThan(0);

        await collector.MeasureAsync(new MeasurementSettings(Guid.NewGuid(), 0.5, []));
        var round = 2;
        var whole = await Wait.ForAsync("a whole window with what leaves", async () =>
        {
            await Batches.SendAsync(otlp, Batches.Requests(20, round++));
            var flow = await collector.FlowAsync();
            return flow.EndedAt > open.EndedAt && flow.Total is { SeriesIn: >= 20, SeriesOut: > 0 } ? flow : null;
        });
        whole.Total.SeriesOut.ShouldBeLessThan(whole.Total.SeriesIn);
        whole.Services.SeriesIn.Sum().ShouldBe(whole.Total.SeriesIn);
    }

    /// <summary>One scrape every 10 s.</summary>
    private static IEnumerable<SampleBatch> Scrapes(int count, int customers, int padding = 0) =>
        Enumerable.Range(0, count).Select(i => new SampleBatch(Start + i * 10 * Second, Scrape(i, customers, padding)));

    private static byte[] Scrape(int number, int customers, int padding)
    {
        var text = new StringBuilder("# TYPE requests counter\n");
        for (var customer = 0; customer < customers; customer++)
        {
            text.Append($"requests{{customer=\"customer-{customer}{new string('x', padding)}\"}} {number * (customer + 1)}\n");
        }

        text.Append("# TYPE kept gauge\nkept 1\n");
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "shop");
        PrometheusText.Parse(Encoding.UTF8.GetBytes(text.ToString()), (ulong)(Start + number * 10 * Second), writer).Malformed.ShouldBe(0);
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }
}
