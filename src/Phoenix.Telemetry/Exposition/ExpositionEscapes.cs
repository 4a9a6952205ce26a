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
}
