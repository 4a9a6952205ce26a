namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>load</c>: /proc/loadavg.</summary>
internal static class LoadScraper
{
    private static readonly string[] Names = ["system.cpu.load_average.1m", "system.cpu.load_average.5m", "system.cpu.load_average.15m"];

    public static void Write(PointWriter points, ProcFile proc, bool perCpu)
    {
        var words = proc.Read("/proc/loadavg\0"u8);
        foreach (var name in Names)
        {
            var load = words.NextDouble();
            if (points.Gauge(name, "{thread}", "Mean run queue."))
            {
                points.Add(perCpu ? load / Environment.ProcessorCount : load);
                points.End();
            }
        }
    }
}
