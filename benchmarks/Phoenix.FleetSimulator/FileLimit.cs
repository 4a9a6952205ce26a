using System.Globalization;
using System.Runtime.InteropServices;

namespace Phoenix.FleetSimulator;

/// <summary>Raises how many sockets the process may have as far as it is allowed to.</summary>
internal static partial class FileLimit
{
    const int OpenFiles = 7;

    /// <returns>The limit in force.</returns>
    public static ulong Raise()
    {
        if (GetLimit(OpenFiles, out var limit) != 0) return 0;
        // The kernel's bound is another than the hard limit; only a privileged process may go there.
        if (ulong.TryParse(File.ReadAllText("/proc/sys/fs/nr_open"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var most) && most > limit.Hard)
        {
            var higher = new Limit { Soft = most, Hard = most };
            if (SetLimit(OpenFiles, in higher) == 0) return most;
        }
        var hard = limit with { Soft = limit.Hard };
        return SetLimit(OpenFiles, in hard) == 0 ? hard.Soft : limit.Soft;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, in Limit limit);

    /// <summary><c>struct rlimit</c> of 64-bit Linux.</summary>
    struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
