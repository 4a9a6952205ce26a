namespace Phoenix.Pipelines.Components;

/// <summary>Every metric of the host scrapers and whether it is on by default, as in the OpenTelemetry Collector.</summary>
internal static class HostMetricNames
{
    public static readonly IReadOnlyDictionary<HostScraper, IReadOnlyList<(string Name, bool On)>> Of = new Dictionary<HostScraper, IReadOnlyList<(string, bool)>>
    {
        [HostScraper.Cpu] = [("system.cpu.time", true), ("system.cpu.logical.count", false)],
        [HostScraper.Memory] = [("system.memory.usage", true), ("system.memory.limit", false), ("system.linux.memory.available", false)],
        [HostScraper.Load] = [("system.cpu.load_average.1m", true), ("system.cpu.load_average.5m", true), ("system.cpu.load_average.15m", true)],
        [HostScraper.Disk] =
        [
            ("system.disk.io", true), ("system.disk.operations", true), ("system.disk.io_time", true), ("system.disk.operation_time", true),
            ("system.disk.merged", true), ("system.disk.pending_operations", true), ("system.disk.weighted_io_time", true),
        ],
        [HostScraper.Filesystem] = [("system.filesystem.usage", true), ("system.filesystem.inodes.usage", true)],
        [HostScraper.Network] =
        [
            ("system.network.io", true), ("system.network.packets", true), ("system.network.errors", true), ("system.network.dropped", true), ("system.network.connections", true),
        ],
        [HostScraper.Paging] = [("system.paging.usage", true), ("system.paging.operations", true), ("system.paging.faults", true)],
        [HostScraper.Processes] = [("system.processes.created", true), ("system.processes.count", true)],
        [HostScraper.Process] =
        [
            ("process.cpu.time", true), ("process.memory.usage", true), ("process.memory.virtual", true), ("process.disk.io", true),
            ("process.threads", true), ("process.paging.faults", false), ("process.uptime", false),
        ],
    };

    /// <summary>Reads a scraper's <c>metrics: {name: {enabled: …}}</c>.</summary>
    public static void Read(SectionReader scraper, HostScraper kind, HashSet<string> enabled)
    {
        var metrics = scraper.Section("metrics");
        foreach (var (name, on) in Of[kind])
        {
            var wanted = on;
            if (metrics?.Section(name) is { } metric)
            {
                wanted = metric.Flag("enabled", on);
                metric.RejectUnknown();
            }

            if (wanted)
            {
                enabled.Add(name);
            }
        }

        metrics?.RejectUnknown();
    }
}
