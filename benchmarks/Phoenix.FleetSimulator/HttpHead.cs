using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Phoenix.FleetSimulator;

/// <summary>Status line and headers of an answer, as far as they say where it ends and what to do next.</summary>
/// <param name="End">Where the body begins in the connection's buffer.</param>
/// <param name="Length">Null without Content-Length.</param>
internal readonly record struct HttpHead(int Status, int End, int? Length, bool Chunked, bool Closes, double? RetryAfter)
{
    public static HttpHead Parse(ReadOnlySpan<byte> lines, int end)
    {
        var line = NextLine(ref lines);
        // "HTTP/1.1 200 OK"
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || !Utf8Parser.TryParse(line[9..12], out int status, out var digits) || digits != 3 || status < 100)
            throw new ExchangeException("status-line-malformed");
        var head = new HttpHead(status, end, null, false, Closes: line[7] == '0', null);
        while (!lines.IsEmpty)
        {
            line = NextLine(ref lines);
            var colon = line.IndexOf((byte)':');
            if (colon <= 0) throw new ExchangeException("header-malformed");
            head = head.With(line[..colon], line[(colon + 1)..].Trim(" \t"u8));
        }
        return head;
    }

    /// <summary>Of "1a2b;extension".</summary>
    public static int ChunkSize(ReadOnlySpan<byte> line, int max)
    {
        var semicolon = line.IndexOf((byte)';');
        var digits = (semicolon < 0 ? line : line[..semicolon]).Trim(" \t"u8);
        return int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) && size >= 0 && size <= max
            ? size : throw new ExchangeException("chunk-malformed");
    }

    HttpHead With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
            return Utf8Parser.TryParse(value, out int length, out var used) && used == value.Length && length >= 0
                ? this with { Length = length } : throw new ExchangeException("content-length-malformed");
        if (Ascii.EqualsIgnoreCase(name, "Transfer-Encoding"u8))
            return Ascii.EqualsIgnoreCase(value, "chunked"u8) ? this with { Chunked = true } : throw new ExchangeException("transfer-encoding-unknown");
        if (Ascii.EqualsIgnoreCase(name, "Connection"u8)) return this with { Closes = Closes || Ascii.EqualsIgnoreCase(value, "close"u8) };
        if (Ascii.EqualsIgnoreCase(name, "Retry-After"u8)) return this with { RetryAfter = Seconds(Encoding.ASCII.GetString(value)) };
        return this;
    }

    static double? Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Math.Max(0, (at - DateTimeOffset.UtcNow).TotalSeconds)
        : null;

    static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var length = rest.IndexOf("\r\n"u8);
        var line = length < 0 ? rest : rest[..length];
        rest = length < 0 ? [] : rest[(length + 2)..];
        return line;
    }
}
