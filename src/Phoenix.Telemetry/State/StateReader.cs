using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>Reads what a <see cref="StateWriter"/> wrote, once it is known to be whole.</summary>
public sealed class StateReader
{
    private const int HashBytes = 16;

    private readonly Stream source;
    private readonly byte[] buffer = new byte[1 << 16];
    private long left;
    private int at, filled;

    /// <summary>Looks whether the stream is whole, and begins at its start.</summary>
    /// <param name="source">Can be read twice; stays open.</param>
    /// <exception cref="StateFormatException">It was cut off, or some byte of it is not what was written.</exception>
    public StateReader(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        this.source = source;
        left = source.Length - HashBytes;
        CheckWhole();
        source.Position = 0;
        left = source.Length - HashBytes;
        (at, filled) = (0, 0);
    }

    public long Number() => Value<long>();

    /// <exception cref="StateFormatException">There is no text of such a length.</exception>
    public string Text() => Encoding.UTF8.GetString(Bytes());

    /// <exception cref="StateFormatException">There are not as many bytes.</exception>
    public byte[] Bytes()
    {
        var bytes = new byte[Count(sizeof(byte))];
        Raw(bytes);
        return bytes;
    }

    internal T Value<T>()
        where T : unmanaged
    {
        T value = default;
        Raw(MemoryMarshal.AsBytes(new Span<T>(ref value)));
        return value;
    }

    /// <summary>A number of things that take at least so many bytes each.</summary>
    internal int Count(int leastBytes)
    {
        var count = Value<int>();
        if (count < 0 || (long)count * leastBytes > left)
            throw new StateFormatException($"it says {count} items of {leastBytes} bytes where {left} bytes are left");
        return count;
    }

    /// <summary>How many items come, each to be read by <see cref="Fill"/>.</summary>
    internal int CountOf<T>()
        where T : unmanaged
    {
        var size = Value<int>();
        if (size != Unsafe.SizeOf<T>())
            throw new StateFormatException($"an item has {size} bytes where {Unsafe.SizeOf<T>()} are known");
        return Count(size);
    }

    internal T[] Items<T>()
        where T : unmanaged
    {
        var items = new T[CountOf<T>()];
        Fill<T>(items);
        return items;
    }

    internal void Fill<T>(Span<T> items)
        where T : unmanaged
        => Raw(MemoryMarshal.AsBytes(items));

    private void CheckWhole()
    {
        if (left < 0)
            throw new StateFormatException($"it has {source.Length} bytes and was cut off");
        source.Position = 0;
        var hash = new XxHash128();
        while (left > 0)
        {
            Fetch();
            hash.Append(buffer.AsSpan(0, filled));
            left -= filled;
        }

        Span<byte> written = stackalloc byte[HashBytes];
        source.ReadExactly(written);
        if (!hash.GetCurrentHash().AsSpan().SequenceEqual(written))
            throw new StateFormatException("its checksum is not that of its content");
    }

    private void Raw(Span<byte> target)
    {
        if (target.Length > left)
            throw new StateFormatException($"{target.Length} bytes are missing at its end");
        while (!target.IsEmpty)
        {
            if (at == filled)
                Fetch();
            var taken = Math.Min(target.Length, filled - at);
            buffer.AsSpan(at, taken).CopyTo(target);
            at += taken;
            left -= taken;
            target = target[taken..];
        }
    }

    private void Fetch()
    {
        at = 0;
        filled = (int)Math.Min(buffer.Length, left);
        source.ReadExactly(buffer.AsSpan(0, filled));
    }
}
