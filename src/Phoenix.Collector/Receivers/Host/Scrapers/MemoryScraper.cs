namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>memory</c>: /proc/meminfo.</summary>
internal static class MemoryScraper
{
    public static void Write(PointWriter points, ProcFile proc)
    {
        var memory = proc.Values("/proc/meminfo\0"u8, scale: 1024);
        if (points.Level("system.memory.usage", "By", "Memory by state."))
        {
            var free = memory.GetValueOrDefault("MemFree");
            var cached = memory.GetValueOrDefault("Cached");
            var buffered = memory.GetValueOrDefault("Buffers");
            var reclaimable = memory.GetValueOrDefault("SReclaimable");
            points.Add(memory.GetValueOrDefault("MemTotal") - free - cached - buffered - reclaimable, ("state", "used"));
            points.Add(free, ("state", "free"));
            points.Add(cached, ("state", "cached"));
            points.Add(buffered, ("state", "buffered"));
            points.Add(reclaimable, ("state", "slab_reclaimable"));
            points.Add(memory.GetValueOrDefault("SUnreclaim"), ("state", "slab_unreclaimable"));
            points.End();
        }

        Single("system.memory.limit", "Memory of the machine.", "MemTotal");
        Single("system.linux.memory.available", "Memory that could be given to new processes without swapping.", "MemAvailable");

        void Single(string name, string description, string key)
        {
            if (points.Level(name, "By", description))
            {
                points.Add(memory.GetValueOrDefault(key));
                points.End();
            }
        }
    }
}
