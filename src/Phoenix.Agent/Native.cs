using System.Runtime.InteropServices;

namespace Phoenix.Agent;

/// <summary>The C library's calls that .NET does not offer. Linux, glibc and musl.</summary>
internal static unsafe partial class Native
{
    public const int SigKill = 9;
    public const int SigPipe = 13;
    public const int SigTerm = 15;
    public const int NoHang = 1;
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int Create = 0x40;
    public const int Append = 0x400;
    public const int Directory = 0x10000;
    public const int CloseOnExec = 0x80000;
    public const int LimitCore = 4;
    public const int LimitFiles = 7;
    public const int PriorityOfProcess = 0;
    public const int NoChild = 10;
    public const int Interrupted = 4;

    /// <summary>Bytes that hold a posix_spawnattr_t (336), posix_spawn_file_actions_t (80) or sigset_t (128) of either library.</summary>
    public const int OpaqueSize = 512;

    public const short SpawnSetSignalDefaults = 0x04;
    public const short SpawnSetSignalMask = 0x08;
    public const short SpawnSetSession = 0x80;

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Spawn(out int pid, string path, byte* fileActions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSignalDefaults(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSignalMask(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int FileActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int FileActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileActionsAddOpen(byte* actions, int descriptor, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int FileActionsAddDuplicate(byte* actions, int descriptor, int onto);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SignalsClear(byte* signals);

    [LibraryImport("libc", EntryPoint = "sigaddset")]
    public static partial int SignalsAdd(byte* signals, int signal);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int WaitForProcess(int pid, out int status, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    /// <summary>Of one thread, and of those that it starts afterwards (setpriority(2), "C library/kernel differences").</summary>
    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, int pid, int nice);

    [LibraryImport("libc", EntryPoint = "getpriority")]
    public static partial int GetPriority(int which, int pid);

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    public static partial int SetResourceLimit(int pid, int resource, in ResourceLimit limit, nint before);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, nint first, nint second);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, int timeout);

    /// <summary>A descriptor of the process, closed on exec; negative where there is none. The number is the same on every architecture (pidfd_open(2)).</summary>
    public static int OpenProcess(int pid) => (int)Call(434, pid, 0);

    public static bool IsReadable(int descriptor)
    {
        const short Readable = 1;
        var asked = new PollDescriptor { Descriptor = descriptor, Events = Readable };
        return Poll(&asked, 1, 0) > 0;
    }

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ReadClock(int clock, TimeSpecification* time);

    /// <summary>Time since boot, sleep included (CLOCK_BOOTTIME, clock_gettime(2)).</summary>
    public static TimeSpan Uptime()
    {
        const int BootTime = 7;
        TimeSpecification time;
        return ReadClock(BootTime, &time) is 0 ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000)
            : throw new IOException($"The clock cannot be read: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private struct TimeSpecification
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "setgid", SetLastError = true)]
    private static partial int SetGroup(uint group);

    [LibraryImport("libc", EntryPoint = "setgroups", SetLastError = true)]
    private static partial int SetGroups(nuint count, uint* groups);

    [LibraryImport("libc", EntryPoint = "setuid", SetLastError = true)]
    private static partial int SetUser(uint user);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, byte* status);

    /// <summary>
    /// Becomes the user and group that own a directory, so that what root writes there can be read by the agent afterwards.
    /// Null when done; else why it cannot be.
    /// </summary>
    public static string? TakeIdentityOfOwner(string directory)
    {
        const int CurrentFolder = -100;
        const uint WantOwner = 0x18;
        // struct statx (statx(2)): the same on every architecture; the owner at 20, the group at 24, 256 bytes in all.
        var status = stackalloc byte[256];
        if (Status(CurrentFolder, directory, 0, WantOwner, status) != 0)
            return Marshal.GetLastPInvokeErrorMessage();
        var (user, group) = (*(uint*)(status + 20), *(uint*)(status + 24));
        if (user == EffectiveUser())
            return null;
        return SetGroups(0, null) != 0 || SetGroup(group) != 0 || SetUser(user) != 0 ? Marshal.GetLastPInvokeErrorMessage() : null;
    }

    /// <summary>struct rlimit on 64 bits.</summary>
    public struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
