using System.Text;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>disk</c>: /proc/diskstats.</summary>
internal static class DiskScraper
{
    // Fields behind the name (kernel, Documentation/admin-guide/iostats.rst).
    private const int Reads = 0, ReadsMerged = 1, SectorsRead = 2, ReadMs = 3, Writes = 4, WritesMerged = 5, SectorsWritten = 6, WriteMs = 7, Pending = 8, BusyMs = 9, WeightedMs = 10;

    // Of this file always, whatever the disk's own sectors are.
    private const int SectorBytes = 512;

    public static void Write(PointWriter points, ProcFile proc, NameFilter devices)
    {
        var disks = new List<(string Device, long[] Fields)>();
        var lines = proc.Read("/proc/diskstats\0"u8);
        while (lines.NextLine(out var line))
        {
            var words = new ProcText(line);
            words.Skip(2);
            var name = Encoding.UTF8.GetString(words.NextWord());
            if (!devices.Selects(name))
            {
                continue;
            }

            var fields = new long[WeightedMs + 1];
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i] = words.NextNumber();
            }

            disks.Add((name, fields));
        }

        Both("system.disk.io", "By", "Bytes by device and direction.", SectorsRead, SectorsWritten, SectorBytes);
        Both("system.disk.operations", "{operation}", "Operations by device and direction.", Reads, Writes, 1);
        Both("system.disk.merged", "{operation}", "Operations that were merged into others, by device and direction.", ReadsMerged, WritesMerged, 1);
        if (points.Counter("system.disk.operation_time", "s", "Time spent in operations, by device and direction."))
        {
            foreach (var (device, fields) in disks)
            {
                points.Add(fields[ReadMs] / 1000.0, ("device", device), ("direction", "read"));
                points.Add(fields[WriteMs] / 1000.0, ("device", device), ("direction", "write"));
            }

            points.End();
        }

        Seconds("system.disk.io_time", "Time during which the device was busy.", BusyMs);
        Seconds("system.disk.weighted_io_time", "Time during which the device was busy, times the operations under way.", WeightedMs);
        if (points.Level("system.disk.pending_operations", "{operation}", "Operations under way."))
        {
            foreach (var (device, fields) in disks)
            {
                points.Add(fields[Pending], ("device", device));
            }

            points.End();
        }

        void Both(string name, string unit, string description, int read, int write, long scale)
        {
            if (points.Counter(name, unit, description))
            {
                foreach (var (device, fields) in disks)
                {
                    points.Add(fields[read] * scale, ("device", device), ("direction", "read"));
                    points.Add(fields[write] * scale, ("device", device), ("direction", "write"));
                }

                points.End();
            }
        }

        void Seconds(string name, string description, int field)
        {
            if (points.Counter(name, "s", description))
            {
                foreach (var (device, fields) in disks)
                {
                    points.Add(fields[field] / 1000.0, ("device", device));
                }

                points.End();
            }
        }
    }
}
