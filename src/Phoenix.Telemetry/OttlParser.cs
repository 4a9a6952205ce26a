using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Phoenix.Telemetry;

/// <summary>
/// Reads the part of the OpenTelemetry Transformation Language that filters need: <c>metric.name</c>,
/// <c>attributes["k"]</c>, <c>resource.attributes["k"]</c>, strings, numbers, <c>true</c>, <c>false</c>, <c>nil</c>,
/// <c>==</c>, <c>!=</c>, <c>IsMatch(x, "regex")</c>, <c>not</c>, <c>and</c>, <c>or</c>, parentheses.
/// </summary>
internal ref struct OttlParser
{
    private readonly string text;
    private readonly bool ofPoints;
    private int position;

    private OttlParser(string text, bool ofPoints) => (this.text, this.ofPoints) = (text, ofPoints);

    /// <param name="ofPoints">Whether data point attributes can be read.</param>
    /// <exception cref="FormatException">The condition is not of this language; the message names the position.</exception>
    public static OttlCondition Parse(string text, bool ofPoints)
    {
        var parser = new OttlParser(text, ofPoints);
        var condition = parser.ReadOr();
        parser.SkipSpace();
        if (parser.position < text.Length)
            throw parser.Fault("nothing more, or 'and' or 'or'");
        return condition;
    }

    private OttlCondition ReadOr()
    {
        var left = ReadAnd();
        while (TakeWord("or"))
            left = new OttlCondition.Or(left, ReadAnd());
        return left;
    }

    private OttlCondition ReadAnd()
    {
        var left = ReadTerm();
        while (TakeWord("and"))
            left = new OttlCondition.And(left, ReadTerm());
        return left;
    }

    private OttlCondition ReadTerm()
    {
        if (TakeWord("not"))
            return new OttlCondition.Not(ReadTerm());
        if (Take('('))
        {
            var inner = ReadOr();
            Require(')');
            return inner;
        }

        if (TakeWord("IsMatch"))
            return ReadMatch();
        var left = ReadOperand();
        SkipSpace();
        if (Take("=="))
            return new OttlCondition.Equality(left, ReadOperand(), Negated: false);
        if (Take("!="))
            return new OttlCondition.Equality(left, ReadOperand(), Negated: true);
        throw Fault("== or !=");
    }

    private OttlCondition.Match ReadMatch()
    {
        Require('(');
        var target = ReadOperand();
        Require(',');
        SkipSpace();
        var at = position;
        var pattern = ReadString();
        Require(')');
        try
        {
            // Linear in the length of the value, whatever the pattern: values come from anyone.
            return new OttlCondition.Match(target, new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"\"{text}\", position {at + 1}: not a regular expression of linear time: {e.Message}", e);
        }
    }

    private OttlOperand ReadOperand()
    {
        SkipSpace();
        if (position < text.Length && text[position] == '"')
            return new OttlOperand.Literal(OttlKind.Text, Encoding.UTF8.GetBytes(ReadString()), 0);
        if (position < text.Length && (char.IsAsciiDigit(text[position]) || text[position] == '-'))
            return ReadNumber();
        if (TakeWord("true"))
            return new OttlOperand.Literal(OttlKind.Truth, [], 1);
        if (TakeWord("false"))
            return new OttlOperand.Literal(OttlKind.Truth, [], 0);
        if (TakeWord("nil"))
            return new OttlOperand.Literal(OttlKind.Nil, [], 0);
        if (TakeWord("metric.name") || (!ofPoints && TakeWord("name")))
            return new OttlOperand.MetricName();
        if (TakeWord("resource.attributes"))
            return new OttlOperand.Attribute(ReadKey(), OfResource: true);
        var at = position;
        if (TakeWord("attributes") || TakeWord("datapoint.attributes"))
        {
            if (ofPoints)
                return new OttlOperand.Attribute(ReadKey(), OfResource: false);
            position = at;
            throw Fault("no data point attribute: a metric condition sees the metric and its resource; write it under datapoint");
        }

        throw Fault("metric.name, attributes[\"key\"], resource.attributes[\"key\"], a string, a number, true, false or nil");
    }

    private OttlOperand.Literal ReadNumber()
    {
        var start = position++;
        while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '.' || IsExponentSign()))
            position++;
        var written = text.AsSpan(start, position - start);
        if (long.TryParse(written, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return new OttlOperand.Literal(OttlKind.Number, [], number);
        if (written.ContainsAny(".eE") && double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real))
            return new OttlOperand.Literal(OttlKind.Real, [], BitConverter.DoubleToInt64Bits(real));
        position = start;
        throw Fault("a whole number of 64 bits, or a real one such as 0.5 or 1e3");
    }

    private readonly bool IsExponentSign() => text[position] is '+' or '-' && text[position - 1] is 'e' or 'E';

    private string ReadKey()
    {
        Require('[');
        SkipSpace();
        var key = ReadString();
        Require(']');
        return key;
    }

    private string ReadString()
    {
        if (position >= text.Length || text[position] != '"')
            throw Fault("a string in double quotes");
        var start = position++;
        var value = new StringBuilder();
        while (position < text.Length && text[position] != '"')
        {
            var c = text[position++];
            if (c != '\\' || position >= text.Length)
            {
                value.Append(c);
                continue;
            }

            c = text[position++];
            value.Append(c switch
            {
                '"' or '\\' => c.ToString(),
                'n' => "\n",
                't' => "\t",
                _ => $"\\{c}",
            });
        }

        if (position < text.Length)
        {
            position++;
            return value.ToString();
        }

        position = start;
        throw Fault("the closing quote of this string");
    }

    private bool TakeWord(string word)
    {
        SkipSpace();
        var end = position + word.Length;
        if (string.CompareOrdinal(text, position, word, 0, word.Length) != 0 || (end < text.Length && IsWordChar(text[end])))
            return false;
        position = end;
        return true;
    }

    private bool Take(string symbol)
    {
        if (string.CompareOrdinal(text, position, symbol, 0, symbol.Length) != 0)
            return false;
        position += symbol.Length;
        return true;
    }

    private bool Take(char symbol)
    {
        SkipSpace();
        if (position >= text.Length || text[position] != symbol)
            return false;
        position++;
        return true;
    }

    private void Require(char symbol)
    {
        if (!Take(symbol))
            throw Fault($"'{symbol}'");
    }

    private void SkipSpace()
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
            position++;
    }

    private static bool IsWordChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.';

    private readonly FormatException Fault(string expected) => new($"\"{text}\", position {position + 1}: expected {expected}");
}
