using Phoenix.Pipelines.Yaml;
using static Phoenix.Pipelines.Yaml.YamlEdit;

namespace Phoenix.Pipelines.Stock;

/// <summary>Renders a definition for the stock collector and for Phoenix. Pure; order and variables stay as written.</summary>
internal static class StockRendering
{
    private const string Name = StockDefinition.ReservedName;

    // Points, not requests: a request of a batching pipeline may hold thousands, and the queue is memory of production.
    private const string QueuedPoints = "100000";

    public static StockPipeline? Render(StockDefinition definition, List<ConfigurationIssue> errors)
    {
        var alone = Alone(definition.Root);
        if (definition.Pipeline is not { } pipeline)
        {
            return new StockPipeline(YamlText.Write(alone), null);
        }

        var reduced = YamlText.Write(Phoenix(definition.Root, pipeline, pipeline.Reducers));
        CheckReduced(reduced, definition, pipeline, errors);
        return new StockPipeline(YamlText.Write(alone), new StockLink(
            YamlText.Write(Beside(alone, pipeline)), YamlText.Write(Chained(alone, pipeline)),
            YamlText.Write(Phoenix(definition.Root, pipeline, [])), reduced));
    }

    /// <summary>What no stock collector knows is taken out; a reader of its own metrics is added.</summary>
    private static YamlNode Alone(YamlNode root)
    {
        var stock = FullDetail.WithoutReducers(root);
        var service = stock.At("service")!;
        var telemetry = (service.At("telemetry") ?? Mapping()).Without(key => key == "phoenix");
        return stock.With("service", service.With("telemetry", telemetry.With("metrics", OwnMetrics(telemetry.At("metrics")))));
    }

    private static YamlNode OwnMetrics(YamlNode? metrics)
    {
        var ours = PullReader("127.0.0.1", $"${{env:{StockPipeline.MetricsPortVariable}}}");
        if (metrics is not { IsNull: false })
        {
            return Mapping(("readers", Sequence(ByDefault(), ours)));
        }

        // Who switched the metrics off has readers that serve nobody; they stay so.
        if (metrics.At("level")?.Raw == "none")
        {
            return metrics.With("level", Plain("basic")).With("readers", Sequence(ours));
        }

        return metrics.With("readers", Sequence([.. metrics.At("readers")?.Items ?? [ByDefault()], ours]));
    }

    /// <summary>Naming readers replaces the collector's default one, which others may scrape: so it is named too.</summary>
    private static YamlNode ByDefault() => PullReader("localhost", "8888");

    private static YamlNode PullReader(string host, string port) => Mapping(("pull", Mapping(("exporter", Mapping(("prometheus", Mapping(
        ("host", Plain(host)), ("port", Plain(port)),
        // The names of the default reader, whatever the version's own defaults for a named one are.
        ("without_scope_info", Plain("true")), ("without_type_suffix", Plain("true")), ("without_units", Plain("true")))))))));

    /// <summary>
    /// A full queue is an error to whoever fills it, and a pipeline hands an exporter's error back to the sender, who would
    /// send again what production has already exported. So the copy takes a pipeline of its own behind a batch processor,
    /// which hands nothing back.
    /// </summary>
    private static YamlNode Beside(YamlNode alone, StockReduction pipeline)
    {
        var exporter = Exporter(
            ("timeout", Plain("2s")),
            ("retry_on_failure", Mapping(("enabled", Plain("false")))),
            ("sending_queue", Queue(blocks: false)));
        var pipelines = alone.At("service", "pipelines")!;
        var production = pipelines.At(pipeline.Name)!;
        pipelines = pipelines
            .With(pipeline.Name, production.With("exporters", Sequence([.. production.At("exporters")!.Items!, Plain($"forward/{Name}")])))
            .With($"metrics/{Name}", Mapping(
                ("receivers", Sequence(Plain($"forward/{Name}"))),
                ("processors", Sequence(Plain($"batch/{Name}"))),
                ("exporters", Sequence(Plain(StockPipeline.LinkExporter)))));
        return Define(Define(Define(WithPipelines(alone, pipelines),
            "connectors", $"forward/{Name}", Mapping()),
            // Without a timeout it passes everything on at once.
            "processors", $"batch/{Name}", Mapping(("timeout", Plain("0s")))),
            "exporters", StockPipeline.LinkExporter, exporter);
    }

    /// <summary>Phoenix's answers go back to the pipeline: it waits, and is told.</summary>
    private static YamlNode Chained(YamlNode alone, StockReduction pipeline)
    {
        var exporter = Exporter(
            ("timeout", Plain("30s")),
            ("retry_on_failure", Mapping(("enabled", Plain("true")), ("initial_interval", Plain("1s")), ("max_interval", Plain("5s")), ("max_elapsed_time", Plain("0s")))),
            ("sending_queue", Queue(blocks: true)));
        var pipelines = alone.At("service", "pipelines")!;
        pipelines = pipelines.With(pipeline.Name, pipelines.At(pipeline.Name)!.With("exporters", Sequence(Plain(StockPipeline.LinkExporter))));
        // What only this pipeline used moves to Phoenix with its secrets.
        var used = pipelines.Entries!.SelectMany(p => p.Value.At("exporters")?.Items ?? []).Select(id => id.Raw).ToHashSet();
        var exporters = alone.At("exporters")!.Without(id => pipeline.Exporters.Contains(id) && !used.Contains(id));
        return Define(WithPipelines(alone, pipelines).With("exporters", exporters), "exporters", StockPipeline.LinkExporter, exporter);
    }

    private static YamlNode Phoenix(YamlNode root, StockReduction pipeline, IReadOnlyList<string> reducers)
    {
        var link = Mapping(("protocols", Mapping(("grpc", Mapping(
            ("endpoint", Plain(LinkEndpoint)), ("max_recv_msg_size_mib", Plain("64")))))));
        var exporters = Mapping();
        foreach (var id in pipeline.Exporters)
        {
            exporters = exporters.With(StockComponents.OldId(id), root.At("exporters", id)!);
        }

        var phoenix = Mapping(("receivers", Mapping((StockPipeline.LinkExporter, link))));
        var metrics = Mapping(("receivers", Sequence(Plain(StockPipeline.LinkExporter))));
        if (reducers.Count > 0)
        {
            phoenix = phoenix.With("processors", root.At("processors")!.Without(id => !reducers.Contains(id)));
            metrics = metrics.With("processors", Sequence(reducers.Select(Plain)));
        }

        metrics = metrics.With("exporters", Sequence(pipeline.Exporters.Select(id => Plain(StockComponents.OldId(id)))));
        var service = Mapping(("pipelines", Mapping((pipeline.Name, metrics))));
        if (root.At("service", "telemetry")?.Find("phoenix") is { } measuring)
        {
            service = service.With("telemetry", Mapping(("phoenix", measuring.Value)));
        }

        return phoenix.With("exporters", exporters).With("service", service);
    }

    private static string LinkEndpoint => $"${{env:{StockPipeline.LinkVariable}}}";

    private static YamlNode Exporter(params ReadOnlySpan<(string Key, YamlNode Value)> delivery) => Mapping([
        ("endpoint", Plain(LinkEndpoint)),
        ("compression", Plain("none")),
        ("tls", Mapping(("insecure", Plain("true")))),
        .. delivery]);

    private static YamlNode Queue(bool blocks) => Mapping(
        ("enabled", Plain("true")),
        // More than one would overtake each other, and a cumulative point that comes late is ignored.
        ("num_consumers", Plain("1")),
        ("sizer", Plain("items")),
        ("queue_size", Plain(QueuedPoints)),
        ("block_on_overflow", Plain(blocks ? "true" : "false")));

    private static YamlNode Define(YamlNode root, string section, string id, YamlNode component) =>
        root.With(section, (root.At(section) ?? Mapping()).With(id, component));

    private static YamlNode WithPipelines(YamlNode root, YamlNode pipelines) =>
        root.With("service", root.At("service")!.With("pipelines", pipelines));

    /// <summary>What Phoenix would refuse is refused here, at its place in the definition.</summary>
    private static void CheckReduced(string reduced, StockDefinition definition, StockReduction pipeline, List<ConfigurationIssue> errors)
    {
        foreach (var error in CollectorConfiguration.Load(reduced, environment: null).Errors)
        {
            var key = error.Key;
            foreach (var id in pipeline.Exporters.Where(id => key == $"exporters.{StockComponents.OldId(id)}" || key.StartsWith($"exporters.{StockComponents.OldId(id)}.", StringComparison.Ordinal)))
            {
                key = $"exporters.{id}{key[$"exporters.{StockComponents.OldId(id)}".Length..]}";
                break;
            }

            errors.Add(error with { Line = definition.LineOf(key), Key = key });
        }
    }
}
