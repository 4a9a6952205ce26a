using System.Net;
using System.Net.Sockets;
using Phoenix.Collector.Receivers.Host;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

/// <summary>What the scrapers read of the machine that the test runs on, against what the system says elsewhere.</summary>
public class HostMetricsTests
{
    private const string All = "{cpu: {}, memory: {}, load: {}, disk: {}, filesystem: {include_virtual_filesystems: true}, network: {}, paging: {}, processes: {}}";

    [Fact]
    public void every_default_metric_of_every_scraper_is_there_under_its_semantic_name()
    {
        var names = Read(All).Select(p => p.Metric).ToHashSet();

        string[] always =
        [
            "system.cpu.time", "system.memory.usage", "system.cpu.load_average.1m", "system.cpu.load_average.5m", "system.cpu.load_average.15m",
            "system.filesystem.usage", "system.filesystem.inodes.usage", "system.network.io", "system.network.packets", "system.network.errors",
            "system.network.dropped", "system.network.connections", "system.paging.operations", "system.paging.faults", "system.processes.created", "system.processes.count",
        ];
        always.Where(n => !names.Contains(n)).ShouldBeEmpty();
        names.Where(n => !n.StartsWith("system.", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public void memory_by_state_adds_up_to_what_the_machine_has()
    {
        var points = Read("{memory: {metrics: {system.memory.limit: {enabled: true}}}}");

        var total = points.Single(p => p.Metric == "system.memory.limit").Value;
        points.Where(p => p.Metric == "system.memory.usage" && p.Labels["state"] != "slab_unreclaimable").Sum(p => p.Value).ShouldBe(total);
        total.ShouldBeGreaterThanOrEqualTo(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "a container may be allowed less");
    }

    [Fact]
    public void a_file_system_has_the_size_that_the_system_says_it_has()
    {
        var points = Read("{filesystem: {include_virtual_filesystems: true, include_mount_points: {mount_points: [/]}}}");

        var usage = points.Where(p => p.Metric == "system.filesystem.usage").ToList();
        usage.Select(p => p.Labels["mountpoint"]).Distinct().ShouldBe(["/"]);
        usage.Sum(p => p.Value).ShouldBe(new DriveInfo("/").TotalSize);
    }

    [Fact]
    public void a_listening_socket_is_among_the_connections()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        Read("{network: {}}").Single(p => p.Metric == "system.network.connections" && p.Labels["state"] == "LISTEN").Value.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void processes_are_counted_by_status_and_processors_by_state()
    {
        var points = Read("{cpu: {}, processes: {}}");

        points.Where(p => p.Metric == "system.processes.count").Sum(p => p.Value).ShouldBeGreaterThan(1);
        points.Single(p => p.Metric == "system.processes.count" && p.Labels["status"] == "unknown").Value.ShouldBe(0);
        points.Where(p => p.Metric == "system.cpu.time").Select(p => p.Labels["cpu"]).Distinct().Count().ShouldBeGreaterThan(0);
        points.Where(p => p.Metric == "system.cpu.time").ShouldAllBe(p => p.Value >= 0);
    }

    [Fact]
    public void metrics_that_are_switched_off_and_devices_that_are_excluded_are_left_out()
    {
        var points = Read("{network: {metrics: {system.network.packets: {enabled: false}}, exclude: {interfaces: [lo]}}, cpu: {metrics: {system.cpu.logical.count: {enabled: true}}}}");

        points.ShouldNotContain(p => p.Metric == "system.network.packets");
        points.ShouldNotContain(p => p.Metric == "system.network.io" && p.Labels["device"] == "lo");
        points.Single(p => p.Metric == "system.cpu.logical.count").Value.ShouldBe(Environment.ProcessorCount);
    }

    private static List<DecodedPoint> Read(string scrapers)
    {
        var loaded = CollectorConfiguration.Load($$"""
            receivers:
              hostmetrics: {scrapers: {{scrapers}} }
            exporters:
              nop:
            service:
              pipelines:
                metrics: {receivers: [hostmetrics], exporters: [nop]}
            """, _ => null);
        loaded.Errors.ShouldBeEmpty();
        var settings = loaded.Configuration!.Receivers[0].ShouldBeOfType<HostMetricsReceiverSettings>();
        var processes = new ProcessTable(null, creationTime: false);
        processes.Read().ShouldBeEmpty("none is selected");
        var scraper = new SystemScraper(settings, ScrapeJobs.Host);
        var writer = new OtlpWriter();
        scraper.Write(writer, 1_000_000_000, processes);
        scraper.TakeErrors().ShouldBe(0);
        return DecodedPoint.ReadAll(writer.WrittenSpan);
    }
}
