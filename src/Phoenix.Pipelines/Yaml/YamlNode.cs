namespace Phoenix.Pipelines.Yaml;

/// <summary>A YAML value that knows where it stands: the line of the value and, inside a mapping, of its key.</summary>
internal sealed class YamlNode
{
    /// <summary>1-based line of the value.</summary>
    public required int Line { get; init; }

    /// <summary>The text of a scalar after expansion of <c>${env:…}</c>; null for mappings, sequences and empty values.</summary>
    public string? Text { get; init; }

    /// <summary>The text of a scalar as written.</summary>
    public string? Raw { get; init; }

    /// <summary>True where the scalar carries no quotes, so that it may be a number, a boolean or null.</summary>
    public bool Plain { get; init; }

    /// <summary>True where a variable could not be resolved and the caller said that this is no error.</summary>
    public bool Unresolved { get; init; }

    /// <summary>Entries in the order of the file; null where this is no mapping.</summary>
    public List<YamlEntry>? Entries { get; init; }

    /// <summary>Items; null where this is no sequence.</summary>
    public List<YamlNode>? Items { get; init; }

    /// <summary>Nodes that this one stands for with every alias written out. Bounds what an alias bomb could cost.</summary>
    public required long Weight { get; init; }

    public bool IsNull => !Unresolved && Entries is null && Items is null && (Text is null || (Plain && Text is "" or "~" or "null"));

    public string Kind => Entries is not null ? "a mapping" : Items is not null ? "a list" : IsNull ? "empty" : "a single value";

    public YamlEntry? Find(string key)
    {
        if (Entries is not null)
        {
            foreach (var entry in Entries)
            {
                if (entry.Key == key)
                {
                    return entry;
                }
            }
        }

        return null;
    }
}

/// <param name="PlainKey">True where the key carries no quotes.</param>
internal sealed record YamlEntry(string Key, int Line, YamlNode Value, bool PlainKey = true);
