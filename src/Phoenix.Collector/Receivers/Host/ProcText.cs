using System.Buffers.Text;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>Reads the words and lines of files in /proc.</summary>
internal ref struct ProcText(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>Takes the next line, without its end.</summary>
    public bool NextLine(out ReadOnlySpan<byte> line)
    {
        if (_rest.IsEmpty)
        {
            line = default;
            return false;
        }

        var end = _rest.IndexOf((byte)'\n');
        line = end < 0 ? _rest : _rest[..end];
        _rest = end < 0 ? default : _rest[(end + 1)..];
        return true;
    }

    /// <summary>Takes the next word; empty at the end.</summary>
    public ReadOnlySpan<byte> NextWord()
    {
        _rest = _rest.TrimStart(" \t\n"u8);
        var end = _rest.IndexOfAny(" \t\n"u8);
        var word = end < 0 ? _rest : _rest[..end];
        _rest = _rest[word.Length..];
        return word;
    }

    /// <summary>Takes the next word as a number; 0 where it is none.</summary>
    public long NextNumber() => Utf8Parser.TryParse(NextWord(), out long value, out _) ? value : 0;

    public double NextDouble() => Utf8Parser.TryParse(NextWord(), out double value, out _) ? value : 0;

    public void Skip(int words)
    {
        for (; words > 0; words--)
        {
            NextWord();
        }
    }
}
