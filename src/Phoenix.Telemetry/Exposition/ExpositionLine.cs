using System.Buffers.Text;
using System.IO.Hashing;
using System.Text.Unicode;

namespace Phoenix.Telemetry;

/// <summary>A label of a sample, as positions in the parser's store of unescaped names and values.</summary>
internal readonly record struct LabelRange(int Name, int NameLength, int Value, int ValueLength);

/// <summary>One sample line, taken apart. Reused for every line.</summary>
internal sealed class ExpositionLine
{
    // Up to here names are compared with each other; a line with more is checked by hashes.
    private const int FewLabels = 32;

    private readonly ProtoBuffer text = new();
    private readonly HashSet<UInt128> names = [];
    private int lineLength;

    public List<LabelRange> Labels { get; } = [];

    public double Value { get; private set; }

    /// <summary>Null where the line has no timestamp.</summary>
    public ulong? UnixNanos { get; private set; }

    public bool HasExemplar { get; private set; }

    public List<LabelRange> ExemplarLabels { get; } = [];

    public double ExemplarValue { get; private set; }

    /// <summary>0 where the exemplar has no timestamp.</summary>
    public ulong ExemplarUnixNanos { get; private set; }

    /// <summary>Byte in the line, from 1, at which reading stopped.</summary>
    public int Column { get; private set; }

    public ReadOnlySpan<byte> Text(LabelRange label, bool value) =>
        value ? text.Span.Slice(label.Value, label.ValueLength) : text.Span.Slice(label.Name, label.NameLength);

    /// <param name="name">Of the metric; it lies in the line or, where it was quoted, in this line's store.</param>
    /// <returns>Null, or why the line cannot be read.</returns>
    public string? Read(ReadOnlySpan<byte> line, ExpositionFormat format, out ReadOnlySpan<byte> name)
    {
        text.Clear();
        Labels.Clear();
        ExemplarLabels.Clear();
        (UnixNanos, HasExemplar, lineLength) = (null, false, line.Length);
        name = default;
        if (!Utf8.IsValid(line))
            return Fault(line, "the line is no UTF-8");
        var end = 0;
        while (end < line.Length && IsNameByte(line[end], end == 0))
            end++;
        var rest = TrimStart(line[end..]);
        var quotedName = default(LabelRange);
        if (rest.Length > 0 && rest[0] == (byte)'{')
        {
            rest = rest[1..];
            if (ReadLabels(ref rest, Labels, end == 0, ref quotedName) is { } problem)
                return Fault(rest, problem);
        }
        else if (end > 0 && rest.Length == line.Length - end)
        {
            return Fault(rest, "no space after the metric name");
        }

        if (end == 0 && quotedName.NameLength == 0)
            return Fault(line, "a metric name is missing");
        var fault = ReadNumbers(ref rest, format);
        // Only now: the store may have moved while it grew.
        name = end > 0 ? line[..end] : Text(quotedName, value: false);
        return fault;
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

    /// <summary>Seconds with a fraction, as OpenMetrics writes timestamps, to the nanosecond.</summary>
    public static bool TrySeconds(ReadOnlySpan<byte> word, out ulong unixNanos)
    {
        const decimal Limit = ulong.MaxValue / 1_000_000_000m;
        unixNanos = 0;
        if (!Utf8Parser.TryParse(word, out decimal seconds, out var used) || used != word.Length || seconds < 0 || seconds > Limit)
            return false;
        unixNanos = (ulong)(seconds * 1_000_000_000);
        return true;
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

    private string? ReadNumbers(ref ReadOnlySpan<byte> rest, ExpositionFormat format)
    {
        rest = TrimStart(rest);
        var before = rest;
        if (!TryNumber(Word(ref rest), out var number))
            return Fault(before, "the value is not a number");
        Value = number;
        rest = TrimStart(rest);
        before = rest;
        if (rest.Length > 0 && rest[0] != (byte)'#')
        {
            if (!TryTime(Word(ref rest), format, out var time))
            {
                return Fault(before, format == ExpositionFormat.Text
                    ? "the timestamp is not a whole number of milliseconds since 1970" : "the timestamp is not a number of seconds since 1970");
            }

            UnixNanos = time;
            rest = TrimStart(rest);
        }

        if (rest.Length == 0)
            return null;
        if (rest[0] != (byte)'#')
            return Fault(rest, "text after the timestamp");
        // In the older format what follows is a comment.
        return format == ExpositionFormat.OpenMetrics ? ReadExemplar(rest[1..]) : null;
    }

    private string? ReadExemplar(ReadOnlySpan<byte> rest)
    {
        rest = TrimStart(rest);
        if (rest.Length == 0 || rest[0] != (byte)'{')
            return Fault(rest, "an exemplar does not begin with {");
        rest = rest[1..];
        var none = default(LabelRange);
        if (ReadLabels(ref rest, ExemplarLabels, nameless: false, ref none) is { } problem)
            return Fault(rest, problem);
        rest = TrimStart(rest);
        var before = rest;
        if (!TryNumber(Word(ref rest), out var value))
            return Fault(before, "the value of the exemplar is not a number");
        rest = TrimStart(rest);
        before = rest;
        ulong time = 0;
        if (rest.Length > 0 && !TrySeconds(Word(ref rest), out time))
            return Fault(before, "the timestamp of the exemplar is not a number of seconds since 1970");
        if (TrimStart(rest).Length > 0)
            return Fault(TrimStart(rest), "text after the exemplar");
        (HasExemplar, ExemplarValue, ExemplarUnixNanos) = (true, value, time);
        return null;
    }

    private static bool TryTime(ReadOnlySpan<byte> stamp, ExpositionFormat format, out ulong unixNanos)
    {
        unixNanos = 0;
        return format == ExpositionFormat.OpenMetrics
            ? TrySeconds(stamp, out unixNanos)
            : Utf8Parser.TryParse(stamp, out long milliseconds, out var used) && used == stamp.Length && PrometheusTime.TryNanoseconds(milliseconds, out unixNanos);
    }

    /// <param name="nameless">The first entry may be the metric's name, quoted.</param>
    private string? ReadLabels(ref ReadOnlySpan<byte> rest, List<LabelRange> labels, bool nameless, ref LabelRange quotedName)
    {
        rest = TrimStart(rest);
        while (rest.Length > 0 && rest[0] != (byte)'}')
        {
            var nameStart = text.Length;
            var quoted = rest[0] == (byte)'"';
            if (ReadName(ref rest, quoted) is { } problem)
                return problem;
            var nameLength = text.Length - nameStart;
            rest = TrimStart(rest);
            if (quoted && nameless && quotedName.NameLength == 0 && (rest.Length == 0 || rest[0] != (byte)'='))
                quotedName = new LabelRange(nameStart, nameLength, nameStart, 0);
            else if (ReadValue(ref rest, labels, nameStart, nameLength) is { } fault)
                return fault;
            rest = TrimStart(rest);
            if (rest.Length > 0 && rest[0] == (byte)',')
                rest = TrimStart(rest[1..]);
            else if (rest.Length > 0 && rest[0] != (byte)'}')
                return "a comma is missing between labels";
        }

        if (rest.Length == 0)
            return "the labels are not closed by }";
        rest = rest[1..];
        return Repeats(labels) ? "a label stands twice" : null;
    }

    private string? ReadName(ref ReadOnlySpan<byte> rest, bool quoted)
    {
        if (quoted)
        {
            var start = text.Length;
            return ReadQuoted(ref rest, "a name") ?? (text.Length == start ? "a name is empty" : null);
        }

        var end = 0;
        while (end < rest.Length && IsNameByte(rest[end], end == 0))
            end++;
        if (end == 0)
            return "a label name is missing";
        text.Append(rest[..end]);
        rest = rest[end..];
        return null;
    }

    private string? ReadValue(ref ReadOnlySpan<byte> rest, List<LabelRange> labels, int nameStart, int nameLength)
    {
        if (rest.Length == 0 || rest[0] != (byte)'=')
            return "= is missing after a label name";
        rest = TrimStart(rest[1..]);
        if (rest.Length == 0 || rest[0] != (byte)'"')
            return "a label value is not quoted";
        var valueStart = text.Length;
        var problem = ReadQuoted(ref rest, "a label value");
        if (problem is null && text.Length > valueStart)
            labels.Add(new LabelRange(nameStart, nameLength, valueStart, text.Length - valueStart));
        return problem;
    }

    private string? ReadQuoted(ref ReadOnlySpan<byte> rest, string what)
    {
        rest = rest[1..];
        while (true)
        {
            var stop = rest.IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0)
                return $"{what} is not closed by \"";
            text.Append(rest[..stop]);
            if (rest[stop] == (byte)'"')
            {
                rest = rest[(stop + 1)..];
                return null;
            }

            if (stop + 1 >= rest.Length)
                return $"{what} ends in a backslash";
            text.AppendUnescaped(rest.Slice(stop, 2));
            rest = rest[(stop + 2)..];
        }
    }

    private bool Repeats(List<LabelRange> labels)
    {
        if (labels.Count > FewLabels)
        {
            names.Clear();
            foreach (var label in labels)
            {
                if (!names.Add(XxHash128.HashToUInt128(Text(label, value: false))))
                    return true;
            }

            return false;
        }

        for (var i = 1; i < labels.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (labels[i].NameLength == labels[j].NameLength && Text(labels[i], value: false).SequenceEqual(Text(labels[j], value: false)))
                    return true;
            }
        }

        return false;
    }

    private string Fault(ReadOnlySpan<byte> rest, string problem)
    {
        Column = lineLength - rest.Length + 1;
        return problem;
    }
}
