using System.Text;
using Phoenix.Pipelines.Components;
using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines;

/// <summary>Turns YAML into a <see cref="CollectorConfiguration"/>, collecting every error on the way.</summary>
internal sealed class ConfigurationLoader(Func<string, string?>? environment)
{
    // A configuration is a few kilobytes; the bound keeps a published one from filling memory before it is looked at.
    private const int MaxCharacters = 1 << 20;

    private readonly List<ConfigurationIssue> _errors = [];
    private readonly List<ConfigurationIssue> _warnings = [];

    public LoadedConfiguration Load(string yaml)
    {
        var configuration = yaml.Length > MaxCharacters
            ? Refuse(0, "(file)", $"is longer than {MaxCharacters} characters", "split the configuration")
            : YamlReader.Read(yaml, new EnvironmentExpansion(environment), _errors) is { } root ? Read(root) : null;
        _errors.Sort((a, b) => a.Line.CompareTo(b.Line));
        return new(_errors.Count == 0 ? configuration : null, _errors, _warnings);
    }

    private CollectorConfiguration? Read(YamlNode root)
    {
        var file = new SectionReader(root, root.Line, "", _errors);
        var receivers = Components(file, "receivers", ComponentCatalogue.Receivers);
        var processors = Components(file, "processors", ComponentCatalogue.Processors);
        var exporters = Components(file, "exporters", ComponentCatalogue.Exporters);
        var extensions = Components(file, "extensions", ComponentCatalogue.Extensions);
        List<string> usedExtensions = [];
        foreach (var (key, line) in file.Keys.Where(k => k.Key.StartsWith("x-", StringComparison.Ordinal)))
        {
            // Keys that hold anchors only, as in Compose files.
            file.Accept(key);
        }

        PipelineSettings? pipeline = null;
        var telemetry = TelemetrySettings.Read(null);
        if (file.Section("service") is { } service)
        {
            pipeline = Pipeline(service, receivers, processors, exporters);
            telemetry = TelemetrySettings.Read(service.Section("telemetry"));
            usedExtensions = References(service, "extensions", extensions, required: false);
            foreach (var (id, component) in extensions.Where(e => !usedExtensions.Contains(e.Key)))
            {
                _warnings.Add(new(component.Line, $"extensions.{id}", "is defined and not used", "list it under service.extensions, or remove it"));
            }

            CheckStorage(service, telemetry.Storage, usedExtensions, extensions);
            service.RejectUnknown();
        }
        else
        {
            file.Error("service", "is missing", "write `service: {pipelines: {metrics: {receivers: […], exporters: […]}}}`");
        }

        file.RejectUnknown();
        if (pipeline is null || _errors.Count > 0)
        {
            return null;
        }

        return new CollectorConfiguration(
            pipeline,
            [.. pipeline.Receivers.Select(id => receivers[id].Settings)],
            [.. pipeline.Processors.Select(id => processors[id].Settings)],
            [.. pipeline.Exporters.Select(id => exporters[id].Settings)],
            telemetry,
            Canonical(root, "receivers", pipeline.Receivers),
            Canonical(root, "exporters", pipeline.Exporters))
        {
            Extensions = [.. usedExtensions.Select(id => extensions[id].Settings)],
            ComponentTexts = Texts(root, ("receivers", pipeline.Receivers), ("processors", pipeline.Processors), ("exporters", pipeline.Exporters)),
        };
    }

    private static void CheckStorage(SectionReader service, string? id, List<string> used, Dictionary<string, Defined<ExtensionSettings>> extensions)
    {
        if (id is null || service.Section("telemetry")?.Section("phoenix") is not { } phoenix || phoenix.Unresolved)
        {
            return;
        }

        if (!extensions.TryGetValue(id, out var named))
        {
            phoenix.Error("storage", $"`{phoenix.Written("storage")}` is not defined under extensions", "write `extensions: {file_storage: {directory: …}}` and list file_storage under service.extensions");
        }
        else if (named.Settings is not FileStorageExtensionSettings)
        {
            phoenix.Error("storage", $"`{phoenix.Written("storage")}` keeps nothing", "name a file_storage extension");
        }
        else if (!used.Contains(id))
        {
            phoenix.Error("storage", $"`{phoenix.Written("storage")}` is not listed under service.extensions", "list it there");
        }
    }

    private static Dictionary<string, Defined<T>> Components<T>(SectionReader file, string key, IReadOnlyDictionary<string, Func<string, SectionReader, T>> known)
    {
        var components = new Dictionary<string, Defined<T>>(StringComparer.Ordinal);
        if (file.Section(key) is not { } section)
        {
            return components;
        }

        foreach (var (id, line) in section.Keys)
        {
            var component = section.Section(id)!;
            var type = id.Split('/')[0];
            if (!known.TryGetValue(type, out var read))
            {
                component.Error($"there is no {key[..^1]} of type `{type}` here", known.Count == 0 ? "remove it; none are supported yet" : Suggestion.For(type, [.. known.Keys]));
            }
            else if (id.EndsWith('/'))
            {
                component.Error("has an empty name behind the slash", $"write `{type}` or `{type}/name`");
            }
            else
            {
                components[id] = new(read(id, component), line);
            }
        }

        return components;
    }

    private PipelineSettings? Pipeline(
        SectionReader service,
        Dictionary<string, Defined<ReceiverSettings>> receivers,
        Dictionary<string, Defined<ProcessorSettings>> processors,
        Dictionary<string, Defined<ExporterSettings>> exporters)
    {
        PipelineSettings? found = null;
        if (service.Section("pipelines") is not { } pipelines)
        {
            service.Error("pipelines", "is missing", "write `pipelines: {metrics: {receivers: […], exporters: […]}}`");
            return null;
        }

        foreach (var (name, line) in pipelines.Keys)
        {
            var section = pipelines.Section(name)!;
            var signal = name.Split('/')[0];
            if (signal is "logs" or "traces" or "profiles")
            {
                section.Error($"Phoenix handles metrics only; a {signal} pipeline cannot run here", "remove it and run it in a collector beside this one");
            }
            else if (signal != "metrics")
            {
                section.Error($"`{signal}` is no signal", Suggestion.For(signal, ["metrics"]));
            }
            else if (found is not null)
            {
                section.Error($"a second metrics pipeline beside `{found.Name}` is not supported yet", "merge the two, or run a second collector");
            }
            else
            {
                found = new(
                    name,
                    References(section, "receivers", receivers, required: true),
                    References(section, "processors", processors, required: false),
                    References(section, "exporters", exporters, required: true));
                if (found.Processors.SkipLast(1).Any(id => processors[id].Settings is BatchProcessorSettings))
                {
                    section.Error("processors", "`batch` is not the last processor, and would give what it gathered to the next one late", "list it last");
                }

                if (found.Processors.Count(id => processors[id].Settings is MemoryLimiterProcessorSettings) > 1)
                {
                    section.Error("processors", "names more than one memory_limiter", "keep one: it limits the whole process");
                }

                section.RejectUnknown();
            }
        }

        if (found is null)
        {
            if (!pipelines.Keys.Any())
            {
                pipelines.Error("names no pipeline", "add `metrics:` with receivers and exporters");
            }

            return null;
        }

        WarnUnused("receivers", receivers, found.Receivers);
        WarnUnused("processors", processors, found.Processors);
        WarnUnused("exporters", exporters, found.Exporters);
        return found;
    }

    private static List<string> References<T>(SectionReader pipeline, string key, Dictionary<string, Defined<T>> defined, bool required)
    {
        var ids = new List<string>();
        foreach (var (id, written, line) in pipeline.TextsWithLines(key))
        {
            if (!defined.ContainsKey(id))
            {
                // A component whose own section is wrong was reported there already.
                if (!pipeline.Errors.Exists(e => e.Key == $"{key}.{id}" || e.Key.StartsWith($"{key}.{id}.", StringComparison.Ordinal)))
                {
                    pipeline.Errors.Add(new(line, $"{pipeline.Path}.{key}", $"`{written}` is not defined under {key}",
                        defined.Count == 0 ? $"define it under {key}" : Suggestion.For(written, defined.Keys)));
                }
            }
            else if (ids.Contains(id))
            {
                pipeline.Errors.Add(new(line, $"{pipeline.Path}.{key}", $"`{written}` is listed twice", "list it once"));
            }
            else
            {
                ids.Add(id);
            }
        }

        if (required && !pipeline.TextsWithLines(key).Any())
        {
            pipeline.Error(key, $"names no {key[..^1]}", $"list at least one id that is defined under {key}");
        }

        return ids;
    }

    private void WarnUnused<T>(string key, Dictionary<string, Defined<T>> defined, IReadOnlyList<string> used)
    {
        foreach (var (id, component) in defined.Where(d => !used.Contains(d.Key)))
        {
            _warnings.Add(new(component.Line, $"{key}.{id}", "is defined and used by no pipeline", $"list it under service.pipelines.metrics.{key}, or remove it"));
        }
    }

    private static Dictionary<string, string> Texts(YamlNode root, params ReadOnlySpan<(string Kind, IReadOnlyList<string> Ids)> used)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (kind, ids) in used)
        {
            foreach (var id in ids)
            {
                texts[$"{kind}.{id}"] = Canonical(root, kind, [id]);
            }
        }

        return texts;
    }

    private static string Canonical(YamlNode root, string key, IReadOnlyList<string> used)
    {
        var text = new StringBuilder();
        foreach (var id in used.Order(StringComparer.Ordinal))
        {
            text.Append(id).Append('=');
            CanonicalText.Append(text, root.Find(key)!.Value.Find(id)!.Value);
            text.Append('\n');
        }

        return text.ToString();
    }

    private CollectorConfiguration? Refuse(int line, string key, string message, string remedy)
    {
        _errors.Add(new(line, key, message, remedy));
        return null;
    }

    private readonly record struct Defined<T>(T Settings, int Line);
}
