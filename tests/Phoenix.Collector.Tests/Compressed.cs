using System.IO.Compression;
using ZstdSharp;

namespace Phoenix.Collector.Tests;

/// <summary>Bodies as senders compress them.</summary>
internal static class Compressed
{
    public static byte[] As(string coding, byte[] bytes)
    {
        if (coding == "zstd")
        {
            using var compressor = new Compressor();
            return compressor.Wrap(bytes).ToArray();
        }

        if (coding != "gzip")
        {
            return bytes;
        }

        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return target.ToArray();
    }
}
