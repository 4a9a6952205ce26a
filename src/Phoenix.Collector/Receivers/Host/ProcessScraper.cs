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
    private static readonly byte[] TypeKey = "type"u8.ToArray();

    public static void Write(OtlpWriter writer, ProcessEntry process, HostIdentity host, IReadOnlySet<string> enabled, ulong time)
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

        if (enabled.Contains("process.cpu.time"))
        {
            writer.BeginSum("process.cpu.time", "s", "CPU seconds by state.", monotonic: true, Temporality.Cumulative);
            writer.BeginPoint(start, time);
            writer.Attribute(StateKey, "user"u8);
            writer.EndPoint(process.UserTicks / ticks);
            writer.BeginPoint(start, time);
            writer.Attribute(StateKey, "system"u8);
            writer.EndPoint(process.SystemTicks / ticks);
            writer.EndMetric();
        }

        Level("process.memory.usage", "By", "Resident memory.", process.ResidentBytes);
        Level("process.memory.virtual", "By", "Virtual memory.", process.VirtualBytes);
        Level("process.threads", "{thread}", "Threads.", process.Threads);

        if (process.ReadBytes >= 0)
        {
            Pair("process.disk.io", "By", "Bytes read from and written to disks.", DirectionKey, "read"u8, process.ReadBytes, "write"u8, process.WrittenBytes);
        }

        Pair("process.paging.faults", "{fault}", "Page faults by type.", TypeKey, "major"u8, process.MajorFaults, "minor"u8, process.MinorFaults);
        if (enabled.Contains("process.uptime"))
        {
            writer.BeginGauge("process.uptime", "s", "Time since the process began.");
            writer.BeginPoint(0, time);
            writer.EndPoint((time - Math.Min(start, time)) / 1e9);
            writer.EndMetric();
        }

        writer.EndScope();
        writer.EndResource();

        void Level(string name, string unit, string description, long value)
        {
            if (enabled.Contains(name))
            {
                writer.BeginSum(name, unit, description, monotonic: false, Temporality.Cumulative);
                writer.BeginPoint(start, time);
                writer.EndPoint(value);
                writer.EndMetric();
            }
        }

        void Pair(string name, string unit, string description, ReadOnlySpan<byte> key, ReadOnlySpan<byte> one, long value, ReadOnlySpan<byte> other, long otherValue)
        {
            if (enabled.Contains(name))
            {
                writer.BeginSum(name, unit, description, monotonic: true, Temporality.Cumulative);
                writer.BeginPoint(start, time);
                writer.Attribute(key, one);
                writer.EndPoint(value);
                writer.BeginPoint(start, time);
                writer.Attribute(key, other);
                writer.EndPoint(otherValue);
                writer.EndMetric();
            }
        }
    }
}
