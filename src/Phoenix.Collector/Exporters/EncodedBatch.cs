using System.Buffers;
using System.IO.Compression;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;
using ZstdSharp;

namespace Phoenix.Collector.Exporters;

/// <summary>
/// One output batch in the encodings that exporters ask for, each made at most once and shared by all that send it. Reused
/// from batch to batch by the pipeline thread.
/// </summary>
internal sealed class EncodedBatch : IDisposable
{
    // What gzip needs beyond its input at worst: a header, a trailer, and five bytes for each stored block of 16 KiB.
    private const int GzipOverhead = 64;

    // The fastest level: a backend's bytes are paid once, the CPU on every host.
    private const int ZstdLevel = 1;

    private readonly SharedBytes?[] _encoded = new SharedBytes?[3];
    private readonly SharedBytes?[] _encodedJson = new SharedBytes?[3];
    private byte[] _plain = new byte[4096];
    private byte[] _scratch = new byte[4096];
    private Compressor? _zstd;
    private OtlpJsonWriter? _json;
    private ArrayBufferWriter<byte>? _jsonText;
    private int _length;

    /// <summary>Data points in the batch.</summary>
    public int Points { get; private set; }

    public ReadOnlySpan<byte> Plain => _plain.AsSpan(0, _length);

    /// <param name="points">Data points in the batch.</param>
    public void Set(ReadOnlySpan<byte> batch, int points)
    {
        Forget();
        if (_plain.Length < batch.Length)
        {
            _plain = new byte[(int)Math.Min(Array.MaxLength, batch.Length * 2L)];
        }

        batch.CopyTo(_plain);
        (_length, Points) = (batch.Length, points);
    }

    /// <summary>The batch's bytes as they are sent. Valid until the next <see cref="Set"/>; retain what is kept longer.</summary>
    public SharedBytes As(Compression compression) => _encoded[(int)compression] ??= compression switch
    {
        Compression.Gzip => Gzip(Plain),
        Compression.Zstd => Zstd(Plain),
        _ => SharedBytes.Copy(Plain),
    };

    /// <summary>The batch as OTLP/JSON, one object without a line break. Valid as that of <see cref="As"/> is.</summary>
    public SharedBytes AsJson(Compression compression) => _encodedJson[(int)compression] ??= compression switch
    {
        Compression.Gzip => Gzip(Json()),
        Compression.Zstd => Zstd(Json()),
        _ => SharedBytes.Copy(Json()),
    };

    public void Dispose()
    {
        Forget();
        _zstd?.Dispose();
        _json?.Dispose();
    }

    private void Forget()
    {
        Forget(_encoded);
        Forget(_encodedJson);
    }

    private static void Forget(SharedBytes?[] encoded)
    {
        for (var i = 0; i < encoded.Length; i++)
        {
            encoded[i]?.Release();
            encoded[i] = null;
        }
    }

    private ReadOnlySpan<byte> Json()
    {
        _json ??= new OtlpJsonWriter();
        _jsonText ??= new ArrayBufferWriter<byte>();
        _jsonText.ResetWrittenCount();
        _json.Write(Plain, _jsonText);
        return _jsonText.WrittenSpan;
    }

    private SharedBytes Gzip(ReadOnlySpan<byte> plain)
    {
        Reserve(plain.Length + plain.Length / 1024 + GzipOverhead);
        using var target = new MemoryStream(_scratch);
        using (var compressor = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            compressor.Write(plain);
        }

        // Copied to its own size: what waits in a queue must not hold room for its worst case.
        return SharedBytes.Copy(_scratch.AsSpan(0, (int)target.Position));
    }

    private SharedBytes Zstd(ReadOnlySpan<byte> plain)
    {
        Reserve(Compressor.GetCompressBound(plain.Length));
        _zstd ??= new Compressor(ZstdLevel);
        return SharedBytes.Copy(_scratch.AsSpan(0, _zstd.Wrap(plain, _scratch)));
    }

    private void Reserve(int bytes)
    {
        if (_scratch.Length < bytes)
        {
            _scratch = new byte[bytes];
        }
    }
}
