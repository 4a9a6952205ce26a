using System.IO.Compression;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// One output batch in the encodings that exporters ask for, each made at most once. Reused from batch to batch by the
/// pipeline thread; what it hands out is valid until the next <see cref="Set"/>.
/// </summary>
internal sealed class EncodedBatch
{
    // What gzip needs beyond its input at worst: a header, a trailer, and five bytes for each stored block of 16 KiB.
    private const int GzipOverhead = 64;

    private byte[] _gzip = new byte[4096];
    private byte[] _plain = new byte[4096];
    private int _length;
    private int _gzipLength;

    /// <summary>Data points in the batch.</summary>
    public int Points { get; private set; }

    public ReadOnlySpan<byte> Plain => _plain.AsSpan(0, _length);

    public ReadOnlySpan<byte> Gzip
    {
        get
        {
            if (_gzipLength == 0)
            {
                Compress();
            }

            return _gzip.AsSpan(0, _gzipLength);
        }
    }

    public void Set(ReadOnlySpan<byte> batch)
    {
        if (_plain.Length < batch.Length)
        {
            _plain = new byte[(int)Math.Min(Array.MaxLength, batch.Length * 2L)];
        }

        batch.CopyTo(_plain);
        _length = batch.Length;
        _gzipLength = 0;
        Points = OtlpReader.Validate(batch);
    }

    private void Compress()
    {
        var bound = _length + _length / 1024 + GzipOverhead;
        if (_gzip.Length < bound)
        {
            _gzip = new byte[bound];
        }

        using var target = new MemoryStream(_gzip);
        using (var compressor = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            compressor.Write(Plain);
        }

        _gzipLength = (int)target.Position;
    }
}
