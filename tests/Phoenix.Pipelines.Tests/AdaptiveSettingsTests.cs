using System.Text;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Tests;

public class AdaptiveSettingsTests
{
    [Fact]
    public void every_key_arrives_typed()
    {
        var loaded = Load("""
                target_reduction: 0.7
                mode: conservative
                max_changes_per_hour: 4
                metrics: ["http.*", process.cpu.time]
                labels: [customer, process.pid]
                regex: ["rpc\\.(client|server)\\..+"]
                types: [sum, histogram]
                where: ['attributes["tier"] != "gold"']
                protected: [http.errors]
                protected_regex: ["billing_.*"]
                first_sample: start_time
                keep_labels: {"http.*": [customer], "*": [route]}
                gauges: {"queue.*": max}
                interval: 5m
                export_interval: 15s
                staleness: 10m
                max_streams: 5000
                anomalies: {deviations: 4, hold: 30m, max_shown: 7, max_watched: 100}
            """);
        loaded.Errors.ShouldBeEmpty();
        var settings = loaded.Configuration!.Processors[0].ShouldBeOfType<AdaptiveProcessorSettings>();
        var options = settings.Options;
        (settings.Id, settings.ExportInterval).ShouldBe(("phoenix_adaptive/hosts", TimeSpan.FromSeconds(15)));
        options.Goal.ShouldBe(new AdaptiveGoal { TargetReduction = 0.7, Mode = AdaptiveMode.Conservative, MaxChangesPerHour = 4 });
        (options.Metrics.Matches("http.requests"u8), options.Metrics.Matches("rpc.server.duration"u8), options.Metrics.Matches("queue.size"u8)).ShouldBe((true, true, false));
        (options.Protected.Matches("http.errors"u8), options.Protected.Matches("billing_total"u8), options.Protected.Matches("http.requests"u8)).ShouldBe((true, true, false));
        (options.Types.Count, options.Where.Single(), options.FirstSample).ShouldBe((2, "attributes[\"tier\"] != \"gold\"", FirstSample.StartTime));
        options.Labels.ShouldBe(["customer", "process.pid"]);
        options.KeepLabels.Select(k => string.Join(',', k.Labels)).ShouldBe(["customer", "route"]);
        options.Gauges.ShouldHaveSingleItem().Fold.ShouldBe(GaugeFold.Max);
        (options.Interval, options.StalenessSeconds, options.MaxStreams).ShouldBe((TimeSpan.FromMinutes(5), 600, 5000));
        options.Anomalies.ShouldBe(new AnomalyOptions { Deviations = 4, Hold = TimeSpan.FromMinutes(30), MaxShown = 7, MaxWatched = 100 });
    }

    [Fact]
    public void a_budget_alone_is_enough()
    {
        var options = Load("    series_budget: 5000\n").Configuration!.Processors[0].ShouldBeOfType<AdaptiveProcessorSettings>().Options;
        options.Goal.ShouldBe(new AdaptiveGoal { SeriesBudget = 5000 });
        options.Labels.ShouldBeNull();
        options.Metrics.Matches(Encoding.UTF8.GetBytes("anything")).ShouldBeTrue();
    }

    [Theory]
    [InlineData("    mode: bold\n    series_budget: 5\n", 7, "mode", "`bold` is not one of conservative, balanced, aggressive")]
    [InlineData("    mode: balanced\n", 6, "target_reduction", "is missing")]
    [InlineData("    target_reduction: 0.5\n    series_budget: 5\n", 8, "series_budget", "stands beside target_reduction")]
    [InlineData("    target_reduction: 1.5\n", 7, "target_reduction", "out of range")]
    [InlineData("    series_budget: 5\n    labels: [service.name]\n", 8, "labels", "service.name tells hosts, services or buckets apart")]
    [InlineData("    series_budget: 5\n    labels: []\n", 8, "labels", "is empty")]
    [InlineData("    series_budget: 5\n    protected: [\"\"]\n", 8, "protected", "holds an empty text")]
    [InlineData("    series_budget: 5\n    anomalies: {deviation: 3}\n", 8, "anomalies.deviation", "is unknown")]
    [InlineData("    series_budget: 5\n    keep_labels: {\"\": [a]}\n", 8, "keep_labels.", "names no metric")]
    [InlineData("    series_budget: 5\n    regex: [\"(\"]\n", 8, "regex", "is no regular expression")]
    [InlineData("    series_budget: 5\n    types: [counter]\n", 8, "types", "`counter` is not one of")]
    [InlineData("    series_budget: 5\n    budget: 3\n", 8, "budget", "is unknown")]
    public void what_is_wrong_is_told_with_line_and_key(string keys, int line, string key, string message)
    {
        var error = Load(keys).Errors.ShouldHaveSingleItem();
        (error.Line, error.Key).ShouldBe((line, $"processors.phoenix_adaptive/hosts.{key}"));
        error.Message.ShouldContain(message);
        error.Remedy.ShouldNotBeEmpty();
    }

    private static LoadedConfiguration Load(string keys) => CollectorConfiguration.Load(
        $$"""
        receivers:
          otlp:
            protocols: {http: {endpoint: "127.0.0.1:4318"} }
        exporters: {nop: }
        processors:
          phoenix_adaptive/hosts:
        {{keys}}
        service:
          pipelines:
            metrics: {receivers: [otlp], processors: [phoenix_adaptive/hosts], exporters: [nop]}
        """,
        _ => null);
}
