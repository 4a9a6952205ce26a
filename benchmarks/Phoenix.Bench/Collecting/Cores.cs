namespace Phoenix.Bench.Collecting;

/// <summary>The subject has one core; the senders and the sink have the others.</summary>
static class Cores
{
    public const int OfSubject = 0;

    /// <summary>A core for a second process of the subject's, such as a candidate.</summary>
    public const int Second = 1;

    /// <exception cref="InvalidOperationException">The bench would take processor time from what it measures.</exception>
    public static void RequireApart()
    {
        var allowed = File.ReadLines("/proc/self/status").First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim();
        if (allowed.Split(',').Any(range => range == "0" || range.StartsWith("0-", StringComparison.Ordinal)))
            throw new InvalidOperationException($"this process may run on cores {allowed}, but core {OfSubject} is the subject's alone; start it as ./bench does: taskset -c 1-{Environment.ProcessorCount - 1}");
    }
}
