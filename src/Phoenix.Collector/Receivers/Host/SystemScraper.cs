using Phoenix.Collector.Receivers.Host.Scrapers;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>Everything of <c>hostmetrics</c> that concerns the machine as a whole, named by the semantic conventions.</summary>
internal sealed class SystemScraper(HostMetricsReceiverSettings settings, HostIdentity host)
{
    private readonly ProcFile _proc = new();

    /// <summary>Reads that failed since the last call.</summary>
    public int TakeErrors()
    {
        var errors = _proc.Errors;
        _proc.Errors = 0;
        return errors;
    }

    /// <param name="processes">Counts of processes by state, where they were read.</param>
    public void Write(OtlpWriter writer, ulong time, ProcessTable? processes)
    {
        if (settings.Scrapers.Count == 1 && settings.Scrapers.Contains(HostScraper.Process))
        {
            return;
        }

        writer.BeginResource();
        host.Write(writer);
        writer.ResourceAttribute("os.type", "linux");
        writer.BeginScope("phoenix/hostmetrics/system", "");
        var points = new PointWriter(writer, settings.Metrics, ProcFile.BootTime, time);
        foreach (var scraper in settings.Scrapers)
        {
            switch (scraper)
            {
                case HostScraper.Cpu: CpuScraper.Write(points, _proc); break;
                case HostScraper.Memory: MemoryScraper.Write(points, _proc); break;
                case HostScraper.Paging: PagingScraper.Write(points, _proc); break;
                case HostScraper.Load: LoadScraper.Write(points, _proc, settings.Options.LoadPerCpu); break;
                case HostScraper.Network: NetworkScraper.Write(points, _proc, settings.Options.Interfaces, settings.Metrics); break;
                case HostScraper.Disk: DiskScraper.Write(points, _proc, settings.Options.Disks); break;
                case HostScraper.Filesystem: FilesystemScraper.Write(points, _proc, settings.Options); break;
                case HostScraper.Processes: ProcessesScraper.Write(points, _proc, processes!); break;
            }
        }

        writer.EndScope();
        writer.EndResource();
    }
}
