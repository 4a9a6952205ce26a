using System.Buffers.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Writes numbers for Prometheus: the fewest digits that give the same double back, never an exponent, so that the label
/// <c>le</c> of a bound is the same text whoever writes it (as Go's <c>FormatFloat(f, 'f', -1, 64)</c>).
/// </summary>
internal static class PrometheusNumber
{
    public static void Append(ProtoBuffer text, double number)
    {
        if (double.IsNaN(number))
        {
            text.Append("NaN"u8);
            return;
        }

        if (double.IsInfinity(number))
        {
            text.Append(number > 0 ? "+Inf"u8 : "-Inf"u8);
            return;
        }

        Span<byte> digits = stackalloc byte[32];
        Utf8Formatter.TryFormat(number, digits, out var length);
        digits = digits[..length];
        var exponentAt = digits.IndexOf((byte)'E');
        if (exponentAt >= 0 && Utf8Parser.TryParse(digits[(exponentAt + 1)..], out int exponent, out _))
            AppendExpanded(text, digits[..exponentAt], exponent);
        else
            text.Append(digits);
    }

    /// <summary>As <see cref="Append"/>, but with an exponent where that is shorter: for values, which nobody compares as text.</summary>
    public static void AppendShortest(ProtoBuffer text, double number)
    {
        if (!double.IsFinite(number))
        {
            Append(text, number);
            return;
        }

        Span<byte> digits = stackalloc byte[32];
        Utf8Formatter.TryFormat(number, digits, out var length);
        text.Append(digits[..length]);
    }

    private static void AppendExpanded(ProtoBuffer text, ReadOnlySpan<byte> mantissa, int exponent)
    {
        if (mantissa[0] == (byte)'-')
        {
            text.Append("-"u8);
            mantissa = mantissa[1..];
        }

        var dot = mantissa.IndexOf((byte)'.');
        var whole = dot < 0 ? mantissa : mantissa[..dot];
        var fraction = dot < 0 ? default : mantissa[(dot + 1)..];
        var zeros = exponent < 0 ? -exponent - whole.Length : exponent - fraction.Length;
        if (exponent < 0)
            text.Append("0."u8);
        else
            AppendPair(text, whole, fraction);
        for (var i = 0; i < zeros; i++)
            text.Append("0"u8);
        if (exponent < 0)
            AppendPair(text, whole, fraction);
    }

    private static void AppendPair(ProtoBuffer text, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
    {
        text.Append(whole);
        text.Append(fraction);
    }
}
