using System.Runtime.InteropServices;

namespace Phoenix.Collector;

/// <summary>
/// System calls that .NET wraps with an allocation per file (a handle, a path string): /proc is hundreds of files a tick.
/// </summary>
internal static unsafe partial class Libc
{
    public const int ReadOnlyCloseOnExec = 0x80000;
    private const int ClockTicks = 2;

    /// <summary>Ticks per second of the times in /proc.</summary>
    public static readonly long ClockTicksPerSecond = SysConf(ClockTicks);

    /// <summary>New files and sockets of this process get no rights in <paramref name="mask"/>.</summary>
    [LibraryImport("libc", EntryPoint = "umask")]
    public static partial uint Umask(uint mask);

    /// <summary>
    /// Undoes that SIGHUP is ignored, as it is below <c>nohup</c>: .NET leaves a signal alone that is ignored, and here it means
    /// a reload, not a closed terminal.
    /// </summary>
    public static void TakeHangUp()
    {
        const int hangUp = 1;
        const nint byDefault = 0;
        _ = Signal(hangUp, byDefault);
    }

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Signal(int number, nint handler);

    /// <summary>The process that started this one; another one (init) once that has ended.</summary>
    [LibraryImport("libc", EntryPoint = "getppid")]
    public static partial int ParentProcess();

    /// <summary>Lets other processes go first; higher is more polite. 0 where done.</summary>
    public static int BePolite(int niceness) => SetPriority(0, 0, niceness);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);

    /// <summary>Takes pages out of the resident set. Of a file's pages that were not changed nothing is lost.</summary>
    public static void DoNotNeed(nint start, nint length)
    {
        const int doNotNeed = 4;
        _ = Advise(start, length, doNotNeed);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint start, nint length, int advice);

    /// <summary>
    /// Lets all threads take native memory from two places: glibc would give each its own, of which every one keeps some.
    /// </summary>
    public static void ShareNativeMemory()
    {
        const int arenaMax = -8;
        _ = SetMallocOption(arenaMax, 2);
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetMallocOption(int option, int value);

    /// <param name="path">Ends with a zero byte.</param>
    /// <param name="atOnce">
    /// The kernel gives it whole to one read, as it does /proc/PID/stat and io: it is not asked whether there is more.
    /// </param>
    /// <returns>Bytes read, at most the buffer's length; minus the error number where the file cannot be read.</returns>
    public static int ReadFile(ReadOnlySpan<byte> path, Span<byte> buffer, bool atOnce = false)
    {
        fixed (byte* name = path)
        {
            var file = Open(name, ReadOnlyCloseOnExec);
            if (file < 0)
            {
                return -Marshal.GetLastPInvokeError();
            }

            var length = 0;
            fixed (byte* target = buffer)
            {
                while (length < buffer.Length)
                {
                    var read = (int)Read(file, target + length, (nuint)(buffer.Length - length));
                    if (read <= 0)
                    {
                        // A process that ends while it is read gives ESRCH: what came before is incomplete.
                        length = read < 0 ? -Marshal.GetLastPInvokeError() : length;
                        break;
                    }

                    length += read;
                    if (atOnce)
                    {
                        break;
                    }
                }
            }

            _ = Close(file);
            return length;
        }
    }

    /// <returns>Bytes of the link's target; -1 where it cannot be read.</returns>
    public static int ReadLink(ReadOnlySpan<byte> path, Span<byte> target)
    {
        fixed (byte* name = path)
        fixed (byte* buffer = target)
        {
            return (int)ReadLink(name, buffer, (nuint)target.Length);
        }
    }

    /// <summary>Space of a mounted file system.</summary>
    /// <returns>0, or the error number.</returns>
    public static int StatFilesystem(string mountPoint, out FilesystemSpace space)
    {
        // struct statvfs of 64-bit Linux, in eight-byte words: bsize, frsize, blocks, bfree, bavail, files, ffree, …
        Span<ulong> words = stackalloc ulong[32];
        fixed (ulong* target = words)
        {
            if (StatVfs(mountPoint, target) != 0)
            {
                space = default;
                return Marshal.GetLastPInvokeError();
            }
        }

        space = new(words[1], words[2], words[3], words[4], words[5], words[6]);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "statvfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatVfs(string path, ulong* space);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int Open(byte* path, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int file, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "readlink")]
    private static partial nint ReadLink(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial long SysConf(int name);
}

/// <summary>Space of a file system, in blocks and inodes.</summary>
/// <param name="BlocksAvailable">To users without privileges.</param>
internal readonly record struct FilesystemSpace(ulong BlockBytes, ulong Blocks, ulong BlocksFree, ulong BlocksAvailable, ulong Files, ulong FilesFree);
