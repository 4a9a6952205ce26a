using System.Runtime.InteropServices;

namespace Phoenix.Bench.Collecting;

static partial class Libc
{
    const int ScClockTicks = 2;

    /// <summary>The unit in which /proc/PID/stat counts processor time.</summary>
    public static double TicksPerSecond() => Sysconf(ScClockTicks);

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial long Sysconf(int name);
}
