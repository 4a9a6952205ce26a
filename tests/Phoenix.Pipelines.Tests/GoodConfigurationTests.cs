using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Tests;

public class GoodConfigurationTests
{
    private static readonly Dictionary<string, string> Environment = new() { ["BACKEND"] = "http://backend:4318/", ["TOKEN"] = "s3cret" };

    private static string Yaml => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "good.yaml"));

    private static CollectorConfiguration Good(string yaml)
    {
        var loaded = CollectorConfiguration.Load(yaml, Environment.GetValueOrDefault);
        loaded.Errors.ShouldBeEmpty();
        return loaded.Configuration.ShouldNotBeNull();
    }

    [Fact]
    public void every_key_of_a_full_configuration_arrives_typed()
    {
        var configuration = Good(Yaml);

        configuration.Pipeline.Name.ShouldBe("metrics/main");
        var scrape = configuration.Receivers[0].ShouldBeOfType<PrometheusReceiverSettings>();
        scrape.Id.ShouldBe("prometheus/shop");
        scrape.Jobs[0].Interval.ShouldBe(TimeSpan.FromSeconds(5));
        scrape.Jobs[0].Timeout.ShouldBe(TimeSpan.FromSeconds(5), "a scrape never outlasts its interval");
        scrape.Jobs[0].Static.SelectMany(g => g.Targets).ShouldBe(["localhost:9100", "[::1]:9200"]);
        scrape.Jobs[0].Static[0].Labels["team"].ShouldBe("checkout");
        scrape.Jobs[1].Interval.ShouldBe(TimeSpan.FromSeconds(15));
        scrape.Jobs[1].MetricsPath.ShouldBe("/federate");

        var host = configuration.Receivers[1].ShouldBeOfType<HostMetricsReceiverSettings>();
        host.Scrapers.ShouldBe([HostScraper.Cpu, HostScraper.Memory, HostScraper.Process], ignoreOrder: true);
        host.Options.Processes.Selects("kworker/0:1").ShouldBeFalse();
        host.Options.Processes.Selects("postgres").ShouldBeTrue();
        configuration.Receivers[2].ShouldBeOfType<OtlpReceiverSettings>().Http.ShouldNotBeNull().Endpoint.ToString().ShouldBe("127.0.0.1:4318");

        var topK = configuration.Processors[0].ShouldBeOfType<TopKProcessorSettings>();
        (topK.K, topK.By, topK.Enter, topK.Leave).ShouldBe((5, TopKBy.Rate, 0.5, 1.5));
        topK.Window.ShouldBe(TimeSpan.FromSeconds(90));
        topK.Gauges["shop.queue"].ShouldBe(GaugeFold.Max);
        topK.Protected.ShouldBe(["shop.revenue"]);
        configuration.Processors[1].ShouldBeOfType<FilterProcessorSettings>().PointConditions.ShouldBe(["attributes[\"status\"] == \"200\""]);

        var exporter = configuration.Exporters[0].ShouldBeOfType<OtlpHttpExporterSettings>();
        exporter.MetricsUrl.ShouldBe(new Uri("http://backend:4318/v1/metrics"));
        exporter.Headers["authorization"].ShouldBe("Bearer s3cret");
        exporter.Headers["x-price"].ShouldBe("$5");
        exporter.Timeout.ShouldBe(TimeSpan.FromSeconds(2), "an own key wins over a merged one");
        exporter.Compression.ShouldBe(Compression.Gzip);
        exporter.Queue.Batches.ShouldBe(7);
        exporter.Queue.Overflow.ShouldBe(Overflow.Isolate);
        exporter.Retry.MaxElapsed.ShouldBe(TimeSpan.FromSeconds(10));

        configuration.ShortestInputInterval.ShouldBe(TimeSpan.FromSeconds(5));
        configuration.LongestInputInterval.ShouldBe(TimeSpan.FromSeconds(15));
        configuration.Telemetry.ShouldBe(new(LogLevel.Warn, false, TimeSpan.FromSeconds(5), 1000, 256, 64L << 20));
    }

    [Fact]
    public void rules_of_an_aggregation_arrive_typed_and_reducers_may_follow_each_other()
    {
        var configuration = Good("""
            receivers: {hostmetrics: {scrapers: {cpu: {}}}}
            processors:
              phoenix_aggregate:
                rules:
                - {metrics: ["http.*"], regex: ['rpc\..+'], types: [sum, histogram], where: ['attributes["route"] == "/"'], drop: [customer]}
                - {metrics: ["*"], keep: [route]}
                first_sample: start_time
                staleness: 10m
              phoenix_topk: {metrics: ["http.*"], labels: [route], k: 3}
            exporters: {nop: {}}
            service: {pipelines: {metrics: {receivers: [hostmetrics], processors: [phoenix_aggregate, phoenix_topk], exporters: [nop]}}}
            """);

        var aggregate = configuration.Processors[0].ShouldBeOfType<AggregateProcessorSettings>();
        (aggregate.FirstSample, aggregate.Memory, aggregate.Gateway).ShouldBe((FirstSample.StartTime, TimeSpan.FromMinutes(10), false));
        var (first, second) = (aggregate.Rules[0], aggregate.Rules[1]);
        first.Types.ShouldBe([MetricType.Sum, MetricType.Histogram]);
        (first.Metrics[0], first.Expressions[0], first.Where.Count, first.Drop[0], first.Keep).ShouldBe(("http.*", @"rpc\..+", 1, "customer", null));
        second.Keep.ShouldBe(["route"]);
        aggregate.ToOptions().Rules[0].Metrics.Matches("rpc.calls"u8).ShouldBeTrue();
    }

    [Fact]
    public void a_component_that_no_pipeline_uses_is_a_warning_with_its_line()
    {
        var warning = CollectorConfiguration.Load(Yaml, Environment.GetValueOrDefault).Warnings.ShouldHaveSingleItem();

        warning.Key.ShouldBe("exporters.nop");
        warning.Line.ShouldBe(Array.FindIndex(Yaml.Split('\n'), l => l.StartsWith("  nop:", StringComparison.Ordinal)) + 1);
    }

    [Fact]
    public void without_an_environment_unresolved_values_are_accepted()
    {
        var loaded = CollectorConfiguration.Load(Yaml, environment: null);

        loaded.Errors.ShouldBeEmpty();
        loaded.Configuration.ShouldNotBeNull();
    }

    [Fact]
    public void the_source_section_ignores_layout_and_processors_and_sees_every_value()
    {
        var original = Good(Yaml);

        Good(Yaml.Replace("    collection_interval: 5s\n", "    # a comment\n    \"collection_interval\":   5s\n", StringComparison.Ordinal))
            .SourceHash.ShouldBe(original.SourceHash);
        Good(Yaml.Replace("k: 5", "k: 50", StringComparison.Ordinal)).SourceHash.ShouldBe(original.SourceHash);
        Good(Yaml.Replace("collection_interval: 5s", "collection_interval: 6s", StringComparison.Ordinal)).SourceHash.ShouldNotBe(original.SourceHash);
        Good(Yaml.Replace("[prometheus/shop, hostmetrics, otlp]", "[prometheus/shop, hostmetrics]", StringComparison.Ordinal)).SourceHash.ShouldNotBe(original.SourceHash);
        Good(Yaml.Replace("[otlphttp, debug]", "[otlphttp]", StringComparison.Ordinal)).SinkSection.ShouldNotBe(original.SinkSection);
    }

    [Fact]
    public void the_source_section_holds_the_reference_and_not_the_value_of_a_variable() =>
        Good(Yaml).SinkSection.ShouldNotContain("s3cret");

    [Theory]
    [InlineData("1.5s", 1500)]
    [InlineData("250ms", 250)]
    [InlineData("1m30s", 90_000)]
    [InlineData("2h", 7_200_000)]
    public void durations_are_read_as_go_writes_them(string text, double milliseconds)
    {
        Duration.TryParse(text, out var duration).ShouldBeTrue();
        duration.TotalMilliseconds.ShouldBe(milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("-1s")]
    [InlineData("1.2.3s")]
    [InlineData("9e9h")]
    public void other_texts_are_no_durations(string text) => Duration.TryParse(text, out _).ShouldBeFalse();
}
