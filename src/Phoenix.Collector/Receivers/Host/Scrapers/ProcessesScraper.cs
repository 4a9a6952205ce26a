namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>processes</c>: /proc/stat, and the states of all processes.</summary>
internal static class ProcessesScraper
{
    public static void Write(PointWriter points, ProcFile proc, ProcessTable processes)
    {
        if (points.Counter("system.processes.created", "{process}", "Processes created."))
        {
            points.Add(proc.Values("/proc/stat\0"u8).GetValueOrDefault("processes"));
            points.End();
        }

        if (points.Level("system.processes.count", "{process}", "Processes by status."))
        {
            foreach (var (status, count) in processes.Statuses)
            {
                points.Add(count, ("status", status));
            }

            points.End();
        }
    }
}
