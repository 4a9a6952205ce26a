using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Phoenix.Pipelines.Yaml;

/// <summary>
/// Reads one YAML document into nodes with lines: anchors, aliases and <c>&lt;&lt;</c> merges resolved, duplicate keys refused.
/// Built on the parser's events, since the object mappers report errors without a usable place.
/// </summary>
internal sealed class YamlReader
{
    // A collector configuration is a few hundred nodes. The bounds keep a hostile document (deep nesting, alias bombs)
    // from costing more than its size.
    private const int MaxDepth = 64;
    private const long MaxWeight = 200_000;

    private readonly Parser _parser;
    private readonly EnvironmentExpansion? _expansion;
    private readonly List<ConfigurationIssue> _errors;
    private readonly Dictionary<string, YamlNode> _anchors = [];

    private YamlReader(string yaml, EnvironmentExpansion? expansion, List<ConfigurationIssue> errors)
    {
        _parser = new Parser(new Scanner(new StringReader(yaml)));
        _expansion = expansion;
        _errors = errors;
    }

    /// <returns>The document's root, or null where the text is no YAML; the reason is then among the errors.</returns>
    public static YamlNode? Read(string yaml, EnvironmentExpansion expansion, List<ConfigurationIssue> errors) => TryRead(yaml, expansion, errors);

    /// <summary>Reads a document in which <c>${…}</c> has no meaning.</summary>
    public static YamlNode? ReadLiteral(string yaml, List<ConfigurationIssue> errors) => TryRead(yaml, null, errors);

    private static YamlNode? TryRead(string yaml, EnvironmentExpansion? expansion, List<ConfigurationIssue> errors)
    {
        try
        {
            return new YamlReader(yaml, expansion, errors).Document();
        }
        catch (YamlException e)
        {
            errors.Add(new((int)e.Start.Line, "(file)", $"not valid YAML: {e.Message}", $"correct the YAML near column {e.Start.Column}"));
            return null;
        }
    }

    private YamlNode? Document()
    {
        _parser.Consume<StreamStart>();
        if (!_parser.TryConsume<DocumentStart>(out _))
        {
            _errors.Add(new(0, "(file)", "the configuration is empty", "write at least receivers, exporters and service.pipelines.metrics"));
            return null;
        }

        var root = Value("", 0);
        _parser.Consume<DocumentEnd>();
        if (_parser.TryConsume<DocumentStart>(out var second))
        {
            _errors.Add(new((int)second.Start.Line, "(file)", "the file holds more than one YAML document", "keep one document and remove the `---` line"));
        }

        return root;
    }

    private YamlNode Value(string path, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested deeper than {MaxDepth} levels");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            return _anchors.TryGetValue(alias.Value.Value, out var target)
                ? target
                : throw new YamlException(alias.Start, alias.End, $"the alias *{alias.Value.Value} has no anchor &{alias.Value.Value} before it");
        }

        var start = _parser.Current!.Start;
        var anchor = _parser.Current is NodeEvent named && !named.Anchor.IsEmpty ? named.Anchor.Value : null;
        var node = _parser.TryConsume<Scalar>(out var scalar) ? ScalarNode(scalar, path)
            : _parser.TryConsume<SequenceStart>(out _) ? Sequence(start, path, depth)
            : Mapping(path, depth);
        if (node.Weight > MaxWeight)
        {
            throw new YamlException(start, start, $"more than {MaxWeight} values once aliases are written out");
        }

        // Registered only when complete, so that an alias inside its own anchor is an error instead of a cycle.
        if (anchor is not null)
        {
            _anchors[anchor] = node;
        }

        return node;
    }

    private YamlNode ScalarNode(Scalar scalar, string path)
    {
        var line = (int)scalar.Start.Line;
        var (text, unresolved) = _expansion?.Expand(scalar.Value, line, path, _errors) ?? (scalar.Value, false);
        return new YamlNode { Line = line, Text = text, Raw = scalar.Value, Plain = scalar.IsPlainImplicit, Unresolved = unresolved, Weight = 1 };
    }

    private YamlNode Sequence(Mark start, string path, int depth)
    {
        var items = new List<YamlNode>();
        var weight = 1L;
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            var item = Value($"{path}[{items.Count}]", depth + 1);
            weight += item.Weight;
            items.Add(item);
        }

        return new YamlNode { Line = (int)start.Line, Items = items, Weight = weight };
    }

    private YamlNode Mapping(string path, int depth)
    {
        var start = _parser.Consume<MappingStart>().Start;
        var entries = new List<YamlEntry>();
        var merges = new List<YamlNode>();
        var weight = 1L;
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            if (!_parser.TryConsume<Scalar>(out var key))
            {
                throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key must be a single value");
            }

            var line = (int)key.Start.Line;
            var keyPath = path.Length == 0 ? key.Value : $"{path}.{key.Value}";
            var value = Value(keyPath, depth + 1);
            weight += value.Weight;
            if (key.Value == "<<" && key.IsPlainImplicit)
            {
                merges.AddRange(value.Items ?? [value]);
            }
            else if (entries.Find(e => e.Key == key.Value) is { } first)
            {
                _errors.Add(new(line, keyPath, $"the key is given twice, first on line {first.Line}", "keep one of the two"));
            }
            else
            {
                entries.Add(new YamlEntry(key.Value, line, value, key.IsPlainImplicit));
            }
        }

        foreach (var merge in merges)
        {
            if (merge.Entries is null)
            {
                _errors.Add(new(merge.Line, path, "`<<` merges something that is no mapping", "let `<<` name an anchor of a mapping"));
                continue;
            }

            // Own keys win over merged ones, earlier merges over later ones (YAML 1.1 merge key).
            entries.AddRange(merge.Entries.Where(inherited => !entries.Exists(e => e.Key == inherited.Key)).ToList());
        }

        return new YamlNode { Line = (int)start.Line, Entries = entries, Weight = weight };
    }
}
