using System.Buffers.Text;

namespace Phoenix.Telemetry;

/// <summary>A label of a sample, as positions in the parser's store of unescaped names and values.</summary>
internal readonly record struct LabelRange(int Name, int NameLength, int Value, int ValueLength);

/// <summary>One sample line, taken apart. Reused for every line.</summary>
internal sealed class ExpositionLine
{
    private readonly ProtoBuffer text = new();

    public List<LabelRange> Labels { get; } = [];

    public double Value { get; private set; }

    /// <summary>Milliseconds; null where the line has no timestamp.</summary>
    public long? Milliseconds { get; private set; }

    public ReadOnlySpan<byte> Text(int start, int length) => text.Span.Slice(start, length);

    /// <returns>Null, or why the line cannot be read.</returns>
    public string? Read(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> name)
    {
        text.Clear();
        Labels.Clear();
        Milliseconds = null;
        var end = 0;
        while (end < line.Length && IsNameByte(line[end], end == 0))
            end++;
        name = line[..end];
        if (end == 0)
            return "a metric name is missing";
        var rest = TrimStart(line[end..]);
        if (rest.Length > 0 && rest[0] == (byte)'{')
        {
            var problem = ReadLabels(rest[1..], out var taken);
            if (problem is not null)
                return problem;
            rest = rest[(1 + taken)..];
        }
        else if (rest.Length == line.Length - end)
        {
            return "no space after the metric name";
        }

        var value = Word(ref rest);
        if (!TryNumber(value, out var number))
            return "the value is not a number";
        Value = number;
        var stamp = Word(ref rest);
        if (stamp.Length == 0 || stamp[0] == (byte)'#')
            return null;
        if (!Utf8Parser.TryParse(stamp, out long milliseconds, out var used) || used != stamp.Length)
            return "the timestamp is not a whole number of milliseconds";
        Milliseconds = milliseconds;
        return TrimStart(rest) is { Length: > 0 } tail && tail[0] != (byte)'#' ? "text after the timestamp" : null;
    }

    public static bool IsNameByte(byte b, bool first) =>
        b is >= (byte)'a' and <= (byte)'z' or >= (byte)'A' and <= (byte)'Z' or (byte)'_' or (byte)':' || (!first && b is >= (byte)'0' and <= (byte)'9');

    public static bool TryNumber(ReadOnlySpan<byte> word, out double number)
    {
        var digits = word.Length > 0 && word[0] == (byte)'+' ? word[1..] : word;
        if (Utf8Parser.TryParse(digits, out number, out var used) && used == digits.Length)
            return true;
        var negative = word.Length > 0 && word[0] == (byte)'-';
        if (negative)
            digits = word[1..];
        number = IsWord(digits, "inf"u8) || IsWord(digits, "infinity"u8) ? (negative ? double.NegativeInfinity : double.PositiveInfinity) : double.NaN;
        return double.IsInfinity(number) || IsWord(word, "nan"u8);
    }

    public static ReadOnlySpan<byte> Word(ref ReadOnlySpan<byte> rest)
    {
        rest = TrimStart(rest);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        if (end < 0)
            end = rest.Length;
        var word = rest[..end];
        rest = rest[end..];
        return word;
    }

    public static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text)
    {
        var n = 0;
        while (n < text.Length && text[n] is (byte)' ' or (byte)'\t')
            n++;
        return text[n..];
    }

    private static bool IsWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) =>
        text.Length == lower.Length && System.Text.Ascii.EqualsIgnoreCase(text, lower);

    private string? ReadLabels(ReadOnlySpan<byte> line, out int taken)
    {
        taken = 0;
        var rest = TrimStart(line);
        while (rest.Length > 0 && rest[0] != (byte)'}')
        {
            var nameEnd = 0;
            while (nameEnd < rest.Length && IsNameByte(rest[nameEnd], nameEnd == 0))
                nameEnd++;
            if (nameEnd == 0)
                return "a label name is missing";
            var nameStart = text.Length;
            text.Append(rest[..nameEnd]);
            rest = TrimStart(rest[nameEnd..]);
            if (rest.Length == 0 || rest[0] != (byte)'=')
                return "= is missing after a label name";
            rest = TrimStart(rest[1..]);
            if (rest.Length == 0 || rest[0] != (byte)'"')
                return "a label value is not quoted";
            var valueStart = text.Length;
            var problem = ReadQuoted(ref rest);
            if (problem is not null)
                return problem;
            if (text.Length > valueStart)
                Labels.Add(new LabelRange(nameStart, nameEnd, valueStart, text.Length - valueStart));
            rest = TrimStart(rest);
            if (rest.Length > 0 && rest[0] == (byte)',')
                rest = TrimStart(rest[1..]);
            else if (rest.Length > 0 && rest[0] != (byte)'}')
                return "a comma is missing between labels";
        }

        if (rest.Length == 0)
            return "the labels are not closed by }";
        taken = line.Length - rest.Length + 1;
        return null;
    }

    private string? ReadQuoted(ref ReadOnlySpan<byte> rest)
    {
        rest = rest[1..];
        while (true)
        {
            var stop = rest.IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0)
                return "a label value is not closed by \"";
            text.Append(rest[..stop]);
            if (rest[stop] == (byte)'"')
            {
                rest = rest[(stop + 1)..];
                return null;
            }

            if (stop + 1 >= rest.Length)
                return "a label value ends in a backslash";
            switch (rest[stop + 1])
            {
                case (byte)'n':
                    text.Append("\n"u8);
                    break;
                case (byte)'\\' or (byte)'"':
                    text.Append(rest.Slice(stop + 1, 1));
                    break;
                default:
                    text.Append(rest.Slice(stop, 2));
                    break;
            }

            rest = rest[(stop + 2)..];
        }
    }
}
