using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Phoenix.EndToEnd;

/// <summary>What <c>/proc</c> says of processes, independently of anything that Phoenix says of itself.</summary>
internal static partial class Processes
{
    public const int SigKill = 9;
    public const int SigTerm = 15;

    /// <summary>Pids of live processes with this text in an argument. A zombie is not alive.</summary>
    public static IReadOnlyList<int> WithArgument(string text)
    {
        List<int> found = [];
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && pid != Environment.ProcessId
                && Read(pid, "cmdline") is { } line && line.Contains(text, StringComparison.Ordinal) && IsAlive(pid))
            {
                found.Add(pid);
            }
        }

        return found;
    }

    public static string[] Arguments(int pid) => Read(pid, "cmdline")?.Split('\0') ?? [];

    public static bool IsAlive(int pid) => Read(pid, "stat") is { Length: > 0 } stat && stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');

    /// <summary>Resident memory (VmRSS) in bytes.</summary>
    public static long ResidentBytes(int pid)
    {
        var line = (Read(pid, "status") ?? throw new InvalidOperationException($"Process {pid} is gone."))
            .Split('\n').Single(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    public static void Signal(int pid, int signal)
    {
        if (Kill(pid, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} could not be sent to process {pid}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static string? Read(int pid, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{pid}/{file}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is another user's and so none of ours.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
