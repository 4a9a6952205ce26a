using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>
/// Reads a template from its file. What several templates share (inputs, outputs) stands in fragments, which a template
/// includes: their parameters come before its own, their configuration is merged with its own.
/// </summary>
internal static class TemplateReader
{
    /// <param name="fragment">The text of a fragment by name; null where there is none.</param>
    /// <exception cref="InvalidDataException">The file is no template; every error in it is named.</exception>
    public static Template Read(string yaml, Func<string, string?> fragment)
    {
        var errors = new List<ConfigurationIssue>();
        var root = Parse(yaml, errors);
        var file = new SectionReader(root, root.Line, "", errors);
        var name = file.RequiredText("name", "name the template");
        var parameters = new List<TemplateParameter>();
        var requirements = new List<TemplateRequirement>();
        YamlNode? configuration = null;
        foreach (var include in file.Texts("include"))
        {
            var part = Parse(fragment(include) ?? throw new InvalidDataException($"{name} includes {include}, which does not exist"), errors);
            var section = new SectionReader(part, part.Line, include, errors);
            configuration = Add(section, parameters, requirements, configuration);
            section.RejectUnknown();
        }

        if (file.Section("defaults") is { } defaults)
        {
            Override(defaults, parameters);
        }

        configuration = Add(file, parameters, requirements, configuration);
        var template = new Template(
            name, (int)file.Integer("version", 1, 1, int.MaxValue), file.RequiredText("title", "give it a title"),
            file.RequiredText("summary", "say in one sentence what it does"), file.RequiredText("description", "describe it").Trim(),
            parameters, requirements, Recordings(file.Section("recordings"), parameters), configuration!);
        file.RejectUnknown();
        foreach (var twice in parameters.GroupBy(p => p.Name).Where(g => g.Count() > 1))
        {
            file.Error("parameters", $"`{twice.Key}` is given {twice.Count()} times", "name each parameter once");
        }

        return errors.Count == 0 ? template : throw new InvalidDataException($"{name} is no template: {string.Join("; ", errors)}");
    }

    private static YamlNode Parse(string yaml, List<ConfigurationIssue> errors) =>
        YamlReader.Read(yaml, new EnvironmentExpansion(null), errors) ?? throw new InvalidDataException(string.Join("; ", errors));

    private static YamlNode? Add(SectionReader file, List<TemplateParameter> parameters, List<TemplateRequirement> requirements, YamlNode? merged)
    {
        foreach (var section in file.Sections("parameters"))
        {
            parameters.Add(Parameter(section));
            section.RejectUnknown();
        }

        foreach (var section in file.Sections("requires"))
        {
            requirements.Add(new(section.Texts("any"), section.RequiredText("message", "say what is wrong"), section.RequiredText("remedy", "say what to do")));
            section.RejectUnknown();
        }

        return file.Node("configuration") is not { } own ? merged : merged is null ? own : Merge(merged, own, "configuration", file.Errors);
    }

    private static TemplateParameter Parameter(SectionReader section)
    {
        var type = section.Choice("type", ParameterType.String,
            ("string", ParameterType.String), ("integer", ParameterType.Integer), ("number", ParameterType.Number), ("duration", ParameterType.Duration),
            ("enum", ParameterType.Enum), ("list", ParameterType.List), ("metrics", ParameterType.Metrics));
        var (least, most) = type switch
        {
            ParameterType.Integer => (int.MinValue, int.MaxValue),
            ParameterType.Number => (double.MinValue, double.MaxValue),
            ParameterType.Duration => (0, TimeSpan.FromDays(1).TotalSeconds),
            _ => (0, 1000),
        };
        var node = section.Node("default");
        if (node is null)
        {
            section.Error("default", "is missing", "give every parameter a default");
        }

        var parameter = new TemplateParameter(
            section.RequiredText("name", "name the parameter"), type, Value(type, node),
            section.RequiredText("help", "say what it does"), section.Text("unit") ?? (type is ParameterType.List or ParameterType.Metrics ? "items" : null),
            Bound("minimum", least), Bound("maximum", most), section.Texts("allowed"), section.Text("pattern"), section.Text("pattern_help"),
            section.Flag("variables", false));
        if (parameter.Check(parameter.Default) is { } issue)
        {
            section.Error("default", issue.Message, issue.Remedy);
        }

        return parameter;

        double Bound(string key, double byDefault) => type == ParameterType.Duration
            ? section.Duration(key, TimeSpan.FromSeconds(byDefault), TimeSpan.Zero, TimeSpan.FromDays(1)).TotalSeconds
            : section.Number(key, byDefault, double.MinValue, double.MaxValue);
    }

    private static void Override(SectionReader defaults, List<TemplateParameter> parameters)
    {
        foreach (var (name, _) in defaults.Keys)
        {
            var at = parameters.FindIndex(p => p.Name == name);
            if (at < 0)
            {
                defaults.Error(name, "is no parameter of a fragment", Suggestion.For(name, [.. parameters.Select(p => p.Name)]));
                continue;
            }

            parameters[at] = parameters[at] with { Default = Value(parameters[at].Type, defaults.Node(name)) };
            if (parameters[at].Check(parameters[at].Default) is { } issue)
            {
                defaults.Error(name, issue.Message, issue.Remedy);
            }
        }
    }

    private static ParameterValue Value(ParameterType type, YamlNode? node) =>
        node?.Items is { } items ? new ParameterValue.Items([.. items.Select(i => i.Text ?? "")]) : ParameterValue.Parse(type, node?.Text ?? "");

    private static Dictionary<string, IReadOnlyDictionary<string, ParameterValue>> Recordings(SectionReader? section, List<TemplateParameter> parameters)
    {
        var recordings = new Dictionary<string, IReadOnlyDictionary<string, ParameterValue>>(StringComparer.Ordinal);
        foreach (var (recording, _) in section?.Keys ?? [])
        {
            var arguments = new Dictionary<string, ParameterValue>(StringComparer.Ordinal);
            var given = section!.Section(recording)!;
            foreach (var (name, _) in given.Keys)
            {
                if (parameters.Find(p => p.Name == name) is { } parameter)
                {
                    arguments[name] = Value(parameter.Type, given.Node(name));
                }
                else
                {
                    given.Error(name, "is no parameter", Suggestion.For(name, [.. parameters.Select(p => p.Name)]));
                }
            }

            recordings[recording] = arguments;
        }

        return recordings;
    }

    private static YamlNode Merge(YamlNode first, YamlNode second, string path, List<ConfigurationIssue> errors)
    {
        if (first.Items is not null && second.Items is not null)
        {
            return new YamlNode { Line = first.Line, Items = [.. first.Items, .. second.Items], Weight = first.Weight + second.Weight };
        }

        if (first.Entries is null || second.Entries is null)
        {
            errors.Add(new(second.Line, path, "is given in two parts that cannot be merged", "give it once, or as mappings or lists"));
            return second;
        }

        var entries = new List<YamlEntry>(first.Entries);
        foreach (var entry in second.Entries)
        {
            var at = entries.FindIndex(e => e.Key == entry.Key);
            if (at < 0)
            {
                entries.Add(entry);
            }
            else
            {
                entries[at] = entry with { Value = Merge(entries[at].Value, entry.Value, $"{path}.{entry.Key}", errors) };
            }
        }

        return new YamlNode { Line = first.Line, Entries = entries, Weight = first.Weight + second.Weight };
    }
}
