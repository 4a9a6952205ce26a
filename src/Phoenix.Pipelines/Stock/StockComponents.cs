using System.Collections.Frozen;
using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Stock;

/// <summary>
/// The table of real component names and keys of the OpenTelemetry Collector, as read in its source: what Phoenix renders
/// into a stock collector's configuration, and what it takes over from one. <c>stock-components.tsv</c> names the versions.
/// </summary>
internal static class StockComponents
{
    private static readonly string[] Columns = ["kind", "type", "key", "value", "read", "file"];

    public static readonly IReadOnlyList<StockKey> All = [.. Read()];

    private static readonly FrozenDictionary<(string Kind, string Type, string Key), StockKey> Keys =
        All.ToFrozenDictionary(k => (k.Kind, k.Type, k.Key));

    private static readonly FrozenDictionary<string, string> OldNames =
        All.Where(k => k.Kind == "alias").ToFrozenDictionary(k => k.Type, k => k.Key);

    /// <summary>Types of exporters whose keys the table has, under their new and their old names.</summary>
    public static IReadOnlySet<string> Exporters { get; } =
        All.Where(k => k.Kind == "exporter").SelectMany(k => new[] { k.Type, OldName(k.Type) }).ToFrozenSet();

    /// <summary>
    /// The name under which every version since the oldest accepted knows the type: <c>otlp</c> for <c>otlp_grpc</c>, which
    /// is what Phoenix calls it too.
    /// </summary>
    public static string OldName(string type) => OldNames.GetValueOrDefault(type, type);

    /// <summary>The id with its type under its old name: <c>otlphttp/eu</c> for <c>otlp_http/eu</c>.</summary>
    public static string OldId(string id)
    {
        var type = TypeOf(id);
        return OldName(type) + id[type.Length..];
    }

    public static string TypeOf(string id) => id.Split('/')[0];

    /// <summary>The key of a component; null where the table has none such.</summary>
    /// <param name="key">Dotted, indices left out.</param>
    public static StockKey? Find(string kind, string type, string key) =>
        Keys.GetValueOrDefault((kind, type, key)) ?? (OldNames.FirstOrDefault(n => n.Value == type).Key is { } newName ? Keys.GetValueOrDefault((kind, newName, key)) : null);

    /// <summary>Reports every key of a component's section that the stock collector does not have.</summary>
    public static void Check(string kind, string id, string path, YamlNode section, List<ConfigurationIssue> errors) =>
        Check(kind, TypeOf(id), path, "", section, errors);

    private static void Check(string kind, string type, string path, string above, YamlNode section, List<ConfigurationIssue> errors)
    {
        foreach (var entry in section.Entries ?? [])
        {
            var key = above + entry.Key;
            if (Find(kind, type, key) is not { } known)
            {
                var siblings = All.Where(k => k.Kind == kind && OldName(k.Type) == OldName(type) && k.Key.StartsWith(above, StringComparison.Ordinal))
                    .Select(k => k.Key[above.Length..]).Where(k => k != "-" && !k.Contains('.')).ToList();
                errors.Add(new(entry.Line, $"{path}.{key}", "is no key of the stock collector, which would not start with it", Suggestion.For(entry.Key, siblings)));
            }
            else if (known.Value == "map")
            {
                Check(kind, type, path, key + ".", entry.Value, errors);
            }
        }
    }

    private static IEnumerable<StockKey> Read()
    {
        using var stream = typeof(StockComponents).Assembly.GetManifestResourceStream("stock-components.tsv")
            ?? throw new InvalidOperationException("The table of stock components is not part of this build.");
        using var reader = new StreamReader(stream);
        var header = true;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var cells = line.Split('\t');
            if (header ? !cells.SequenceEqual(Columns) : cells.Length != Columns.Length)
            {
                throw new InvalidDataException($"stock-components.tsv has a line that is no row of {string.Join(", ", Columns)}: {line}");
            }

            if (!header)
            {
                yield return new StockKey(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5]);
            }

            header = false;
        }
    }
}

/// <summary>One row of the table.</summary>
/// <param name="Kind">exporter, processor, connector, service, metric, or alias: an older name of a type.</param>
/// <param name="Key">Dotted key below the component; the older name in an alias; <c>-</c> for a component without keys.</param>
/// <param name="Value">string, int, number, bool, duration, list, map, or any where deeper keys are not listed.</param>
/// <param name="Read">Repository and version that it was read in.</param>
/// <param name="File">Path in that repository.</param>
internal sealed record StockKey(string Kind, string Type, string Key, string Value, string Read, string File);
