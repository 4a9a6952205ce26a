using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Phoenix.Collector.Receivers;

/// <summary>How a body is compressed.</summary>
internal enum ContentCoding
{
    Identity,
    Gzip,
    Zstd,
}

/// <summary>Codings by their names in <c>Content-Encoding</c> and <c>grpc-encoding</c>.</summary>
internal static class ContentCodings
{
    /// <summary>What senders may choose from, as header value.</summary>
    public const string Names = "gzip, zstd, identity";

    // RFC 8878 §3.1.1.1.2 asks decoders to support windows of 8 MiB; a frame may ask for two gigabytes.
    private const int ZstdWindowLog = 23;

    /// <returns>Null where the coding is not supported. No name means no compression.</returns>
    public static ContentCoding? Parse(string? name) => name switch
    {
        null or "" or "identity" => ContentCoding.Identity,
        "gzip" => ContentCoding.Gzip,
        "zstd" => ContentCoding.Zstd,
        _ => null,
    };

    /// <summary>A stream of the inflated bytes, which leaves the source open; null where there is nothing to inflate.</summary>
    public static Stream? Inflate(this ContentCoding coding, Stream source) => coding switch
    {
        ContentCoding.Gzip => new GZipStream(source, CompressionMode.Decompress, leaveOpen: true),
        ContentCoding.Zstd => Zstd(source),
        _ => null,
    };

    /// <summary>Whether the exception says that the bytes are not what their coding says.</summary>
    public static bool IsMalformed(Exception e) => e is InvalidDataException or ZstdException or EndOfStreamException;

    private static DecompressionStream Zstd(Stream source)
    {
        var stream = new DecompressionStream(source, leaveOpen: true);
        stream.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLog);
        return stream;
    }
}
