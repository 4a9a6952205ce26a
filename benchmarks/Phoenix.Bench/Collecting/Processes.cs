using System.Diagnostics;
using Phoenix.Collector.Receivers;
using Phoenix.Collector.Receivers.Host;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Bench.Collecting;

/// <summary>The process scraper over a thousand processes, beside a loop that only reads their stat and io.</summary>
static class Processes
{
    const int Many = 1_000;

    // What is on by default.
    static readonly HashSet<string> Enabled = ["process.cpu.time", "process.memory.usage", "process.memory.virtual", "process.disk.io", "process.threads"];

    public static BenchResult Run(bool quick)
    {
        var sleepers = new List<Process>();
        try
        {
            for (var i = 0; i < Many; i++) sleepers.Add(Process.Start(new ProcessStartInfo("sleep", ["600"]))!);
            var pids = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(n => int.Parse(n!, System.Globalization.CultureInfo.InvariantCulture)).ToList();
            var table = new ProcessTable(NameFilter.All, creationTime: false);
            var (host, enabled, writer, buffer) = (HostIdentity.Read(), Enabled, new OtlpWriter(), new byte[8192]);
            List<double> ours = [], bare = [], reading = [];
            for (var round = 0; round < (quick ? 12 : 40); round++)
            {
                var read = Milliseconds(() => ReadAll(pids, buffer), pids.Count);
                IEnumerable<ProcessEntry> entries = [];
                var listed = Milliseconds(() => entries = table.Read(), pids.Count);
                var written = Milliseconds(() =>
                {
                    foreach (var entry in entries)
                    {
                        ProcessScraper.Write(writer, entry, host, enabled, 1);
                        if (writer.Points >= 2000) writer.Clear();
                    }
                }, pids.Count);
                writer.Clear();
                if (round < 5) continue; // learns the processes and warms up
                bare.Add(read);
                reading.Add(listed);
                ours.Add(listed + written);
            }

            Console.WriteLine($"{pids.Count} processes, processor time for each 1,000: bare loop {BenchResult.Median(bare):0.0} ms, reading them {BenchResult.Median(reading):0.0} ms, with their points written {BenchResult.Median(ours):0.0} ms (20 asked)");
            return new("processes", "reading stat and io of every process", "ms per 1,000 processes", ours, bare);
        }
        finally
        {
            foreach (var sleeper in sleepers)
            {
                sleeper.Kill();
                sleeper.Dispose();
            }
        }
    }

    static void ReadAll(List<int> pids, byte[] buffer)
    {
        Span<byte> path = stackalloc byte[40];
        foreach (var pid in pids)
        {
            _ = Phoenix.Collector.Libc.ReadFile(ProcessTable.ProcPath(path, pid, "/stat\0"u8), buffer);
            _ = Phoenix.Collector.Libc.ReadFile(ProcessTable.ProcPath(path, pid, "/io\0"u8), buffer);
        }
    }

    static double Milliseconds(Action work, int processes)
    {
        var from = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - from).TotalMilliseconds * 1_000 / processes;
    }
}
