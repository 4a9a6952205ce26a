using System.Text;

namespace Phoenix.Collector.Receivers.Host.Scrapers;

/// <summary><c>paging</c>: /proc/swaps and /proc/vmstat.</summary>
internal static class PagingScraper
{
    public static void Write(PointWriter points, ProcFile proc)
    {
        if (points.Level("system.paging.usage", "By", "Swap by device and state."))
        {
            // Filename Type Size Used Priority, in KiB.
            var lines = proc.Read("/proc/swaps\0"u8);
            lines.NextLine(out _);
            while (lines.NextLine(out var line))
            {
                var words = new ProcText(line);
                var device = Encoding.UTF8.GetString(words.NextWord());
                words.Skip(1);
                var (size, used) = (words.NextNumber() * 1024, words.NextNumber() * 1024);
                points.Add(used, ("device", device), ("state", "used"));
                points.Add(size - used, ("device", device), ("state", "free"));
            }

            points.End();
        }

        var vm = proc.Values("/proc/vmstat\0"u8);
        if (points.Counter("system.paging.operations", "{operation}", "Paging operations by type and direction."))
        {
            points.Add(vm.GetValueOrDefault("pswpin"), ("type", "major"), ("direction", "page_in"));
            points.Add(vm.GetValueOrDefault("pswpout"), ("type", "major"), ("direction", "page_out"));
            points.Add(vm.GetValueOrDefault("pgpgin"), ("type", "minor"), ("direction", "page_in"));
            points.Add(vm.GetValueOrDefault("pgpgout"), ("type", "minor"), ("direction", "page_out"));
            points.End();
        }

        if (points.Counter("system.paging.faults", "{fault}", "Page faults by type."))
        {
            var major = vm.GetValueOrDefault("pgmajfault");
            points.Add(major, ("type", "major"));
            points.Add(vm.GetValueOrDefault("pgfault") - major, ("type", "minor"));
            points.End();
        }
    }
}
