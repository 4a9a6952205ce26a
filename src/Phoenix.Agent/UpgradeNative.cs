using System.Runtime.InteropServices;
using System.Text;

namespace Phoenix.Agent;

/// <summary>What an upgrade needs of the C library: to become another program in the same process.</summary>
internal static unsafe partial class Native
{
    private const int SetMask = 2;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExecFlag = 1;
    private const int PathMax = 4096;

    /// <summary>Replaces this process by the program. Returns only where that failed: the error.</summary>
    public static int Become(string program)
    {
        // A mask is inherited over execve(2), and a program that starts with SIGTERM blocked could not be stopped.
        var signals = stackalloc byte[OpaqueSize];
        _ = SignalsClear(signals);
        _ = SignalMask(SetMask, signals, null);
        var length = Encoding.UTF8.GetByteCount(program);
        var path = stackalloc byte[length + 1];
        Encoding.UTF8.GetBytes(program, new Span<byte>(path, length));
        path[length] = 0;
        var arguments = stackalloc byte*[2];
        arguments[0] = path;
        arguments[1] = null;
        _ = Execute(path, arguments);
        return Marshal.GetLastPInvokeError();
    }

    /// <summary>The path with every symbolic link followed; null where there is no such file.</summary>
    public static string? RealPath(string path)
    {
        var buffer = stackalloc byte[PathMax];
        return ResolvePath(path, buffer) == null ? null : Marshal.PtrToStringUTF8((nint)buffer);
    }

    /// <summary>Sends SIGALRM after so many seconds, whatever program this process has become until then; 0 takes it back (alarm(2)).</summary>
    [LibraryImport("libc", EntryPoint = "alarm")]
    public static partial uint Alarm(uint seconds);

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    public static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    public static partial int DuplicateOnto(int descriptor, int onto);

    /// <summary>Keeps the descriptor from programs that this process starts.</summary>
    public static void Withhold(int descriptor) => _ = Control(descriptor, SetDescriptorFlags, CloseOnExecFlag);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true)]
    private static partial int Execute(byte* path, byte** arguments);

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int SignalMask(int how, byte* set, byte* before);

    [LibraryImport("libc", EntryPoint = "realpath", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* ResolvePath(string path, byte* resolved);
}
