using System.Buffers;

namespace Phoenix.Collector;

/// <summary>
/// Pooled bytes with a count of their holders: one batch travels through pipeline, tee and exporter queues without copies.
/// The last <see cref="Release"/> gives the buffer back; each holder releases exactly once.
/// </summary>
internal sealed class SharedBytes
{
    private readonly byte[] _buffer;
    private int _holders = 1;

    private SharedBytes(byte[] buffer, int length) => (_buffer, Length) = (buffer, length);

    public int Length { get; }

    /// <summary>Memory that is held, which the pool rounds up.</summary>
    public int Capacity => _buffer.Length;

    public Span<byte> Span => _buffer.AsSpan(0, Length);

    public Memory<byte> Memory => _buffer.AsMemory(0, Length);

    public static SharedBytes Rent(int length) => new(ArrayPool<byte>.Shared.Rent(length), length);

    /// <summary>Takes over a buffer that was rented from the shared pool.</summary>
    public static SharedBytes Own(byte[] rented, int length) => new(rented, length);

    public static SharedBytes Copy(ReadOnlySpan<byte> bytes)
    {
        var copy = Rent(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    public SharedBytes Retain()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
    }
}
