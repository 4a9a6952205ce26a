using Phoenix.Pipelines.Stock;
using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Tests;

public class StockPipelineTests
{
    private const string Reader = "127.0.0.1 ${env:PHOENIX_STOCK_METRICS_PORT}";

    private static readonly string Definition = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "stock.yaml"));

    private static StockPipeline Rendered { get; } = Load(Definition);

    public static TheoryData<string> Forms => ["alone", "beside", "chained"];

    [Theory, MemberData(nameof(Forms))]
    public void other_signals_stay_as_they_are_and_in_their_order(string form)
    {
        var (before, after) = (Parse(Definition), Parse(Text(form)));

        foreach (var path in new[] { "receivers", "extensions", "service.extensions", "service.pipelines.logs", "service.pipelines.traces", "service.telemetry.logs", "processors.memory_limiter", "processors.attributes/build", "exporters.loki", "exporters.debug" })
        {
            YamlText.Write(after.At(path.Split('.')).ShouldNotBeNull(path)).ShouldBe(YamlText.Write(before.At(path.Split('.'))!), path);
        }

        Names(after, "service", "pipelines").Take(3).ShouldBe(["logs", "metrics/app", "traces"]);
    }

    [Theory, MemberData(nameof(Forms))]
    public void no_stock_collector_is_given_what_only_phoenix_knows(string form)
    {
        var text = Text(form);

        text.ShouldNotContain("phoenix_topk");
        Parse(text).At("service", "telemetry", "phoenix").ShouldBeNull();
    }

    [Theory, MemberData(nameof(Forms))]
    public void the_own_metrics_are_served_to_the_agent_and_still_where_they_were_by_default(string form) =>
        Readers(Text(form)).ShouldBe(["localhost 8888", Reader]);

    [Fact]
    public void alone_exports_what_it_did_before()
    {
        var pipeline = Parse(Rendered.Alone).At("service", "pipelines", "metrics/app")!;

        Items(pipeline, "processors").ShouldBe(["memory_limiter", "attributes/build", "batch"]);
        Items(pipeline, "exporters").ShouldBe(["otlp_http", "debug"]);
    }

    [Fact]
    public void beside_production_the_copy_can_neither_fail_nor_block_it()
    {
        var stock = Parse(Rendered.Link!.Beside);

        Items(stock.At("service", "pipelines", "metrics/app")!, "exporters").ShouldBe(["otlp_http", "debug", "forward/phoenix_link"]);
        var tee = stock.At("service", "pipelines", "metrics/phoenix_link")!;
        Items(tee, "receivers").ShouldBe(["forward/phoenix_link"]);
        Items(tee, "processors").ShouldBe(["batch/phoenix_link"]);
        Items(tee, "exporters").ShouldBe([StockPipeline.LinkExporter]);
        var exporter = stock.At("exporters", StockPipeline.LinkExporter)!;
        exporter.At("retry_on_failure", "enabled")!.Raw.ShouldBe("false");
        exporter.At("sending_queue", "block_on_overflow")!.Raw.ShouldBe("false");
        exporter.At("sending_queue", "num_consumers")!.Raw.ShouldBe("1");
        YamlText.Write(stock.At("exporters", "otlp_http")!).ShouldBe(YamlText.Write(Parse(Definition).At("exporters", "otlp_http")!));
    }

    [Fact]
    public void chained_the_pipeline_goes_to_phoenix_alone_and_its_backend_secrets_with_it()
    {
        var stock = Parse(Rendered.Link!.Chained);

        Items(stock.At("service", "pipelines", "metrics/app")!, "exporters").ShouldBe([StockPipeline.LinkExporter]);
        Names(stock, "exporters").ShouldBe(["loki", "debug", StockPipeline.LinkExporter], "debug is still used by other pipelines");
        Rendered.Link.Chained.ShouldNotContain("BACKEND_TOKEN");
        stock.At("exporters", StockPipeline.LinkExporter, "retry_on_failure", "max_elapsed_time")!.Raw.ShouldBe("0s");
    }

    [Fact]
    public void phoenix_starts_with_both_of_its_configurations_and_hears_the_same_link()
    {
        var (baseline, reduced) = (Started(Rendered.Link!.Baseline), Started(Rendered.Link.Reduced));

        baseline.Processors.ShouldBeEmpty();
        reduced.Processors.Select(p => p.Id).ShouldBe(["phoenix_topk"]);
        baseline.SourceHash.ShouldBe(reduced.SourceHash);
        baseline.SinkSection.ShouldBe(reduced.SinkSection);
        reduced.Exporters.Select(e => e.Id).ShouldBe(["otlphttp", "debug"]);
        reduced.Telemetry.Window.ShouldBe(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void a_definition_without_reducers_is_only_watched()
    {
        var plain = Load(Definition.Replace(", phoenix_topk]", "]"));

        plain.Link.ShouldBeNull();
        plain.Alone.ShouldBe(Rendered.Alone);
    }

    [Fact]
    public void rendering_again_what_was_rendered_changes_only_the_readers()
    {
        var again = Load(Rendered.Alone);

        Readers(again.Alone).ShouldBe(["localhost 8888", Reader, Reader]);
        YamlText.Write(Parse(again.Alone).Without(key => key == "service")).ShouldBe(YamlText.Write(Parse(Rendered.Alone).Without(key => key == "service")));
    }

    [Fact]
    public void own_readers_stay_and_switched_off_metrics_are_switched_on_for_the_agent_alone()
    {
        const string own = "metrics: {readers: [{pull: {exporter: {prometheus: {host: 0.0.0.0, port: 9999}}}}]}";

        Readers(Load(Definition.Replace("logs: {level: warn}", own)).Alone).ShouldBe(["0.0.0.0 9999", Reader]);
        var off = Load(Definition.Replace("logs: {level: warn}", own.Replace("{readers", "{level: none, readers"))).Alone;
        Readers(off).ShouldBe([Reader]);
        Parse(off).At("service", "telemetry", "metrics", "level")!.Raw.ShouldBe("basic");
    }

    [Fact]
    public void every_key_that_is_rendered_stands_in_the_table_with_its_type()
    {
        foreach (var form in new[] { Rendered.Link!.Beside, Rendered.Link.Chained })
        {
            var stock = Parse(form);
            Check("exporter", "otlp", "", stock.At("exporters", StockPipeline.LinkExporter)!);
            Check("service", "telemetry", "metrics.", stock.At("service", "telemetry", "metrics")!);
            Check("service", "telemetry", "metrics.readers.", stock.At("service", "telemetry", "metrics", "readers")!.Items![^1]);
        }

        var beside = Parse(Rendered.Link.Beside);
        Check("processor", "batch", "", beside.At("processors", "batch/phoenix_link")!);
        beside.At("connectors", "forward/phoenix_link").ShouldNotBeNull().Entries.ShouldBeEmpty();
        StockComponents.Find("connector", "forward", "-").ShouldNotBeNull();
        StockComponents.OldName("otlp_grpc").ShouldBe(StockPipeline.LinkExporter.Split('/')[0]);
    }

    [Fact]
    public void every_row_of_the_table_says_where_it_was_read()
    {
        StockComponents.All.Count.ShouldBeGreaterThan(100);
        foreach (var row in StockComponents.All)
        {
            row.Kind.ShouldBeOneOf("alias", "connector", "exporter", "metric", "processor", "service");
            row.Read.ShouldBeOneOf("core-0.159.0", "contrib-efaa86e");
            row.File.ShouldMatch(@"^[\w./-]+\.(go|yaml)$");
            if (row.Key.Contains('.'))
            {
                var above = StockComponents.Find(row.Kind, row.Type, row.Key[..row.Key.LastIndexOf('.')]).ShouldNotBeNull(row.ToString());
                above.Value.ShouldBeOneOf("map", "list");
            }
        }
    }

    public static TheoryData<string, string, string, int, string, string> Refusals => new()
    {
        // what, find, replacement, line, key, part of the message
        { "behind a reducer", "batch, phoenix_topk]", "phoenix_topk, batch]", 48, "service.pipelines.metrics/app.processors", "`batch` stands behind the reducer `phoenix_topk`" },
        { "not defined", "batch, phoenix_topk]", "batch, phoenix_topc]", 48, "service.pipelines.metrics/app.processors", "`phoenix_topc` is not defined" },
        { "two pipelines", "    traces:", "    metrics/b: {receivers: [otlp], processors: [phoenix_topk/unused], exporters: [debug]}\n    traces:", 50, "service.pipelines.metrics/b.processors", "reduces beside `metrics/app`" },
        { "logs", "processors: [memory_limiter]", "processors: [phoenix_topk]", 44, "service.pipelines.logs.processors", "no metrics pipeline" },
        { "foreign exporter", "exporters: [otlp_http, debug]", "exporters: [loki]", 31, "exporters.loki", "Phoenix cannot export as `loki`" },
        { "key of no collector", "compression: gzip", "compresion: gzip", 29, "exporters.otlp_http.compresion", "is no key of the stock collector" },
        { "nested key of no collector", "{queue_size: 500}", "{queue_bytes: 500}", 30, "exporters.otlp_http.sending_queue.queue_bytes", "is no key of the stock collector" },
        { "key that Phoenix does not have", "compression: gzip", "profiles_endpoint: x", 29, "exporters.otlp_http.profiles_endpoint", "is unknown" },
        { "reducer's key", "    k: 20", "    k: many", 22, "processors.phoenix_topk.k", "no whole number" },
        { "same exporter twice", "exporters: [otlp_http, debug]", "exporters: [otlp_http, otlphttp]", 49, "service.pipelines.metrics/app.exporters", "one name to Phoenix" },
        { "connector", "exporters: [otlp_http, debug]", "exporters: [spanmetrics]", 49, "service.pipelines.metrics/app.exporters", "not defined under exporters" },
        { "reserved", "  debug:\n", "  debug:\n  otlp/phoenix_link: {}\n", 34, "exporters.otlp/phoenix_link", "Phoenix's own" },
        { "address", "logs: {level: warn}", "metrics: {address: \"0.0.0.0:8888\"}", 39, "service.telemetry.metrics.address", "cannot stand beside" },
        { "readers as text", "logs: {level: warn}", "metrics: {readers: \"${env:READERS}\"}", 39, "service.telemetry.metrics.readers", "must be a list" },
        { "processors as text", "processors: [memory_limiter]", "processors: memory_limiter", 44, "service.pipelines.logs.processors", "list of component ids" },
        { "no pipelines", "  pipelines:", "  pipeline:", 2, "service.pipelines", "is missing" },
        { "broken", "receivers:", "receivers: [", 0, "(file)", "not valid YAML" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void what_cannot_be_rendered_is_refused_at_its_place(string what, string find, string replacement, int line, string key, string message)
    {
        var at = Definition.IndexOf(find, StringComparison.Ordinal);
        at.ShouldBeGreaterThan(-1, what);
        var loaded = StockPipeline.Load(Definition[..at] + replacement + Definition[(at + find.Length)..]);

        loaded.Pipeline.ShouldBeNull(what);
        var error = loaded.Errors.FirstOrDefault(e => e.Key == key && e.Message.Contains(message, StringComparison.Ordinal))
            .ShouldNotBeNull($"{what}: {string.Join(" | ", loaded.Errors)}");
        if (line > 0)
        {
            error.Line.ShouldBe(line, what);
        }

        error.Remedy.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("a: 5")]
    [InlineData("a: \"5\"")]
    [InlineData("a: 'true'")]
    [InlineData("a: ~")]
    [InlineData("a:")]
    [InlineData("\"1\": x\n2: y")]
    [InlineData("a: [x, {b: []}, [], '', \"\"]")]
    [InlineData("a: ${env:X:-http://h:1}")]
    [InlineData("a: |\n  two\n  lines\nb: >-\n  folded\n  text")]
    [InlineData("a: plain text\n  over lines\n\n  and more")]
    [InlineData("a: \"tab\\t quote \\\" back\\\\slash $$ # no comment: here\"")]
    [InlineData("? a long key\n: - x\n  - - y")]
    public void what_is_written_reads_as_what_was_read(string yaml)
    {
        var read = Parse(yaml);

        Flat(Parse(YamlText.Write(read))).ShouldBe(Flat(read));
    }

    private static StockPipeline Load(string yaml)
    {
        var loaded = StockPipeline.Load(yaml);
        loaded.Errors.ShouldBeEmpty();
        return loaded.Pipeline.ShouldNotBeNull();
    }

    private static string Text(string form) => form switch
    {
        "alone" => Rendered.Alone,
        "beside" => Rendered.Link!.Beside,
        _ => Rendered.Link!.Chained,
    };

    private static YamlNode Parse(string yaml)
    {
        var errors = new List<ConfigurationIssue>();
        var root = YamlReader.Read(yaml, EnvironmentExpansion.Verbatim, errors);
        errors.ShouldBeEmpty();
        return root.ShouldNotBeNull();
    }

    private static CollectorConfiguration Started(string yaml)
    {
        var loaded = CollectorConfiguration.Load(yaml, name => name switch
        {
            StockPipeline.LinkVariable => "127.0.0.1:24317",
            "BACKEND_URL" => "https://backend.example",
            "BACKEND_TOKEN" => "secret",
            _ => null,
        });
        loaded.Errors.ShouldBeEmpty();
        return loaded.Configuration.ShouldNotBeNull();
    }

    private static IEnumerable<string> Names(YamlNode root, params string[] path) => root.At(path)!.Entries!.Select(e => e.Key);

    private static IEnumerable<string?> Items(YamlNode node, string key) => node.At(key)!.Items!.Select(i => i.Raw);

    private static IEnumerable<string> Readers(string yaml) => Parse(yaml).At("service", "telemetry", "metrics", "readers")!.Items!
        .Select(r => r.At("pull", "exporter", "prometheus")!).Select(p => $"{p.At("host")!.Raw} {p.At("port")!.Raw}");

    private static void Check(string kind, string type, string above, YamlNode section)
    {
        foreach (var entry in section.Entries!)
        {
            var row = StockComponents.Find(kind, type, above + entry.Key).ShouldNotBeNull($"{kind} {type} {above}{entry.Key}");
            var value = entry.Value;
            var fits = row.Value switch
            {
                "map" => value.Entries is not null,
                "list" => value.Items is not null,
                "bool" => value.Raw is "true" or "false",
                "int" => long.TryParse(value.Raw, out _) || value.Raw == $"${{env:{StockPipeline.MetricsPortVariable}}}",
                "duration" => Duration.TryParse(value.Raw!, out _),
                "string" => value.Raw is not null,
                _ => false,
            };
            fits.ShouldBeTrue($"{row} holds {value.Raw}");
            if (row.Value == "map")
            {
                Check(kind, type, $"{above}{entry.Key}.", value);
            }
        }
    }

    private static string Flat(YamlNode node) =>
        node.Entries is { } entries ? "{" + string.Join(",", entries.Select(e => $"{e.PlainKey}:{e.Key}={Flat(e.Value)}")) + "}"
        : node.Items is { } items ? "[" + string.Join(",", items.Select(Flat)) + "]"
        : node.IsNull ? "null"
        : $"{node.Plain && !node.Raw!.Contains('\n')}:{node.Raw}";
}
