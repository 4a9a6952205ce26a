using System.Text;
using Phoenix.Contracts;
using Phoenix.Pipelines.Stock;
using static Phoenix.Agent.Tests.Samples;

namespace Phoenix.Agent.Tests;

public sealed class StockCollectorTests : IDisposable
{
    private static readonly ProcessIdentity Process = new(7, 1);

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void the_agent_sets_the_variables_and_knows_the_exporter_that_are_rendered()
    {
        LoopbackPorts.LinkVariable.ShouldBe(StockPipeline.LinkVariable);
        LoopbackPorts.MetricsPortVariable.ShouldBe(StockPipeline.MetricsPortVariable);
        StockMetrics.LinkExporter.ShouldBe(StockPipeline.LinkExporter);
    }

    [Fact]
    public void the_fuller_distribution_on_the_path_is_taken_unless_the_settings_name_one()
    {
        var (first, second) = (Program("first/otelcol"), Program("second/otelcol-contrib"));
        var path = $"{Path.GetDirectoryName(first)}:{Path.GetDirectoryName(second)}";

        OtelcolProgram.Find(null, path).ShouldBe(second);
        OtelcolProgram.Find(first, path).ShouldBe(first);
        File.SetUnixFileMode(second, UnixFileMode.UserRead);
        OtelcolProgram.Find(null, path).ShouldBe(first);
    }

    [Fact]
    public void a_host_without_a_stock_collector_is_told_what_to_do()
    {
        Should.Throw<ProgramMissingException>(() => OtelcolProgram.Find(null, _folder)).Message.ShouldContain("set PHOENIX_OTELCOL");
        Should.Throw<ProgramMissingException>(() => OtelcolProgram.Find("/nowhere/otelcol", _folder)).Message.ShouldContain("/nowhere/otelcol, which does not exist");
    }

    [Theory]
    [InlineData("otelcol-contrib version 0.159.0\n", true)]
    [InlineData("otelcol version v0.124.0\n", true)]
    [InlineData("otelcol-contrib version 0.123.1\n", false)]
    [InlineData("acme-collector version 0.3.0\n", true)]
    [InlineData("", true)]
    public void a_version_that_lacks_rendered_keys_is_refused(string output, bool usable) =>
        (OtelcolProgram.Problem("/opt/otelcol", output) is null).ShouldBe(usable);

    [Fact]
    public async Task what_cannot_be_run_is_refused_before_anything_is_touched()
    {
        var check = new ConfigurationCheck(Runtimes("/nowhere/otelcol"), Prepared());

        var missing = await check.RunAsync(Host.Production("receivers: {}") with { Runtime = CollectorRuntime.Stock }, default);
        missing.ShouldNotBeNull().Code.ShouldBe("collector-missing");
        missing.Detail.ShouldContain("PHOENIX_OTELCOL");
        var candidate = await check.RunAsync(Host.Candidate("receivers: {}") with { Runtime = CollectorRuntime.Stock }, default);
        candidate.ShouldNotBeNull().Detail.ShouldContain("no production collector");
        var endless = await check.RunAsync(Host.Candidate("note: 1") with { Arm = CollectorArm.Baseline, ExpiresAt = null }, default);
        endless.ShouldNotBeNull().Detail.ShouldContain("no expiresAt");
    }

    [Fact]
    public async Task what_the_program_says_against_a_configuration_is_told_without_its_secrets()
    {
        var program = Path.Combine(_folder, "otelcol-quotes");
        await File.WriteAllTextAsync(program, "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho \"Error: decoding failed at exporters::otlp: hunter2-and-more is no duration\"\nexit 1\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var check = new ConfigurationCheck(Runtimes(program), Prepared());

        var refused = await check.RunAsync(Host.Production("exporters: {otlp: {auth: {password: hunter2-and-more}}}\n") with { Runtime = CollectorRuntime.Stock }, default);

        refused.ShouldNotBeNull().Code.ShouldBe("configuration-invalid");
        refused.Detail.ShouldContain("exporters::otlp: [redacted] is no duration");
    }

    [Fact]
    public void ports_are_kept_for_the_next_agent_and_given_up_where_somebody_has_taken_them()
    {
        var directory = Prepared();
        var ports = new LoopbackPorts(directory);
        var link = ports.LinkVariables()[LoopbackPorts.LinkVariable];
        var metrics = ports.MetricsForStart("production");

        var later = new LoopbackPorts(directory);
        later.LinkVariables()[LoopbackPorts.LinkVariable].ShouldBe(link);
        later.MetricsOf("production").ShouldBe(metrics);
        link.ShouldNotEndWith($":{metrics}");
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, metrics);
        taken.Start();
        // It may be the collector itself that serves there: a check of another configuration must not lose sight of it.
        later.MetricsForCheck("production").ShouldBe(metrics);
        later.MetricsOf("production").ShouldBe(metrics);
        later.MetricsForCheck("another").ShouldNotBe(metrics);
        later.MetricsOf("another").ShouldBe(0);
        later.MetricsForStart("production").ShouldNotBe(metrics);
    }

    [Fact]
    public void points_are_read_by_exporter_whatever_the_version_calls_its_counters()
    {
        var read = StockMetrics.Parse("""
            # HELP otelcol_exporter_sent_metric_points Number of metric points successfully sent to destination. [Alpha]
            # TYPE otelcol_exporter_sent_metric_points counter
            otelcol_exporter_sent_metric_points{exporter="otlp/phoenix_link",service_name="otelcol-contrib",service_version="0.159.0"} 1200
            otelcol_exporter_sent_metric_points{exporter="otlp_http",service_name="otelcol-contrib"} 1.3e+03
            otelcol_exporter_send_failed_metric_points{error_type="Unavailable",exporter="otlp/phoenix_link"} 30
            otelcol_exporter_send_failed_metric_points{error_type="Deadline",exporter="otlp/phoenix_link"} 12
            otelcol_exporter_enqueue_failed_metric_points_total{exporter="otlp/phoenix_link"} 8
            otelcol_exporter_sent_spans{exporter="otlp_http"} 9
            otelcol_exporter_queue_size{data_type="metrics",exporter="otlp_http"} 3
            otelcol_receiver_accepted_metric_points_total{receiver="otlp",transport="grpc"} 1250
            otelcol_receiver_accepted_metric_points_total{receiver="prometheus",transport="http"} 50
            process_runtime_total_sys_memory_bytes 1e8
            """);

        read.Accepted.ShouldBe(1300);
        read.LostOnLink.ShouldBe(50);
        read.Exporters["otlp/phoenix_link"].ShouldBe(new ExporterPoints(1200, 50));
        read.Exporters["otlp_http"].ShouldBe(new ExporterPoints(1300, 0));
        StockMetrics.Parse("").LostOnLink.ShouldBe(0);
    }

    [Fact]
    public void healthy_means_that_points_come_in_and_leave_for_production()
    {
        var watch = new StockWatch();
        Look(watch, 0, accepted: 0, sent: 0);
        watch.Unhealthy(At(1)).ShouldNotBeNull().ShouldContain("come in yet");
        Look(watch, 2, accepted: 10, sent: 0, link: 10);
        watch.Unhealthy(At(2)).ShouldNotBeNull().ShouldContain("exported yet", Case.Sensitive, "the copy for Phoenix is not production");
        Look(watch, 4, accepted: 20, sent: 20, link: 20);
        watch.Unhealthy(At(4)).ShouldBeNull();
        (watch.LastInput, watch.LastExport).ShouldBe((At(4), At(4)));
        Look(watch, 6, accepted: 30, sent: 20, lost: 10);
        watch.Unhealthy(At(6)).ShouldNotBeNull().ShouldContain("exporter otlp_http loses");
        Look(watch, 8, accepted: 40, sent: 30, lost: 10);
        watch.Unhealthy(At(8)).ShouldBeNull();
        watch.Unhealthy(At(200)).ShouldNotBeNull().ShouldContain("no metric points for");
    }

    [Fact]
    public void in_the_chain_the_exporter_into_phoenix_is_production()
    {
        var watch = new StockWatch();
        watch.Observe(new StockMetrics(5, new Dictionary<string, ExporterPoints> { [StockMetrics.LinkExporter] = new(5, 0) }), Process, At(0));

        watch.Unhealthy(At(1)).ShouldBeNull();
    }

    [Fact]
    public void what_the_copy_loses_voids_the_windows_around_it()
    {
        var watch = new StockWatch();
        Look(watch, 0, linkLost: 100);
        Look(watch, 30, linkLost: 100);
        Look(watch, 32, linkLost: 101);
        Look(watch, 100, linkLost: 101);

        watch.VoidReason(At(5), At(20)).ShouldBeNull("what was lost before the first look is no loss of this window");
        watch.VoidReason(At(15), At(26)).ShouldBe(VoidReasons.TeeDropped, "a loss is counted later than it came in");
        watch.VoidReason(At(31), At(45)).ShouldBe(VoidReasons.TeeDropped);
        watch.VoidReason(At(38), At(60)).ShouldBeNull();
    }

    [Fact]
    public void a_window_that_was_not_watched_throughout_says_nothing()
    {
        var watch = new StockWatch();
        watch.VoidReason(At(0), At(1)).ShouldBe(VoidReasons.StockUnobserved);
        Look(watch, 10);
        Look(watch, 20);

        watch.VoidReason(At(9), At(12)).ShouldBe(VoidReasons.StockUnobserved);
        watch.Covers(At(18)).ShouldBeFalse();
        watch.VoidReason(At(12), At(18)).ShouldBe(VoidReasons.StockUnobserved);
        watch.VoidReason(At(11), At(15)).ShouldBeNull();
    }

    [Fact]
    public void a_restart_of_the_stock_collector_voids_what_it_may_have_lost()
    {
        var watch = new StockWatch();
        Look(watch, 0);
        Look(watch, 50);
        watch.Observe(new StockMetrics(0, new Dictionary<string, ExporterPoints>()), new ProcessIdentity(8, 2), At(60));
        watch.Observe(new StockMetrics(0, new Dictionary<string, ExporterPoints>()), new ProcessIdentity(8, 2), At(200));

        watch.VoidReason(At(20), At(40)).ShouldBeNull();
        watch.VoidReason(At(40), At(52)).ShouldBe(VoidReasons.TeeDropped);
        watch.VoidReason(At(66), At(100)).ShouldBeNull();
    }

    [Fact]
    public async Task a_real_stock_collector_takes_every_rendered_configuration_starts_and_answers()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        string? program = null;
        try
        {
            program = OtelcolProgram.Find(Environment.GetEnvironmentVariable(AgentSettings.OtelcolVariable), path);
        }
        catch (ProgramMissingException e)
        {
            Assert.Skip(e.Message);
        }

        var directory = Prepared();
        var runtimes = Runtimes(program);
        var check = new ConfigurationCheck(runtimes, directory);
        var rendered = StockPipeline.Load("""
            receivers:
              otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}
            processors:
              batch:
              phoenix_topk: {metrics: [a], labels: [b], k: 1}
            exporters:
              debug:
            service:
              telemetry: {metrics: {readers: []}}
              pipelines:
                metrics: {receivers: [otlp], processors: [batch, phoenix_topk], exporters: [debug]}
            """).Pipeline.ShouldNotBeNull();
        foreach (var text in new[] { rendered.Link!.Beside, rendered.Link.Chained, rendered.Alone })
            (await check.RunAsync(Stock(text), default)).ShouldBeNull();
        (await check.RunAsync(Stock(rendered.Alone.Replace("batch", "bach", StringComparison.Ordinal)), default)).ShouldNotBeNull().Code.ShouldBe("configuration-invalid");

        using var collector = new Collector(directory, "production");
        var hash = Stock(rendered.Link.Beside).ConfigurationHash;
        collector.Save(State(hash: hash) with { Runtime = CollectorRuntime.Stock });
        await File.WriteAllTextAsync(collector.ConfigurationFile, rendered.Link.Beside);
        collector.Start(runtimes.Stock.Launch(collector));
        try
        {
            var until = Environment.TickCount64 + 30_000;
            CollectorStatus? status;
            while ((status = await runtimes.Stock.StatusAsync(collector, default)) is null)
            {
                Environment.TickCount64.ShouldBeLessThan(until, string.Join('\n', LogFile.Tail(collector.LogPath)));
                await Task.Delay(50);
            }
            status.ConfigurationHash.ShouldBe(hash);
            status.Reason.ShouldNotBeNull().ShouldContain("come in yet");
            status.ResidentBytes.ShouldBeGreaterThan(1 << 20);
            runtimes.Stock.FindStray(collector).ShouldBe(collector.State!.Process);
        }
        finally
        {
            await collector.StopAsync();
        }
    }

    private static DesiredCollector Stock(string text) => Host.Production(text) with { Runtime = CollectorRuntime.Stock };

    private static DateTimeOffset At(double seconds) => Noon.AddSeconds(seconds);

    private static void Look(StockWatch watch, double at, double accepted = 1, double sent = 1, double lost = 0, double link = 0, double linkLost = 0) =>
        watch.Observe(new StockMetrics(accepted, new Dictionary<string, ExporterPoints>
        {
            ["otlp_http"] = new(sent, lost),
            [StockMetrics.LinkExporter] = new(link, linkLost),
        }), Process, At(at));

    private StateDirectory Prepared()
    {
        var directory = new StateDirectory(Path.Combine(_folder, "state"));
        directory.Create();
        DurableFile.CreatePrivateDirectory(directory.Collector("production"));
        return directory;
    }

    private Runtimes Runtimes(string otelcol)
    {
        var settings = AgentSettings.Read(name => name switch
        {
            AgentSettings.ApiUrlVariable => "http://localhost",
            AgentSettings.OtelcolVariable => otelcol,
            _ => null,
        }, "machine", "/opt");
        var ports = new LoopbackPorts(new StateDirectory(Path.Combine(_folder, "state")));
        return new Runtimes(null!, new StockRuntime(settings, ports));
    }

    private string Program(string name)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "", Encoding.UTF8);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }
}
