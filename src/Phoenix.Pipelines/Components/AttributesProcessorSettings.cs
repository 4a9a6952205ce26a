using System.Globalization;
using System.Text.RegularExpressions;
using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>attributes</c> changes attributes of data points, <c>resource</c> those of resources, with the actions of the OpenTelemetry
/// Collector. Streams that an edit makes one collide: one of them is written, the others are dropped and counted.
/// </summary>
/// <param name="Metrics">Which metrics are meant; null for all.</param>
public sealed record AttributesProcessorSettings(string Id, bool OfResource, IReadOnlyList<AttributeAction> Actions, MetricNames? Metrics) : ProcessorSettings(Id)
{
    public const string Type = "attributes";
    public const string ResourceType = "resource";

    public AttributeEditorOptions ToOptions() => new()
    {
        Name = Id,
        Actions = Actions,
        OfResource = OfResource,
        Selects = Metrics is { } metrics ? metrics.Select : null,
    };

    internal static AttributesProcessorSettings ReadAttributes(string id, SectionReader section)
    {
        // Metrics whose points are meant: include, less exclude. Default all.
        var metrics = MetricNames.Read(section);
        var actions = ReadActions(section, "actions");
        section.RejectUnknown();
        return new(id, false, actions, metrics);
    }

    internal static AttributesProcessorSettings ReadResource(string id, SectionReader section)
    {
        var actions = ReadActions(section, "attributes");
        section.RejectUnknown();
        return new(id, true, actions, null);
    }

    /// <summary>What is done, in this order.</summary>
    private static List<AttributeAction> ReadActions(SectionReader section, string key)
    {
        var actions = new List<AttributeAction>();
        var errors = section.Errors.Count;
        foreach (var action in section.Sections(key))
        {
            if (ReadAction(action) is { } read)
            {
                actions.Add(read);
            }

            action.RejectUnknown();
        }

        if (actions.Count == 0 && section.Errors.Count == errors)
        {
            section.Error(key, "names no action", $"write `{key}: [{{key: environment, value: production, action: upsert}}]`");
        }

        return actions;
    }

    private static AttributeAction? ReadAction(SectionReader section)
    {
        // The attribute. Required.
        var key = section.RequiredText("key", "name the attribute");
        // insert, update, upsert, delete, hash, extract or convert. Required.
        section.RequiredText("action", "write insert, update, upsert, delete, hash, extract or convert");
        var kind = section.Choice("action", AttributeActionKind.Delete,
            ("insert", AttributeActionKind.Insert), ("update", AttributeActionKind.Update), ("upsert", AttributeActionKind.Upsert),
            ("delete", AttributeActionKind.Delete), ("hash", AttributeActionKind.Hash), ("extract", AttributeActionKind.Extract),
            ("convert", AttributeActionKind.Convert));
        switch (kind)
        {
            case AttributeActionKind.Insert or AttributeActionKind.Update or AttributeActionKind.Upsert:
                return ReadValue(section, new AttributeAction(kind, key));
            case AttributeActionKind.Extract:
                return ReadPattern(section) is { } pattern ? new AttributeAction(kind, key) { Pattern = pattern } : null;
            case AttributeActionKind.Convert:
                // int, double or string. Required.
                section.RequiredText("converted_type", "write int, double or string");
                return new AttributeAction(kind, key)
                {
                    Type = section.Choice("converted_type", AttributeType.Text, ("int", AttributeType.WholeNumber), ("double", AttributeType.RealNumber), ("string", AttributeType.Text)),
                };
            default:
                return new AttributeAction(kind, key);
        }
    }

    private static AttributeAction? ReadValue(SectionReader section, AttributeAction action)
    {
        // Another attribute that gives the value; nothing happens where it is absent.
        if (section.Has("from_attribute"))
        {
            if (section.Has("value"))
            {
                section.Error("value", "stands beside from_attribute", "keep one of the two");
            }

            return action with { FromAttribute = section.Text("from_attribute") ?? "" };
        }

        // The value; without quotes a number or a boolean is one.
        if (!section.Has("value"))
        {
            section.Error("value", "is missing", "write the value, or from_attribute");
            return null;
        }

        return section.Text("value") is { } text ? action with { Value = Encode(text, section.IsPlain("value")) } : action with { Value = AttributeAction.Text("") };
    }

    private static ReadOnlyMemory<byte> Encode(string text, bool plain) =>
        !plain ? AttributeAction.Text(text)
        : text is "true" or "false" ? AttributeAction.Flag(text == "true")
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) ? AttributeAction.Number(integer)
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? AttributeAction.Number(number)
        : AttributeAction.Text(text);

    private static Regex? ReadPattern(SectionReader section)
    {
        // A regular expression (RE2) with named groups, which name the attributes. Required.
        var written = section.RequiredText("pattern", "write a regular expression with named groups, such as `^(?P<service>[^.]+)`");
        try
        {
            // Go writes named groups as Python does.
            var pattern = new Regex(written.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            if (written.Length > 0 && pattern.GetGroupNames().All(name => char.IsAsciiDigit(name[0])))
            {
                section.Error("pattern", "has no named group", "name what is to be extracted: (?P<name>…)");
            }

            return pattern;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            section.Error("pattern", $"`{section.Written("pattern")}` is no usable regular expression", "write it in RE2's syntax, without look-around and back references");
            return null;
        }
    }
}

/// <summary><c>include</c> and <c>exclude</c> of a processor: metrics by name.</summary>
public sealed class MetricNames
{
    private readonly Func<string, bool>? _include;
    private readonly Func<string, bool>? _exclude;

    private MetricNames(Func<string, bool>? include, Func<string, bool>? exclude) => (_include, _exclude) = (include, exclude);

    public bool Select(string metric) => (_include is null || _include(metric)) && (_exclude is null || !_exclude(metric));

    /// <returns>Null where the section names neither.</returns>
    internal static MetricNames? Read(SectionReader section)
    {
        var (include, exclude) = (ReadMatch(section.Section("include")), ReadMatch(section.Section("exclude")));
        return include is null && exclude is null ? null : new(include, exclude);
    }

    private static Func<string, bool>? ReadMatch(SectionReader? section)
    {
        if (section is null)
        {
            return null;
        }

        // strict or regexp. Required.
        section.RequiredText("match_type", "write strict or regexp");
        var regexp = section.Choice("match_type", false, ("strict", false), ("regexp", true));
        // Names of metrics, or regular expressions that are found in them.
        var names = section.Texts("metric_names");
        if (names.Count == 0)
        {
            section.Error("metric_names", "names no metric", "list names, or regular expressions with `match_type: regexp`");
        }

        section.RejectUnknown();
        if (!regexp)
        {
            var exact = names.ToHashSet(StringComparer.Ordinal);
            return exact.Contains;
        }

        var patterns = new List<Regex>();
        foreach (var (text, written, line) in section.TextsWithLines("metric_names"))
        {
            try
            {
                patterns.Add(new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                section.Errors.Add(new(line, $"{section.Path}.metric_names", $"`{written}` is no usable regular expression", "write it in RE2's syntax, without look-around and back references"));
            }
        }

        return name => patterns.Exists(p => p.IsMatch(name));
    }
}
