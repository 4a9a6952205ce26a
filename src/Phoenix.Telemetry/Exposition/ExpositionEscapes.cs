namespace Phoenix.Telemetry;

/// <summary>Escapes of the exposition formats: <c>\n</c>, <c>\\</c> and <c>\"</c>; another backslash stands for itself.</summary>
internal static class ExpositionEscapes
{
    /// <param name="pair">A backslash and what follows it.</param>
    public static void AppendUnescaped(this ProtoBuffer text, ReadOnlySpan<byte> pair)
    {
        switch (pair[1])
        {
            case (byte)'n':
                text.Append("\n"u8);
                break;
            case (byte)'\\' or (byte)'"':
                text.Append(pair[1..]);
                break;
            default:
                text.Append(pair);
                break;
        }
    }

    /// <summary>Appends a help text without its escapes.</summary>
    public static void AppendHelp(this ProtoBuffer text, ReadOnlySpan<byte> help)
    {
        while (help.IndexOf((byte)'\\') is var at and >= 0 && at + 1 < help.Length)
        {
            text.Append(help[..at]);
            text.AppendUnescaped(help.Slice(at, 2));
            help = help[(at + 2)..];
        }

        text.Append(help);
    }

    /// <summary>Appends a label value or help text with its escapes.</summary>
    /// <param name="quotes">Whether quotation marks are escaped too.</param>
    public static void AppendEscaped(this ProtoBuffer text, ReadOnlySpan<byte> plain, bool quotes)
    {
        while (true)
        {
            var at = quotes ? plain.IndexOfAny((byte)'\\', (byte)'\n', (byte)'"') : plain.IndexOfAny((byte)'\\', (byte)'\n');
            if (at < 0)
                break;
            text.Append(plain[..at]);
            text.Append(plain[at] switch { (byte)'\n' => "\\n"u8, (byte)'"' => "\\\""u8, _ => "\\\\"u8 });
            plain = plain[(at + 1)..];
        }

        text.Append(plain);
    }
}
