using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Phoenix.Collector.Pipeline;

/// <summary>
/// Counts flushes in a file of a few bytes, each before anything of it leaves, so that the next process knows whether something
/// left after its state was written. One process at a time has it, and with it the state beside it.
/// </summary>
internal sealed class FlushJournal : IDisposable
{
    private const long Magic = 0x314C4E524A584850;
    private const int Length = 48;
    private const string BootIdentity = "/proc/sys/kernel/random/boot_id";

    private readonly FileStream _file;
    private readonly byte[] _content = new byte[Length];
    private readonly Guid _boot = Boot();

    private FlushJournal(FileStream file)
    {
        _file = file;
        Handle = file.SafeFileHandle;
        var read = RandomAccess.Read(Handle, _content, 0);
        if (read == Length && Word(0) == Magic)
        {
            IsOfThisBoot = new Guid(_content.AsSpan(32, 16)) == _boot;
            return;
        }

        // Of another collector's making, or cut off: what state lies beside it cannot be told to be the newest.
        _content.AsSpan().Clear();
        SetWord(0, Magic);
        SetWord(8, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
    }

    /// <summary>Number of the flush begun last. Rises by one each, over all processes.</summary>
    public long Flushes => Word(8);

    /// <summary>When that was, in Unix nanoseconds; 0 before the first.</summary>
    public long LastFlush => Word(16);

    /// <summary>Whether the process before ran since the machine was started.</summary>
    public bool IsOfThisBoot { get; }

    private SafeFileHandle Handle { get; }

    /// <exception cref="IOException">It cannot be written, or another process has it.</exception>
    public static FlushJournal Open(string path) =>
        new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));

    /// <summary>Whether the process before stopped in order. From here on this one has not.</summary>
    public bool TakeClean()
    {
        var clean = Word(24) == 1;
        SetWord(24, 0);
        Write(toDisk: true);
        return clean;
    }

    /// <summary>A flush begins.</summary>
    public void Begin(long now)
    {
        SetWord(8, Flushes + 1);
        SetWord(16, now);
        Write(toDisk: false);
    }

    /// <summary>An orderly stop: nothing will leave any more, and everything is on the disk.</summary>
    public void SetClean()
    {
        SetWord(24, 1);
        Write(toDisk: true);
    }

    public void Dispose() => _file.Dispose();

    private void Write(bool toDisk)
    {
        _boot.TryWriteBytes(_content.AsSpan(32, 16));
        RandomAccess.Write(Handle, _content, 0);
        if (toDisk)
        {
            RandomAccess.FlushToDisk(Handle);
        }
    }

    private long Word(int at) => BinaryPrimitives.ReadInt64LittleEndian(_content.AsSpan(at));

    private void SetWord(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(_content.AsSpan(at), value);

    private static Guid Boot() => Guid.TryParse(File.Exists(BootIdentity) ? File.ReadAllText(BootIdentity) : "", out var boot) ? boot : Guid.NewGuid();
}
