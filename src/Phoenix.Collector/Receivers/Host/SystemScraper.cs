using System.Globalization;
using System.Text;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>Everything of <c>hostmetrics</c> that concerns the machine as a whole, named by the semantic conventions.</summary>
internal sealed class SystemScraper(IReadOnlySet<HostScraper> scrapers, HostIdentity host)
{
    private static readonly string[] CpuStates = ["user", "nice", "system", "idle", "wait", "interrupt", "softirq", "steal"];
    private readonly ulong _bootTime = ReadBootTime();
    private readonly byte[] _buffer = new byte[256 << 10];

    /// <returns>False where only processes are asked for.</returns>
    public bool Write(OtlpWriter writer, ulong time)
    {
        if (scrapers.Count == 0 || (scrapers.Count == 1 && scrapers.Contains(HostScraper.Process)))
        {
            return false;
        }

        writer.BeginResource();
        host.Write(writer);
        writer.ResourceAttribute("os.type", "linux");
        writer.BeginScope("phoenix/hostmetrics/system", "");
        var points = new PointWriter(writer, _bootTime, time);
        foreach (var scraper in scrapers)
        {
            switch (scraper)
            {
                case HostScraper.Cpu: Cpu(points); break;
                case HostScraper.Memory: Memory(points); break;
                case HostScraper.Paging: Paging(points); break;
                case HostScraper.Load: Load(points); break;
                case HostScraper.Network: Network(points); break;
                case HostScraper.Disk: Disk(points); break;
                case HostScraper.Filesystem: Filesystem(points); break;
                case HostScraper.Processes: Processes(points); break;
            }
        }

        writer.EndScope();
        writer.EndResource();
        return true;
    }

    private void Cpu(PointWriter points)
    {
        points.Counter("system.cpu.time", "s", "CPU seconds by processor and state.");
        var lines = Read("/proc/stat\0"u8);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var cpu = words.NextWord();
            if (!cpu.StartsWith("cpu"u8) || cpu.Length == 3)
            {
                continue;
            }

            var name = Encoding.UTF8.GetString(cpu);
            foreach (var state in CpuStates)
            {
                points.Add(words.NextNumber() / (double)Libc.ClockTicksPerSecond, ("cpu", name), ("state", state));
            }
        }

        points.End();
    }

    private void Memory(PointWriter points)
    {
        var memory = MemoryInfo();
        points.Level("system.memory.usage", "By", "Memory by state.");
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

    private void Paging(PointWriter points)
    {
        var memory = MemoryInfo();
        var free = memory.GetValueOrDefault("SwapFree");
        points.Level("system.paging.usage", "By", "Swap by state.");
        points.Add(memory.GetValueOrDefault("SwapTotal") - free, ("state", "used"));
        points.Add(free, ("state", "free"));
        points.End();

        points.Counter("system.paging.faults", "{fault}", "Page faults by type.");
        var lines = Read("/proc/vmstat\0"u8);
        long all = 0, major = 0;
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var key = words.NextWord();
            all = key.SequenceEqual("pgfault"u8) ? words.NextNumber() : all;
            major = key.SequenceEqual("pgmajfault"u8) ? words.NextNumber() : major;
        }

        points.Add(major, ("type", "major"));
        points.Add(all - major, ("type", "minor"));
        points.End();
    }

    private void Load(PointWriter points)
    {
        var words = Read("/proc/loadavg\0"u8);
        foreach (var name in (ReadOnlySpan<string>)["system.cpu.load_average.1m", "system.cpu.load_average.5m", "system.cpu.load_average.15m"])
        {
            points.Gauge(name, "{thread}", "Mean run queue.");
            points.Add(words.NextDouble());
            points.End();
        }
    }

    private void Network(PointWriter points)
    {
        // receive: bytes packets errs drop fifo frame compressed multicast; transmit: bytes packets errs drop …
        var devices = new List<(string Device, long[] Values)>();
        var lines = Read("/proc/net/dev\0"u8);
        while (lines.NextLine(out var line))
        {
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
            {
                continue;
            }

            var words = new ProcText(line[(colon + 1)..]);
            var values = new long[16];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = words.NextNumber();
            }

            devices.Add((Encoding.UTF8.GetString(line[..colon]).Trim(), values));
        }

        Counter("system.network.io", "By", "Bytes by device and direction.", 0);
        Counter("system.network.packets", "{packet}", "Packets by device and direction.", 1);
        Counter("system.network.errors", "{error}", "Errors by device and direction.", 2);
        Counter("system.network.dropped", "{packet}", "Dropped packets by device and direction.", 3);

        void Counter(string name, string unit, string description, int field)
        {
            points.Counter(name, unit, description);
            foreach (var (device, values) in devices)
            {
                points.Add(values[field], ("device", device), ("direction", "receive"));
                points.Add(values[field + 8], ("device", device), ("direction", "transmit"));
            }

            points.End();
        }
    }

    private void Disk(PointWriter points)
    {
        // major minor name reads merged sectors ms writes merged sectors ms …; a sector is 512 bytes here, always.
        var disks = new List<(string Device, long Reads, long SectorsRead, long Writes, long SectorsWritten)>();
        var lines = Read("/proc/diskstats\0"u8);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            words.Skip(2);
            var name = Encoding.UTF8.GetString(words.NextWord());
            var reads = words.NextNumber();
            words.Skip(1);
            var sectorsRead = words.NextNumber();
            words.Skip(1);
            var writes = words.NextNumber();
            words.Skip(1);
            disks.Add((name, reads, sectorsRead, writes, words.NextNumber()));
        }

        points.Counter("system.disk.io", "By", "Bytes by device and direction.");
        foreach (var disk in disks)
        {
            points.Add(disk.SectorsRead * 512, ("device", disk.Device), ("direction", "read"));
            points.Add(disk.SectorsWritten * 512, ("device", disk.Device), ("direction", "write"));
        }

        points.End();
        points.Counter("system.disk.operations", "{operation}", "Operations by device and direction.");
        foreach (var disk in disks)
        {
            points.Add(disk.Reads, ("device", disk.Device), ("direction", "read"));
            points.Add(disk.Writes, ("device", disk.Device), ("direction", "write"));
        }

        points.End();
    }

    private static void Filesystem(PointWriter points)
    {
        points.Level("system.filesystem.usage", "By", "Bytes by mount point and state.");
        foreach (var drive in DriveInfo.GetDrives())
        {
            try
            {
                if (drive.DriveType is DriveType.Fixed or DriveType.Network && drive.TotalSize > 0)
                {
                    points.Add(drive.TotalSize - drive.TotalFreeSpace, ("mountpoint", drive.Name), ("type", drive.DriveFormat), ("state", "used"));
                    points.Add(drive.AvailableFreeSpace, ("mountpoint", drive.Name), ("type", drive.DriveFormat), ("state", "free"));
                    points.Add(drive.TotalFreeSpace - drive.AvailableFreeSpace, ("mountpoint", drive.Name), ("type", drive.DriveFormat), ("state", "reserved"));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.Warn("a file system cannot be read", ("mountpoint", drive.Name), ("reason", e.Message));
            }
        }

        points.End();
    }

    private void Processes(PointWriter points)
    {
        var lines = Read("/proc/stat\0"u8);
        long created = 0, running = 0, blocked = 0;
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var key = words.NextWord();
            created = key.SequenceEqual("processes"u8) ? words.NextNumber() : created;
            running = key.SequenceEqual("procs_running"u8) ? words.NextNumber() : running;
            blocked = key.SequenceEqual("procs_blocked"u8) ? words.NextNumber() : blocked;
        }

        points.Counter("system.processes.created", "{process}", "Processes created.");
        points.Add(created);
        points.End();
        points.Level("system.processes.count", "{process}", "Processes by status.");
        points.Add(running, ("status", "running"));
        points.Add(blocked, ("status", "blocked"));
        points.End();
    }

    private Dictionary<string, long> MemoryInfo()
    {
        var values = new Dictionary<string, long>();
        var lines = Read("/proc/meminfo\0"u8);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            var key = words.NextWord().TrimEnd((byte)':');
            values[Encoding.UTF8.GetString(key)] = words.NextNumber() * 1024;
        }

        return values;
    }

    private ProcText Read(ReadOnlySpan<byte> path)
    {
        var length = Libc.ReadFile(path, _buffer);
        if (length < 0)
        {
            Log.Warn("a file of /proc cannot be read", ("path", Encoding.UTF8.GetString(path[..^1])));
        }

        return new ProcText(_buffer.AsSpan(0, Math.Max(length, 0)));
    }

    private static ulong ReadBootTime() =>
        ulong.Parse(File.ReadLines("/proc/stat").First(l => l.StartsWith("btime ", StringComparison.Ordinal)).AsSpan(6), CultureInfo.InvariantCulture) * 1_000_000_000;
}

/// <summary>Writes the points of one metric after another, all with the machine's start and one time.</summary>
internal sealed class PointWriter(OtlpWriter writer, ulong start, ulong time)
{
    private ulong _start;

    public void Counter(string name, string unit, string description)
    {
        _start = start;
        writer.BeginSum(name, unit, description, monotonic: true, Temporality.Cumulative);
    }

    public void Level(string name, string unit, string description)
    {
        _start = start;
        writer.BeginSum(name, unit, description, monotonic: false, Temporality.Cumulative);
    }

    public void Gauge(string name, string unit, string description)
    {
        _start = 0;
        writer.BeginGauge(name, unit, description);
    }

    public void Add(long value, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        Begin(attributes);
        writer.EndPoint(value);
    }

    public void Add(double value, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        Begin(attributes);
        writer.EndPoint(value);
    }

    public void End() => writer.EndMetric();

    private void Begin(ReadOnlySpan<(string Key, string Value)> attributes)
    {
        writer.BeginPoint(_start, time);
        foreach (var (key, value) in attributes)
        {
            writer.Attribute(key, value);
        }
    }
}
