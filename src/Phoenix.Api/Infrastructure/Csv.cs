using System.Buffers;
using System.Globalization;
using System.Text;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Rows of comma-separated values (RFC 4180, UTF-8, lines end in CRLF) for spreadsheets. Text that a spreadsheet would take for a formula gets an apostrophe
/// before it (OWASP, "CSV Injection"): names come from people and hosts. Numbers and times are written in the one form that does not depend on a place.
/// </summary>
public static class Csv
{
    public const string ContentType = "text/csv; charset=utf-8";

    static readonly SearchValues<char> Quoted = SearchValues.Create(",\"\r\n");

    /// <summary>One row with its line end. Null is an empty value.</summary>
    public static string Row(params ReadOnlySpan<object?> values)
    {
        StringBuilder row = new();
        for (var i = 0; i < values.Length; i++)
        {
            if (i > 0) row.Append(',');
            row.Append(Value(values[i]));
        }
        return row.Append("\r\n").ToString();
    }

    static string Value(object? value) => value switch
    {
        null => "",
        // Made of digits and signs alone: a minus is no formula.
        bool yes => yes ? "true" : "false",
        DateTimeOffset at => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFZ", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        double or decimal or int or long => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        _ => Text(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
    };

    static string Text(string text)
    {
        if (text is ['=' or '+' or '-' or '@' or '\t' or '\r' or '\n', ..]) text = "'" + text;
        return text.AsSpan().ContainsAny(Quoted) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
