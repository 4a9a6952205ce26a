using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>
/// The <c>process</c> scraper: every process is a resource of its own, named by the semantic conventions. Cumulative sums
/// begin when the process did.
/// </summary>
internal static class ProcessScraper
{
    private static readonly byte[] StateKey = "state"u8.ToArray();
    private static readonly byte[] DirectionKey = "direction"u8.ToArray();

    public static void Write(OtlpWriter writer, ProcessEntry process, HostIdentity host, ulong time)
    {
        writer.BeginResource();
        host.Write(writer);
        foreach (var (key, value) in process.Attributes)
        {
            writer.ResourceAttribute(key, value);
        }

        writer.BeginScope("phoenix/hostmetrics/process", "");
        var start = process.StartUnixNanos;
        double ticks = Libc.ClockTicksPerSecond;

        writer.BeginSum("process.cpu.time", "s", "CPU seconds by state.", monotonic: true, Temporality.Cumulative);
        writer.BeginPoint(start, time);
        writer.Attribute(StateKey, "user"u8);
        writer.EndPoint(process.UserTicks / ticks);
        writer.BeginPoint(start, time);
        writer.Attribute(StateKey, "system"u8);
        writer.EndPoint(process.SystemTicks / ticks);
        writer.EndMetric();

        Level("process.memory.usage", "By", "Resident memory.", process.ResidentBytes);
        Level("process.memory.virtual", "By", "Virtual memory.", process.VirtualBytes);
        Level("process.threads", "{thread}", "Threads.", process.Threads);

        if (process.ReadBytes >= 0)
        {
            writer.BeginSum("process.disk.io", "By", "Bytes read from and written to disks.", monotonic: true, Temporality.Cumulative);
            writer.BeginPoint(start, time);
            writer.Attribute(DirectionKey, "read"u8);
            writer.EndPoint(process.ReadBytes);
            writer.BeginPoint(start, time);
            writer.Attribute(DirectionKey, "write"u8);
            writer.EndPoint(process.WrittenBytes);
            writer.EndMetric();
        }

        writer.EndScope();
        writer.EndResource();

        void Level(string name, string unit, string description, long value)
        {
            writer.BeginSum(name, unit, description, monotonic: false, Temporality.Cumulative);
            writer.BeginPoint(start, time);
            writer.EndPoint(value);
            writer.EndMetric();
        }
    }
}
