using System.Globalization;
using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines;

/// <summary>
/// Typed reading of one mapping. Every key that is asked for becomes a known key; <see cref="RejectUnknown"/> then reports
/// the others. A reader returns its default where the value is wrong, after reporting it, so that one pass finds every error.
/// Errors travel to the control plane: they quote values as written, never what a variable of this host holds.
/// </summary>
internal sealed class SectionReader
{
    private readonly YamlNode _node;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private List<ComponentKey>? _described;

    public SectionReader(YamlNode node, int keyLine, string path, List<ConfigurationIssue> errors)
    {
        _node = node;
        Line = keyLine;
        Path = path;
        Errors = errors;
        if (node.Entries is null && !node.IsNull && !node.Unresolved)
        {
            Error(node.Line, path, $"must be a mapping, but is {node.Kind}", "write `key: value` lines, indented below it");
        }
    }

    /// <summary>
    /// A reader of nothing that notes what is asked for, with bounds and defaults: every optional key and section is there, and empty. So a component's
    /// keys are told by the code that reads them, and by nothing that could differ from it.
    /// </summary>
    public static SectionReader Describing(List<ComponentKey> keys) => new(Nothing, 0, "", []) { _described = keys };

    private static YamlNode Nothing => new() { Line = 0, Weight = 1 };

    /// <summary>1-based line of the section's key.</summary>
    public int Line { get; }

    public string Path { get; }

    public List<ConfigurationIssue> Errors { get; }

    /// <summary>Keys in the order of the file, with their lines.</summary>
    public IEnumerable<(string Key, int Line)> Keys => (_node.Entries ?? []).Select(e => (e.Key, e.Line));

    public bool Has(string key)
    {
        Describe(key, ComponentKeyType.Any);
        return Know(key) is { Value.IsNull: false } || _described is not null;
    }

    public int LineOf(string key) => Know(key)?.Line ?? Line;

    public void Error(string key, string message, string remedy) => Error(LineOf(key), PathOf(key), message, remedy);

    public void Error(string message, string remedy) => Error(Line, Path, message, remedy);

    public string? Text(string key)
    {
        Describe(key, ComponentKeyType.Text);
        return Scalar(key)?.Text;
    }

    /// <summary>Whether the value stands without quotes, so that it may be a number or a boolean.</summary>
    public bool IsPlain(string key) => Scalar(key) is { Plain: true };

    /// <summary>The value as the file has it, for error texts; empty where there is none.</summary>
    public string Written(string key) => Know(key)?.Value.Raw ?? "";

    /// <summary>True where a value somewhere below holds a variable that could not be looked up here.</summary>
    public bool Unresolved => Holds(_node, n => n.Unresolved);

    /// <summary>True where a value somewhere below is not what the file has, since variables were set in it.</summary>
    public bool HasVariables => Holds(_node, n => n.Text != n.Raw);

    public string RequiredText(string key, string remedy)
    {
        if (!Has(key))
        {
            Error(Line, PathOf(key), "is missing", remedy);
            return "";
        }

        return Text(key) ?? "";
    }

    public bool Flag(string key, bool byDefault)
    {
        Describe(key, ComponentKeyType.Flag, byDefault ? "true" : "false");
        switch (Scalar(key)?.Text)
        {
            case null: return byDefault;
            case "true": return true;
            case "false": return false;
            default:
                Error(key, $"`{Written(key)}` is neither true nor false", "write true or false");
                return byDefault;
        }
    }

    public long Integer(string key, long byDefault, long min, long max)
    {
        Describe(key, ComponentKeyType.WholeNumber, Invariant(byDefault), Invariant(min), Invariant(max));
        if (Scalar(key)?.Text is not { } text)
        {
            return byDefault;
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            Error(key, $"`{Written(key)}` is no whole number", $"write a number from {min} to {max}");
            return byDefault;
        }

        return InRange(key, value, min, max) ? value : byDefault;
    }

    public double Number(string key, double byDefault, double min, double max)
    {
        Describe(key, ComponentKeyType.Number, Invariant(byDefault), Invariant(min), Invariant(max));
        if (Scalar(key)?.Text is not { } text)
        {
            return byDefault;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            Error(key, $"`{Written(key)}` is no number", string.Create(CultureInfo.InvariantCulture, $"write a number from {min} to {max}"));
            return byDefault;
        }

        return InRange(key, value, min, max) ? value : byDefault;
    }

    public TimeSpan? OptionalDuration(string key, TimeSpan min, TimeSpan max)
    {
        Describe(key, ComponentKeyType.Duration, null, Pipelines.Duration.Format(min), Pipelines.Duration.Format(max));
        if (Scalar(key)?.Text is not { } text)
        {
            return null;
        }

        if (!Pipelines.Duration.TryParse(text, out var value))
        {
            Error(key, $"`{Written(key)}` is no duration", "write a number with a unit, such as 500ms, 10s or 1m30s");
            return null;
        }

        if (value < min || value > max)
        {
            Error(key, $"{Written(key)} is out of range", $"choose {Pipelines.Duration.Format(min)} to {Pipelines.Duration.Format(max)}");
            return null;
        }

        return value;
    }

    public TimeSpan Duration(string key, TimeSpan byDefault, TimeSpan min, TimeSpan max)
    {
        Describe(key, ComponentKeyType.Duration, Pipelines.Duration.Format(byDefault), Pipelines.Duration.Format(min), Pipelines.Duration.Format(max));
        return OptionalDuration(key, min, max) ?? byDefault;
    }

    public T Choice<T>(string key, T byDefault, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        if (_described is not null)
        {
            List<string> allowed = [];
            string? preset = null;
            foreach (var (name, value) in choices)
            {
                allowed.Add(name);
                preset ??= EqualityComparer<T>.Default.Equals(value, byDefault) ? name : null;
            }

            Describe(key, ComponentKeyType.Choice, preset, allowed: allowed);
        }

        if (Scalar(key)?.Text is not { } text)
        {
            return byDefault;
        }

        var names = new List<string>(choices.Length);
        foreach (var (name, value) in choices)
        {
            if (name == text)
            {
                return value;
            }

            names.Add(name);
        }

        Error(key, $"`{Written(key)}` is not one of {string.Join(", ", names)}", Suggestion.For(Written(key), names));
        return byDefault;
    }

    /// <summary>A list of names out of these; empty where the key is absent.</summary>
    public IReadOnlyList<T> Choices<T>(string key, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        if (_described is not null)
        {
            List<string> allowed = [];
            foreach (var (name, _) in choices)
            {
                allowed.Add(name);
            }

            Describe(key, ComponentKeyType.List, allowed: allowed);
        }

        var chosen = new List<T>();
        foreach (var (text, written, line) in TextsWithLines(key))
        {
            var names = new List<string>(choices.Length);
            var known = false;
            foreach (var (name, value) in choices)
            {
                names.Add(name);
                if (name != text)
                {
                    continue;
                }

                chosen.Add(value);
                known = true;
            }

            if (!known)
            {
                Error(line, PathOf(key), $"`{written}` is not one of {string.Join(", ", names)}", Suggestion.For(written, names));
            }
        }

        return chosen;
    }

    /// <summary>A list of texts; a single value is not taken for a list of one.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        var texts = new List<string>();
        foreach (var (item, _) in Items(key))
        {
            if (item.Text is null && !item.Unresolved)
            {
                Error(item.Line, PathOf(key), $"holds {item.Kind} where a text belongs", "write one text per `- ` line");
            }
            else if (!item.Unresolved)
            {
                texts.Add(item.Text!);
            }
        }

        return texts;
    }

    /// <summary>The list's texts, each also as the file has it, for error texts.</summary>
    public IReadOnlyList<(string Text, string Written, int Line)> TextsWithLines(string key) =>
        [.. Items(key).Where(i => i.Node.Text is not null && !i.Node.Unresolved).Select(i => (i.Node.Text!, i.Node.Raw!, i.Node.Line))];

    public bool IsEmptyList(string key) => Know(key) is { Value.Items.Count: 0 };

    public IReadOnlyDictionary<string, string> TextMap(string key)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Section(key) is not { } section)
        {
            return map;
        }

        foreach (var entry in section._node.Entries ?? [])
        {
            if (section.Scalar(entry.Key)?.Text is { } text)
            {
                map[entry.Key] = text;
            }
        }

        return map;
    }

    /// <summary>What stands below a key, whatever its kind; null where the key is absent.</summary>
    public YamlNode? Node(string key) => Know(key)?.Value;

    /// <summary>The mapping below a key; null where the key is absent. A key without value is an empty mapping.</summary>
    public SectionReader? Section(string key)
    {
        Describe(key, ComponentKeyType.Section);
        return Know(key) is { } entry ? new SectionReader(entry.Value, entry.Line, PathOf(key), Errors)
            : _described is null ? null : new SectionReader(Nothing, 0, PathOf(key), Errors) { _described = _described };
    }

    /// <summary>The mappings in the list below a key.</summary>
    public IEnumerable<SectionReader> Sections(string key)
    {
        Describe(key, ComponentKeyType.Sections);
        return _described is null
            ? Items(key).Select(i => new SectionReader(i.Node, i.Node.Line, $"{PathOf(key)}[{i.Index}]", Errors))
            : [new SectionReader(Nothing, 0, $"{PathOf(key)}[]", Errors) { _described = _described }];
    }

    /// <summary>Accepts a key whose value has no effect here.</summary>
    public void Accept(string key) => Know(key);

    /// <summary>Reports every key that nothing asked for.</summary>
    public void RejectUnknown()
    {
        foreach (var entry in _node.Entries ?? [])
        {
            if (!_known.Contains(entry.Key))
            {
                Error(entry.Line, PathOf(entry.Key), "is unknown", Suggestion.For(entry.Key, _known));
            }
        }
    }

    private IEnumerable<(YamlNode Node, int Index)> Items(string key)
    {
        Describe(key, ComponentKeyType.List);
        if (Know(key) is not { Value: { IsNull: false, Unresolved: false } value })
        {
            return [];
        }

        if (value.Items is null)
        {
            Error(key, $"must be a list, but is {value.Kind}", "write one `- item` line per item, or `[a, b]`");
            return [];
        }

        return value.Items.Select((node, index) => (node, index));
    }

    private YamlNode? Scalar(string key)
    {
        if (Know(key) is not { Value: { IsNull: false } value })
        {
            return null;
        }

        if (value.Text is null)
        {
            Error(key, $"must be a single value, but is {value.Kind}", "write the value behind the colon");
            return null;
        }

        return value.Unresolved ? null : value;
    }

    private bool InRange<T>(string key, T value, T min, T max) where T : IComparable<T>
    {
        if (value.CompareTo(min) >= 0 && value.CompareTo(max) <= 0)
        {
            return true;
        }

        Error(key, $"{Written(key)} is out of range", string.Create(CultureInfo.InvariantCulture, $"choose {min} to {max}"));
        return false;
    }

    private static bool Holds(YamlNode node, Func<YamlNode, bool> what) =>
        what(node) || (node.Entries?.Exists(e => Holds(e.Value, what)) ?? false) || (node.Items?.Exists(i => Holds(i, what)) ?? false);

    private YamlEntry? Know(string key)
    {
        _known.Add(key);
        return _node.Find(key);
    }

    /// <summary>The first that says more than that there is such a key counts.</summary>
    private void Describe(string key, ComponentKeyType type, string? byDefault = null, string? min = null, string? max = null, IReadOnlyList<string>? allowed = null)
    {
        if (_described is null)
        {
            return;
        }

        var described = new ComponentKey(PathOf(key), type, byDefault, min, max, allowed ?? []);
        var at = _described.FindIndex(k => k.Key == described.Key);
        if (at < 0)
        {
            _described.Add(described);
        }
        else if (_described[at].Type is ComponentKeyType.Any or ComponentKeyType.Text && type is not (ComponentKeyType.Any or ComponentKeyType.Text))
        {
            _described[at] = described;
        }
    }

    private static string Invariant<T>(T value) where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private string PathOf(string key) => Path.Length == 0 ? key : $"{Path}.{key}";

    private void Error(int line, string path, string message, string remedy) => Errors.Add(new(line, path, message, remedy));
}
