namespace Phoenix.Pipelines.Yaml;

/// <summary>New nodes, and changed copies of read ones. Nodes may be shared through anchors, so none is changed in place.</summary>
internal static class YamlEdit
{
    public static YamlNode Mapping(params ReadOnlySpan<(string Key, YamlNode Value)> entries)
    {
        var list = new List<YamlEntry>(entries.Length);
        foreach (var (key, value) in entries)
        {
            list.Add(new YamlEntry(key, 0, value));
        }

        return new YamlNode { Line = 0, Weight = 1, Entries = list };
    }

    public static YamlNode Sequence(params IEnumerable<YamlNode> items) => new() { Line = 0, Weight = 1, Items = [.. items] };

    /// <summary>A value without quotes: a word, a number, true or false, or a variable.</summary>
    public static YamlNode Plain(string text) => new() { Line = 0, Weight = 1, Text = text, Raw = text, Plain = true };

    /// <summary>The mapping with this key's value, which takes the old one's place or comes last. An empty node counts as a mapping.</summary>
    public static YamlNode With(this YamlNode mapping, string key, YamlNode value)
    {
        var entries = new List<YamlEntry>(mapping.Entries ?? []);
        var at = entries.FindIndex(e => e.Key == key);
        if (at < 0)
        {
            entries.Add(new YamlEntry(key, 0, value));
        }
        else
        {
            entries[at] = entries[at] with { Value = value };
        }

        return Copy(mapping, entries);
    }

    /// <summary>The mapping without the keys that the condition names.</summary>
    public static YamlNode Without(this YamlNode mapping, Func<string, bool> condition) =>
        Copy(mapping, [.. (mapping.Entries ?? []).Where(e => !condition(e.Key))]);

    /// <summary>The value below the keys; null where there is none.</summary>
    public static YamlNode? At(this YamlNode node, params ReadOnlySpan<string> keys)
    {
        var found = node;
        foreach (var key in keys)
        {
            if (found.Find(key) is not { } entry)
            {
                return null;
            }

            found = entry.Value;
        }

        return found;
    }

    private static YamlNode Copy(YamlNode original, List<YamlEntry> entries) =>
        new() { Line = original.Line, Weight = original.Weight, Entries = entries };
}
