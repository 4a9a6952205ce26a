using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// Writes state as one stream: tables as they lie in memory, numbers in the order of this machine, lengths before bytes, and behind
/// it all an XXH128 of what came before. Holds 64 KiB, however much is written.
/// </summary>
/// <param name="target">Stays open.</param>
public sealed class StateWriter(Stream target)
{
    private readonly byte[] buffer = new byte[1 << 16];
    private readonly XxHash128 hash = new();
    private int filled;

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; }

    public void Number(long number) => Value(number);

    public void Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Bytes(Encoding.UTF8.GetBytes(text));
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Value(bytes.Length);
        Raw(bytes);
    }

    /// <summary>Writes what is left, and the hash.</summary>
    public void Finish()
    {
        Pass();
        var sum = hash.GetCurrentHash();
        target.Write(sum);
        Length += sum.Length;
    }

    internal void Value<T>(T value)
        where T : unmanaged
        => Raw(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Their number and size, and then the items.</summary>
    internal void Items<T>(ReadOnlySpan<T> items)
        where T : unmanaged
    {
        Value(Unsafe.SizeOf<T>());
        Value(items.Length);
        Raw(MemoryMarshal.AsBytes(items));
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (filled == buffer.Length)
                Pass();
            var taken = Math.Min(bytes.Length, buffer.Length - filled);
            bytes[..taken].CopyTo(buffer.AsSpan(filled));
            filled += taken;
            bytes = bytes[taken..];
        }
    }

    private void Pass()
    {
        hash.Append(buffer.AsSpan(0, filled));
        target.Write(buffer.AsSpan(0, filled));
        filled = 0;
    }
}
