using System.Buffers.Binary;
using System.IO.Compression;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Preview;

/// <param name="UnixNanos">When the batch arrived.</param>
/// <param name="Batch">An OTLP <c>ExportMetricsServiceRequest</c>.</param>
internal readonly record struct SampleBatch(long UnixNanos, ReadOnlyMemory<byte> Batch);

/// <summary>
/// A sample of input in a file or on the wire: the eight bytes <c>PHXSMPL1</c>, the batches missed in the middle (64 bits),
/// then for each batch its time (Unix nanoseconds, 64 bits), its length and its compressed length (32 bits each), and its
/// bytes in Deflate (RFC 1951). Integers are little-endian.
/// </summary>
internal sealed class Sample : IDisposable
{
    /// <summary>Longest batch taken: what no receiver of a collector lets in is no sample of its input.</summary>
    public const int MaxBatchBytes = 256 << 20;

    private const int RecordHeader = 16;
    private readonly Stream _stream;

    private Sample(Stream stream, string source, long missed) => (_stream, Source, MissedBatches) = (stream, source, missed);

    public static ReadOnlySpan<byte> Magic => "PHXSMPL1"u8;

    public string Source { get; }

    /// <summary>Batches that came faster than they could be kept.</summary>
    public long MissedBatches { get; }

    /// <exception cref="InvalidDataException">The stream holds no sample.</exception>
    public static Sample Open(Stream stream, string source)
    {
        Span<byte> head = stackalloc byte[16];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !head[..8].SequenceEqual(Magic))
        {
            throw new InvalidDataException($"{source} is no sample: it does not begin with {System.Text.Encoding.ASCII.GetString(Magic)}; give a file kept from a collector, or a .tar.gz of expositions");
        }

        return new(stream, source, BinaryPrimitives.ReadInt64LittleEndian(head[8..]));
    }

    public static void WriteHead(Stream stream, long missed)
    {
        Span<byte> head = stackalloc byte[16];
        Magic.CopyTo(head);
        BinaryPrimitives.WriteInt64LittleEndian(head[8..], missed);
        stream.Write(head);
    }

    /// <summary>One batch as it is kept and sent.</summary>
    public static byte[] Pack(long unixNanos, ReadOnlySpan<byte> batch)
    {
        using var packed = new MemoryStream(RecordHeader + batch.Length / 4);
        packed.SetLength(RecordHeader);
        packed.Position = RecordHeader;
        using (var compressor = new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            compressor.Write(batch);
        }

        var bytes = packed.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, unixNanos);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), batch.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), bytes.Length - RecordHeader);
        return bytes;
    }

    /// <summary>The batches in their order; each is valid until the next is asked for.</summary>
    /// <exception cref="InvalidDataException">A batch is cut short, longer than the bound, or no OTLP.</exception>
    public IEnumerable<SampleBatch> Batches()
    {
        var head = new byte[RecordHeader];
        byte[] packed = [], batch = [];
        for (var number = 1; ; number++)
        {
            var read = _stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (read == 0)
            {
                yield break;
            }

            var (length, packedLength) = (BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8)), BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(12)));
            if (read < RecordHeader || length is < 0 or > MaxBatchBytes || packedLength is < 0 or > MaxBatchBytes)
            {
                throw new InvalidDataException($"batch {number} of {Source} is cut short or longer than {MaxBatchBytes} bytes");
            }

            if (packed.Length < packedLength)
            {
                packed = new byte[packedLength];
            }

            if (batch.Length < length)
            {
                batch = new byte[length];
            }

            Unpack(packed.AsMemory(0, packedLength), batch.AsSpan(0, length), number);
            yield return new(BinaryPrimitives.ReadInt64LittleEndian(head), batch.AsMemory(0, length));
        }
    }

    public void Dispose() => _stream.Dispose();

    private void Unpack(Memory<byte> packed, Span<byte> batch, int number)
    {
        try
        {
            _stream.ReadExactly(packed.Span);
            using var inflater = new DeflateStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            inflater.ReadExactly(batch);
            OtlpReader.Validate(batch);
        }
        catch (Exception e) when (e is EndOfStreamException or OtlpFormatException or InvalidDataException)
        {
            throw new InvalidDataException($"batch {number} of {Source} cannot be read: {e.Message}", e);
        }
    }
}
