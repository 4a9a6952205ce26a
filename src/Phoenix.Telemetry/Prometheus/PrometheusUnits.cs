using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Translates units between UCUM, which OTLP uses, and the words that Prometheus uses (OpenTelemetry, "Prometheus and
/// OpenMetrics compatibility", §Metric Metadata).
/// </summary>
internal static class PrometheusUnits
{
    private static readonly (byte[] Ucum, byte[] Word)[] Units = Table(
        "d days", "h hours", "min minutes", "s seconds", "ms milliseconds", "us microseconds", "ns nanoseconds",
        "By bytes", "KiBy kibibytes", "MiBy mebibytes", "GiBy gibibytes", "TiBy tebibytes",
        "kBy kilobytes", "MBy megabytes", "GBy gigabytes", "TBy terabytes",
        "m meters", "V volts", "A amperes", "J joules", "W watts", "g grams", "Cel celsius", "Hz hertz", "% percent");

    private static readonly (byte[] Ucum, byte[] Word)[] Periods = Table(
        "s second", "m minute", "min minute", "h hour", "d day", "w week", "mo month", "y year");

    /// <summary>The UCUM form of a Prometheus unit; a word that is not known stays as it is.</summary>
    public static ReadOnlySpan<byte> ToUcum(ReadOnlySpan<byte> word)
    {
        foreach (var unit in Units)
        {
            if (word.SequenceEqual(unit.Word))
                return unit.Ucum;
        }

        return word;
    }

    /// <summary>
    /// Appends the Prometheus form: <c>m/s</c> becomes <c>meters_per_second</c>, <c>{packet}/s</c> becomes <c>per_second</c>,
    /// <c>1</c> and what stands in braces become nothing.
    /// </summary>
    public static void AppendWords(ProtoBuffer text, ReadOnlySpan<byte> ucum)
    {
        var slash = ucum.IndexOf((byte)'/');
        var main = slash < 0 ? ucum : ucum[..slash];
        var start = text.Length;
        if (!main.SequenceEqual("1"u8) && !main.Contains((byte)'{'))
            PrometheusNames.AppendCleaned(text, Lookup(Units, main));
        if (slash < 0)
            return;
        var period = ucum[(slash + 1)..];
        if (period.Length == 0 || period.Contains((byte)'{'))
            return;
        text.Append(text.Length > start ? "_per_"u8 : "per_"u8);
        PrometheusNames.AppendCleaned(text, Lookup(Periods, period));
    }

    private static ReadOnlySpan<byte> Lookup((byte[] Ucum, byte[] Word)[] table, ReadOnlySpan<byte> ucum)
    {
        foreach (var unit in table)
        {
            if (ucum.SequenceEqual(unit.Ucum))
                return unit.Word;
        }

        return ucum;
    }

    private static (byte[] Ucum, byte[] Word)[] Table(params string[] pairs) =>
        [.. pairs.Select(pair => pair.Split(' ')).Select(pair => (Encoding.UTF8.GetBytes(pair[0]), Encoding.UTF8.GetBytes(pair[1])))];
}
