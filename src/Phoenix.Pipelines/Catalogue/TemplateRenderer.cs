using System.Text;
using System.Text.RegularExpressions;
using Phoenix.Pipelines.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>
/// Makes a collector configuration from a template's tree, never from its text, so that no value can become structure.
/// </summary>
/// <remarks>
/// <para><c>$(name)</c> is the parameter's value: alone a value of its type, inside a longer text its characters. As an item or
/// key of its own, a list stands for one item or key each. <c>$(name:any)</c> makes one regular expression of metric names
/// with stars, written for a string inside a condition.</para>
/// <para>A key or item that ends in <c>if name</c> is left out where the parameter is empty, one in <c>if a or b</c> where both
/// are, one in <c>if not name</c> where it is not, and one in <c>if name = text</c> where it is another text. The text
/// <c>none</c> counts as empty.</para>
/// </remarks>
internal sealed partial class TemplateRenderer
{
    private static readonly EmitterSettings Layout = new EmitterSettings().WithBestIndent(2).WithBestWidth(int.MaxValue).WithNewLine("\n");
    private static readonly string[] SectionOrder = ["receivers", "processors", "exporters", "service"];

    private readonly Dictionary<string, TemplateParameter> _parameters;
    private readonly IReadOnlyDictionary<string, ParameterValue> _values;
    private readonly List<(string Path, string Parameter)> _uses = [];
    private readonly Emitter _emitter;

    private TemplateRenderer(Template template, IReadOnlyDictionary<string, ParameterValue> values, TextWriter output)
    {
        _parameters = template.Parameters.ToDictionary(p => p.Name);
        _values = values;
        _emitter = new Emitter(output, Layout);
    }

    public static RenderedTemplate Render(Template template, IReadOnlyDictionary<string, ParameterValue> arguments)
    {
        var issues = new List<ParameterIssue>();
        foreach (var unknown in arguments.Keys.Where(k => !template.Parameters.Any(p => p.Name == k)))
        {
            issues.Add(new(unknown, $"is no parameter of {template.Name}", Suggestion.For(unknown, [.. template.Parameters.Select(p => p.Name)])));
        }

        var values = new OrderedDictionary<string, ParameterValue>();
        foreach (var parameter in template.Parameters)
        {
            var value = arguments.GetValueOrDefault(parameter.Name) ?? parameter.Default;
            values[parameter.Name] = value;
            if (parameter.Check(value) is { } issue)
            {
                issues.Add(issue);
            }
        }

        foreach (var requirement in template.Requirements.Where(r => issues.Count == 0 && r.AnyOf.All(p => values[p].IsEmpty)))
        {
            issues.Add(new(string.Join(", ", requirement.AnyOf), requirement.Message, requirement.Remedy));
        }

        if (issues.Count > 0)
        {
            return new(null, values, issues);
        }

        var text = new StringWriter();
        var renderer = new TemplateRenderer(template, values, text);
        renderer.Document(template.Configuration);
        return renderer.Checked(text.ToString());
    }

    /// <summary>Bounds say little about how values go together: only the loader knows what a collector starts with.</summary>
    private RenderedTemplate Checked(string yaml)
    {
        var loaded = CollectorConfiguration.Load(yaml, environment: null);
        return loaded.Errors.Count == 0
            ? new(yaml, _values, [])
            : new(null, _values, [.. loaded.Errors.Select(e => new ParameterIssue(ParametersAt(e.Key), $"{e.Key}: {e.Message}", e.Remedy)).Distinct()]);
    }

    private string ParametersAt(string key)
    {
        var at = _uses.Where(u => u.Path == key || u.Path.StartsWith(key + ".", StringComparison.Ordinal) || key.StartsWith(u.Path + ".", StringComparison.Ordinal));
        return string.Join(", ", at.Select(u => u.Parameter).Distinct());
    }

    private void Document(YamlNode root)
    {
        _emitter.Emit(new StreamStart());
        _emitter.Emit(new DocumentStart());
        var sections = root.Entries!.OrderBy(e => Array.IndexOf(SectionOrder, e.Key) is var at and >= 0 ? at : SectionOrder.Length).ToList();
        Emit(new YamlNode { Line = root.Line, Entries = sections, Weight = root.Weight }, "");
        _emitter.Emit(new DocumentEnd(isImplicit: true));
        _emitter.Emit(new StreamEnd());
    }

    private void Emit(YamlNode node, string path)
    {
        if (node.Entries is not null)
        {
            EmitMapping(node, path);
        }
        else if (node.Items is not null)
        {
            EmitSequence(node, path);
        }
        else if (Whole().Match(node.Raw ?? "") is { Success: true } whole)
        {
            EmitValue(whole.Groups[1].Value, path);
        }
        else
        {
            EmitText(Substitute(node.Raw ?? "", path, item: null, isKey: false), node.Plain && !Placeholder().IsMatch(node.Raw ?? ""));
        }
    }

    private void EmitMapping(YamlNode node, string path)
    {
        var kept = node.Entries!.Select(e => (Entry: e, Key: Condition(e.Key))).Where(e => e.Key is not null).ToList();
        _emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, true, kept.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
        foreach (var (entry, key) in kept)
        {
            foreach (var name in Expand(key!, path, isKey: true))
            {
                var below = path.Length == 0 ? name : $"{path}.{name}";
                EmitText(name, plain: !Placeholder().IsMatch(key!));
                Emit(entry.Value, below);
            }
        }

        _emitter.Emit(new MappingEnd());
    }

    private void EmitSequence(YamlNode node, string path)
    {
        var flow = node.Items!.TrueForAll(i => i.Raw is not null);
        _emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, flow ? SequenceStyle.Flow : SequenceStyle.Block));
        for (var i = 0; i < node.Items.Count; i++)
        {
            var item = node.Items[i];
            if (item.Raw is null)
            {
                Emit(item, $"{path}[{i}]");
            }
            else if (Condition(item.Raw) is { } text)
            {
                foreach (var expanded in Expand(text, path, isKey: false))
                {
                    EmitText(expanded, plain: item.Plain && !Placeholder().IsMatch(text));
                }
            }
        }

        _emitter.Emit(new SequenceEnd());
    }

    private void EmitValue(string name, string path)
    {
        _uses.Add((path, name));
        switch (_values[name])
        {
            case ParameterValue.Items items:
                _emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, true, SequenceStyle.Flow));
                foreach (var item in items.Values)
                {
                    EmitText(Escaped(name, item), plain: false);
                }

                _emitter.Emit(new SequenceEnd());
                break;
            case ParameterValue.Text text:
                EmitText(Escaped(name, text.Value), plain: false);
                break;
            case var number:
                EmitText(number.ToString()!, plain: true);
                break;
        }
    }

    private void EmitText(string text, bool plain) =>
        _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, plain ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted, plain, !plain));

    /// <returns>The text without its condition; null where the condition says to leave it out.</returns>
    private string? Condition(string text)
    {
        if (If().Match(text) is not { Success: true } match)
        {
            return text;
        }

        var asked = match.Groups[3].Captures.Concat(match.Groups[4].Captures).Select(c => _values[c.Value]);
        var holds = match.Groups[5].Success
            ? asked.Any(v => v.ToString() == match.Groups[5].Value)
            : asked.Any(v => !v.IsEmpty);
        return holds != match.Groups[2].Success ? match.Groups[1].Value : null;
    }

    /// <summary>One text for each item of the list in it; the text itself where there is no list.</summary>
    private IEnumerable<string> Expand(string text, string path, bool isKey)
    {
        var list = Placeholder().Matches(text).Where(m => m.Groups[2].Length == 0).Select(m => _values[m.Groups[1].Value]).OfType<ParameterValue.Items>().FirstOrDefault();
        return list is null ? [Substitute(text, path, item: null, isKey)] : list.Values.Select(item => Substitute(text, path, item, isKey));
    }

    private string Substitute(string text, string path, string? item, bool isKey) => Placeholder().Replace(text, match =>
    {
        var name = match.Groups[1].Value;
        _uses.Add((path, name));
        var written = (match.Groups[2].Value, _values[name]) switch
        {
            ("", ParameterValue.Items) => item ?? throw new InvalidDataException($"`{text}` has a list where only one text can stand"),
            ("", var value) => value.ToString()!,
            ("any", ParameterValue.Items names) => Ottl(AnyOf(names.Values)),
            var (other, _) => throw new InvalidDataException($"`{text}` asks for `{other}`, which is no way to write this value"),
        };
        // The loader expands variables in values and never in keys.
        return isKey ? written : Escaped(name, written);
    });

    private static string AnyOf(IReadOnlyList<string> names) =>
        $"^({string.Join('|', names.Select(n => Regex.Escape(n).Replace("\\*", ".*", StringComparison.Ordinal)))})$";

    private string Escaped(string parameter, string value) =>
        _parameters[parameter].Variables ? value : value.Replace("$", "$$", StringComparison.Ordinal);

    private static string Ottl(string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (c is '"' or '\\')
            {
                escaped.Append('\\');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }

    [GeneratedRegex(@"^\$\(([a-z][a-z0-9_]*)\)$", RegexOptions.CultureInvariant)]
    private static partial Regex Whole();

    [GeneratedRegex(@"\$\(([a-z][a-z0-9_]*)(?::([a-z]+))?\)", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^(.*\S) if (?:(not) )?([a-z][a-z0-9_]*)(?: or ([a-z][a-z0-9_]*))*(?: = (\S+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex If();
}
