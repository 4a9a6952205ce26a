using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>The part of a sample line that names its series, <c>name{label="value",…}</c>: found, read and written.</summary>
internal static class SeriesText
{
    private static readonly SearchValues<byte> NameEnd = SearchValues.Create("{ \t"u8);

    /// <summary>Bytes of the series at the beginning of a line.</summary>
    /// <returns>-1 where a brace or a quote is not closed.</returns>
    public static int Length(ReadOnlySpan<byte> line)
    {
        var at = line.IndexOfAny(NameEnd);
        if (at < 0)
        {
            return line.Length;
        }

        var name = at;
        while (at < line.Length && line[at] is (byte)' ' or (byte)'\t')
        {
            at++;
        }

        if (at == line.Length || line[at] != (byte)'{')
        {
            return name;
        }

        while (true)
        {
            var next = line[at..].IndexOfAny((byte)'"', (byte)'}');
            if (next < 0)
            {
                return -1;
            }

            at += next + 1;
            if (line[at - 1] == (byte)'}')
            {
                return at;
            }

            while ((next = line[at..].IndexOfAny((byte)'"', (byte)'\\')) >= 0 && line[at + next] == (byte)'\\')
            {
                at = Math.Min(at + next + 2, line.Length);
            }

            if (next < 0)
            {
                return -1;
            }

            at += next + 1;
        }
    }

    /// <summary>Reads name and labels, unescaped.</summary>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Read(ReadOnlySpan<byte> series, LabelSet labels)
    {
        var brace = series.IndexOf((byte)'{');
        labels[LabelSet.MetricName] = Text(brace < 0 ? series : series[..brace]);
        if (brace < 0)
        {
            return null;
        }

        var rest = series[(brace + 1)..^1].Trim(" \t"u8);
        while (!rest.IsEmpty)
        {
            // A name in quotes (UTF-8 names), or the metric's own name, which stands in quotes without a value.
            var quoted = rest[0] == (byte)'"';
            var equals = quoted ? 0 : rest.IndexOf((byte)'=');
            if (equals < 0)
            {
                return "= is missing after a label name";
            }

            var name = quoted ? Unquote(ref rest) : Text(rest[..equals].Trim(" \t"u8));
            rest = quoted ? rest.TrimStart(" \t"u8) : rest[equals..];
            if (name is null)
            {
                return "a label name is not closed by \"";
            }

            if (!rest.IsEmpty && rest[0] == (byte)'=')
            {
                rest = rest[1..].TrimStart(" \t"u8);
                if (rest.IsEmpty || rest[0] != (byte)'"' || Unquote(ref rest) is not { } value)
                {
                    return $"the value of the label {name} is not in quotes";
                }

                if (labels.Has(name))
                {
                    return $"the label {name} is given twice";
                }

                labels[name] = value;
            }
            else
            {
                labels[LabelSet.MetricName] = name;
            }

            rest = rest.TrimStart(" \t"u8);
            if (!rest.IsEmpty && rest[0] != (byte)',')
            {
                return "a comma is missing between labels";
            }

            rest = rest.IsEmpty ? rest : rest[1..].TrimStart(" \t"u8);
        }

        return labels.Has(LabelSet.MetricName) ? null : "the metric's name is missing";
    }

    /// <summary>Writes name and labels, all but those that are said elsewhere.</summary>
    public static byte[] Write(LabelSet labels, Predicate<string> leaveOut)
    {
        var text = new StringBuilder(labels[LabelSet.MetricName]);
        var separator = '{';
        foreach (var (name, value) in labels.Items)
        {
            if (name != LabelSet.MetricName && !leaveOut(name))
            {
                text.Append(separator).Append(name).Append("=\"")
                    .Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                    .Append('"');
                separator = ',';
            }
        }

        return Encoding.UTF8.GetBytes(separator == ',' ? text.Append('}').ToString() : text.ToString());
    }

    /// <summary>Whether a word is a number as expositions write them.</summary>
    public static bool IsNumber(ReadOnlySpan<byte> word)
    {
        var digits = !word.IsEmpty && word[0] is (byte)'+' or (byte)'-' ? word[1..] : word;
        return (Utf8Parser.TryParse(digits, out double _, out var used) && used == digits.Length && digits.Length > 0 && digits[0] is not ((byte)'+' or (byte)'-'))
            || Ascii.EqualsIgnoreCase(digits, "inf"u8) || Ascii.EqualsIgnoreCase(digits, "infinity"u8) || Ascii.EqualsIgnoreCase(digits, "nan"u8);
    }

    private static string? Unquote(ref ReadOnlySpan<byte> rest)
    {
        rest = rest[1..];
        var text = new ArrayBufferWriter<byte>(Math.Max(rest.Length, 1));
        while (true)
        {
            var stop = rest.IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0 || (rest[stop] == (byte)'\\' && stop + 1 == rest.Length))
            {
                return null;
            }

            text.Write(rest[..stop]);
            if (rest[stop] == (byte)'"')
            {
                rest = rest[(stop + 1)..];
                return Text(text.WrittenSpan);
            }

            text.Write(rest[stop + 1] switch
            {
                (byte)'n' => "\n"u8,
                (byte)'\\' => "\\"u8,
                (byte)'"' => "\""u8,
                _ => rest.Slice(stop, 2),
            });
            rest = rest[(stop + 2)..];
        }
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);
}
