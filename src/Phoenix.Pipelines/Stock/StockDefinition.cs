using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Stock;

/// <summary>
/// A stock collector's configuration in which one metrics pipeline may end with Phoenix's reducers. Everything else in it is
/// the stock collector's own affair and is passed on as written.
/// </summary>
/// <param name="Root">As written, variables not expanded.</param>
/// <param name="Pipeline">The metrics pipeline with reducers; null where there is none.</param>
internal sealed record StockDefinition(YamlNode Root, StockReduction? Pipeline)
{
    /// <summary>Prefix of the processors that no stock collector has.</summary>
    public const string ReducerPrefix = "phoenix_";

    /// <summary>Suffix of ids that rendering adds, so that they are recognised and never collide.</summary>
    public const string ReservedName = "phoenix_link";

    private const int MaxCharacters = 1 << 20;
    private static readonly string[] Kinds = ["receivers", "processors", "exporters", "connectors", "extensions"];

    /// <returns>Null where something is wrong; the reasons are then among the errors.</returns>
    public static StockDefinition? Read(string yaml, List<ConfigurationIssue> errors)
    {
        if (yaml.Length > MaxCharacters)
        {
            errors.Add(new(0, "(file)", $"is longer than {MaxCharacters} characters", "split the configuration"));
            return null;
        }

        if (YamlReader.Read(yaml, EnvironmentExpansion.Verbatim, errors) is not { } root)
        {
            return null;
        }

        if (root.At("service", "pipelines") is not { Entries: { } pipelines })
        {
            errors.Add(new(root.Line, "service.pipelines", "is missing", "write `service: {pipelines: {metrics: {receivers: […], exporters: […]}}}`"));
            return null;
        }

        RefuseReserved(root, pipelines, errors);
        RefuseOldTelemetry(root, errors);
        var reduced = Reductions(pipelines, errors).ToList();
        foreach (var second in reduced.Skip(1))
        {
            errors.Add(new(second.ProcessorsLine, $"service.pipelines.{second.Name}.processors", $"reduces beside `{reduced[0].Name}`, and one pipeline at a time can be linked to Phoenix",
                "leave the reducers of one pipeline, or merge the two"));
        }

        if (reduced.Count > 0)
        {
            CheckComponents(root, reduced[0], errors);
        }

        return errors.Count == 0 ? new StockDefinition(root, reduced.FirstOrDefault()) : null;
    }

    public static bool IsReducer(string id) => id.StartsWith(ReducerPrefix, StringComparison.Ordinal);

    /// <summary>The 1-based line of a dotted path, or of the deepest part of it that exists.</summary>
    public int LineOf(string path)
    {
        var (node, line, rest) = (Root, Root.Line, path);
        while (node.Entries?.Find(e => rest == e.Key || (rest.StartsWith(e.Key, StringComparison.Ordinal) && rest[e.Key.Length] is '.' or '[')) is { } entry)
        {
            (node, line) = (entry.Value, entry.Line);
            rest = rest.Length > entry.Key.Length ? rest[(entry.Key.Length + 1)..] : "";
        }

        return line;
    }

    private static IEnumerable<StockReduction> Reductions(List<YamlEntry> pipelines, List<ConfigurationIssue> errors)
    {
        foreach (var (name, line, pipeline, _) in pipelines)
        {
            var processors = Texts(pipeline, "processors", $"service.pipelines.{name}", errors);
            var first = processors.FindIndex(IsReducer);
            if (first < 0)
            {
                continue;
            }

            var path = $"service.pipelines.{name}.processors";
            var at = pipeline.Find("processors")!.Line;
            if (StockComponents.TypeOf(name) != "metrics")
            {
                errors.Add(new(at, path, $"`{processors[first]}` reduces metrics, and this is no metrics pipeline", "list it in a metrics pipeline"));
                continue;
            }

            if (processors.Skip(first).FirstOrDefault(p => !IsReducer(p)) is { } behind)
            {
                errors.Add(new(at, path, $"`{behind}` stands behind the reducer `{processors[first]}`, which runs in a process of its own after this pipeline",
                    $"move `{behind}` before the reducers"));
            }

            var exporters = Texts(pipeline, "exporters", $"service.pipelines.{name}", errors);
            yield return new StockReduction(name, processors[first..], exporters, at, pipeline.Find("exporters")?.Line ?? line);
        }
    }

    private static void CheckComponents(YamlNode root, StockReduction pipeline, List<ConfigurationIssue> errors)
    {
        var path = $"service.pipelines.{pipeline.Name}";
        foreach (var id in pipeline.Reducers.Where(id => root.At("processors", id) is null))
        {
            errors.Add(new(pipeline.ProcessorsLine, $"{path}.processors", $"`{id}` is not defined under processors", "define it under processors"));
        }

        foreach (var same in pipeline.Exporters.GroupBy(StockComponents.OldId).Where(g => g.Count() > 1))
        {
            errors.Add(new(pipeline.ExportersLine, $"{path}.exporters", $"{string.Join(" and ", same.Select(id => $"`{id}`"))} are one name to Phoenix", "list each once, or give one a name of its own behind a slash"));
        }

        foreach (var id in pipeline.Exporters)
        {
            if (root.At("exporters", id) is not { } section)
            {
                errors.Add(new(pipeline.ExportersLine, $"{path}.exporters", $"`{id}` is not defined under exporters",
                    root.At("connectors", id) is null ? "define it under exporters" : "reduce in a pipeline that ends in exporters: what a connector joins stays in the stock collector"));
            }
            else if (!StockComponents.Exporters.Contains(StockComponents.TypeOf(id)))
            {
                errors.Add(new(root.Find("exporters")!.Value.Find(id)!.Line, $"exporters.{id}", $"Phoenix cannot export as `{StockComponents.TypeOf(id)}`, which it must once this pipeline is reduced",
                    Suggestion.For(StockComponents.TypeOf(id), StockComponents.Exporters.ToList())));
            }
            else
            {
                StockComponents.Check("exporter", id, $"exporters.{id}", section, errors);
            }
        }
    }

    private static void RefuseReserved(YamlNode root, List<YamlEntry> pipelines, List<ConfigurationIssue> errors)
    {
        var sections = Kinds.Select(kind => (Path: kind, root.At(kind)?.Entries)).Append((Path: "service.pipelines", Entries: pipelines));
        foreach (var (path, entries) in sections)
        {
            foreach (var entry in (entries ?? []).Where(e => e.Key.EndsWith($"/{ReservedName}", StringComparison.Ordinal)))
            {
                errors.Add(new(entry.Line, $"{path}.{entry.Key}", $"the name `{ReservedName}` is Phoenix's own", "name it differently"));
            }
        }
    }

    private static void RefuseOldTelemetry(YamlNode root, List<ConfigurationIssue> errors)
    {
        var metrics = root.At("service", "telemetry", "metrics");
        if (metrics?.Find("address") is { } address)
        {
            errors.Add(new(address.Line, "service.telemetry.metrics.address", "cannot stand beside the reader that Phoenix adds for the collector's own metrics",
                "write it as a reader: `readers: [{pull: {exporter: {prometheus: {host: …, port: …}}}}]`"));
        }

        if (metrics?.Find("readers") is { Value: { Items: null, IsNull: false } } readers)
        {
            errors.Add(new(readers.Line, "service.telemetry.metrics.readers", $"must be a list, but is {readers.Value.Kind}", "write each reader as `- item`"));
        }
    }

    private static List<string> Texts(YamlNode pipeline, string key, string path, List<ConfigurationIssue> errors)
    {
        if (pipeline.Find(key) is not { Value.IsNull: false } entry)
        {
            return [];
        }

        if (entry.Value.Items is { } items && items.TrueForAll(i => i.Raw is not null))
        {
            return [.. items.Select(i => i.Raw!)];
        }

        errors.Add(new(entry.Line, $"{path}.{key}", "must be a list of component ids", "write `[a, b]`"));
        return [];
    }
}

/// <summary>The metrics pipeline that ends with reducers.</summary>
/// <param name="Reducers">What runs in Phoenix, behind the processors that stay in the stock collector.</param>
internal sealed record StockReduction(
    string Name, IReadOnlyList<string> Reducers, IReadOnlyList<string> Exporters, int ProcessorsLine, int ExportersLine);
