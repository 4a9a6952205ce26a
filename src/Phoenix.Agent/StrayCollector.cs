using System.Text;

namespace Phoenix.Agent;

/// <summary>
/// Finds a collector whose pid was never written down. Its arguments alone do not tell: a wrapper such as timeout or strace
/// carries them too, and whoever is found may be ended.
/// </summary>
internal static class StrayCollector
{
    /// <returns>The process of this user that runs the program, or an earlier file of its name, with these arguments in a row; null where there is none.</returns>
    public static ProcessIdentity? Find(string program, params IEnumerable<string> arguments)
    {
        var wanted = Encoding.UTF8.GetBytes($"\0{string.Join('\0', arguments)}\0");
        var path = PathOf(program);
        var user = EffectiveUser("self");
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid))
                continue;
            try
            {
                if (File.ReadAllBytes(Path.Combine(folder, "cmdline")).AsSpan().IndexOf(wanted) >= 0
                    && EffectiveUser(Path.GetFileName(folder)) == user
                    && new FileInfo(Path.Combine(folder, "exe")).LinkTarget is { } runs && (runs == path || runs == path + " (deleted)"))
                    return ProcessIdentity.Of(pid);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended, or belongs to somebody else, in which case it is not ours.
                continue;
            }
        }
        return null;
    }

    /// <summary>The path as the kernel tells it, with every symbolic link followed.</summary>
    private static string PathOf(string program)
    {
        using var file = File.OpenHandle(program);
        return new FileInfo($"/proc/self/fd/{file.DangerousGetHandle()}").LinkTarget ?? program;
    }

    /// <summary>The second number of the line Uid in <c>/proc/PID/status</c> (proc_pid_status(5)).</summary>
    private static string? EffectiveUser(string process) => File.ReadLines($"/proc/{process}/status")
        .FirstOrDefault(line => line.StartsWith("Uid:", StringComparison.Ordinal))?.Split('\t').ElementAtOrDefault(2);
}
