namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>The <c># HELP</c>, <c># TYPE</c> and <c># UNIT</c> lines of the family that is being read.</summary>
internal sealed class FamilyDeclaration
{
    private readonly List<(byte[] Keyword, byte[] Text)> _lines = [];
    private byte[] _name = [];

    /// <summary>Rises with each family, so that what was written for one is told from what was written for the next.</summary>
    public int Number { get; private set; }

    /// <summary>Whether a type is declared: its samples belong together, and must be converted together.</summary>
    public bool HasType { get; private set; }

    /// <summary>Takes a comment.</summary>
    /// <returns>Whether it began another family.</returns>
    public bool Take(ReadOnlySpan<byte> comment)
    {
        var keyword = Word(ref comment);
        if (!keyword.SequenceEqual("HELP"u8) && !keyword.SequenceEqual("TYPE"u8) && !keyword.SequenceEqual("UNIT"u8))
        {
            return false;
        }

        var name = Word(ref comment);
        var another = !name.SequenceEqual(_name);
        if (another)
        {
            Begin(name);
        }

        HasType |= keyword.SequenceEqual("TYPE"u8);
        _lines.Add((keyword.ToArray(), comment.ToArray()));
        return another;
    }

    /// <summary>A sample that is not of the family ends it.</summary>
    public void Meet(ReadOnlySpan<byte> series)
    {
        if (_name.Length > 0 && !series.StartsWith(_name))
        {
            Begin(default);
        }
    }

    /// <summary>Makes sure that the lines stand before what is appended to the resource next.</summary>
    /// <param name="series">The series as exposed.</param>
    /// <param name="renamed">The series as it will be written.</param>
    public void WriteTo(ScrapeResource resource, ReadOnlySpan<byte> series, ReadOnlySpan<byte> renamed)
    {
        var name = NameFor(series, renamed);
        if (resource.Family == Number && name.SequenceEqual(resource.FamilyName))
        {
            return;
        }

        (resource.Family, resource.FamilyName) = (Number, name.ToArray());
        if (name.IsEmpty)
        {
            return;
        }

        foreach (var (keyword, text) in _lines)
        {
            resource.Append("# "u8);
            resource.Append(keyword);
            resource.Append(" "u8);
            resource.Append(name);
            resource.Append(text);
            resource.Append("\n"u8);
        }
    }

    /// <summary>The family's name where its series got other names: what a rule made of it, so that it keeps its type.</summary>
    private ReadOnlySpan<byte> NameFor(ReadOnlySpan<byte> series, ReadOnlySpan<byte> renamed)
    {
        var exposed = Name(series);
        var now = Name(renamed);
        if (now.SequenceEqual(exposed) || _name.Length == 0)
        {
            return _name;
        }

        var suffix = exposed[_name.Length..];
        return now.EndsWith(suffix) ? now[..^suffix.Length] : default;
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> series)
    {
        var end = series.IndexOfAny((byte)'{', (byte)' ');
        return end < 0 ? series : series[..end];
    }

    private static ReadOnlySpan<byte> Word(ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t"u8);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        var word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }

    private void Begin(ReadOnlySpan<byte> name)
    {
        _lines.Clear();
        _name = name.ToArray();
        HasType = false;
        Number++;
    }
}
