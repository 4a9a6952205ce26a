using System.Text;

namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>cpu</c>: /proc/stat.</summary>
internal static class CpuScraper
{
    // In the order of the file; guest time is part of user and nice.
    private static readonly string[] States = ["user", "nice", "system", "idle", "wait", "interrupt", "softirq", "steal"];

    public static void Write(PointWriter points, ProcFile proc)
    {
        if (points.Counter("system.cpu.time", "s", "CPU seconds by processor and state."))
        {
            var lines = proc.Read("/proc/stat\0"u8);
            while (lines.NextLine(out var line))
            {
                var words = new ProcText(line);
                var cpu = words.NextWord();
                if (!cpu.StartsWith("cpu"u8) || cpu.Length == 3)
                {
                    continue;
                }

                var name = Encoding.UTF8.GetString(cpu);
                foreach (var state in States)
                {
                    points.Add(words.NextNumber() / (double)Libc.ClockTicksPerSecond, ("cpu", name), ("state", state));
                }
            }

            points.End();
        }

        if (points.Level("system.cpu.logical.count", "{cpu}", "Processors that this process sees."))
        {
            points.Add((long)Environment.ProcessorCount);
            points.End();
        }
    }
}
