using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Phoenix.Collector.LoadSimulation;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public sealed class LoadSimulationTests : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const ulong Start = 1_800_000_000 * Second;

    private readonly Workspace _place = new();

    public static TheoryData<LoadKind> Profiles => [.. Enum.GetValues<LoadKind>()];

    public void Dispose() => _place.Dispose();

    [Theory]
    [MemberData(nameof(Profiles))]
    public void a_profile_has_as_many_streams_as_it_says_and_no_counter_falls(LoadKind profile)
    {
        const int Intervals = 20, Series = 100;
        var streams = new LoadStreams(profile, Series, Intervals);
        var meter = new ArmMeter(new ArmMeterOptions());
        var decoder = new BatchDecoder();
        var made = 0L;
        MeterWindow? window = null;
        for (var interval = 0; interval < Intervals; interval++)
        {
            var writer = new OtlpWriter();
            streams.Write(writer, interval, 0, streams.Active(interval), Start, Start + (ulong)interval * 10 * Second, 10 * Second);
            OtlpReader.Validate(writer.WrittenSpan).ShouldBe(streams.Active(interval));
            meter.ObserveInput(decoder.Decode(writer.WrittenSpan), (long)(Start + (ulong)interval * 10 * Second));
            meter.ObserveOutput(writer.WrittenSpan);
            made = streams.Made(made, interval, interval - 1);
            window = meter.Cut();
            window.Input.StreamsDistinct.ShouldBe(made);
            window.Ledger.ErrorPct.ShouldBe(0);
        }

        // A counter that fell would be a reset, whose whole value counts anew.
        window!.Ledger.In.ShouldBeGreaterThan(0);
        (profile == LoadKind.HighChurn ? made > 3 * Series : made == Series).ShouldBeTrue($"{made} streams");
    }

    [Fact]
    public void a_spike_is_the_middle_fifth_and_ten_times_as_high()
    {
        var streams = new LoadStreams(LoadKind.Spike, 100, 20);
        Enumerable.Range(0, 20).Select(i => streams.Active(i)).ShouldBe(
            [.. Enumerable.Repeat(10, 8), .. Enumerable.Repeat(100, 4), .. Enumerable.Repeat(10, 8)]);
    }

    [Fact]
    public void churning_instances_end_and_new_ones_begin_at_zero()
    {
        var streams = new LoadStreams(LoadKind.HighChurn, 5, 20);
        // Each interval one of five instances is new.
        Enumerable.Range(1, 10).Select(i => streams.Made(0, i, i - 1)).ShouldAllBe(born => born == 1);
        streams.Made(0, 7, previous: 2).ShouldBe(5, "whoever lived in between and was never sent is not counted");
    }

    [Fact]
    public async Task a_load_arrives_marked_and_is_counted_on_both_sides()
    {
        await using var collector = CollectorProcess.Start(_place, "production", Yaml.Otlp());
        var otlp = await collector.OtlpAsync();
        using var run = new LoadRun(new(new Uri(otlp, "/v1/metrics"), LoadKind.Realistic, 2500, TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)));

        var report = await run.RunAsync(TestContext.Current.CancellationToken);

        report.Whole.ShouldBeTrue();
        report.FirstError.ShouldBeNull();
        (report.PointsRefused, report.PointsFailed).ShouldBe((0, 0));
        (report.PointsAccepted + 2500 * report.IntervalsMissed).ShouldBe(4 * 2500);
        report.StreamsMade.ShouldBe(2500);
        report.P99Ms.ShouldBeGreaterThanOrEqualTo(report.P50Ms);
        await Wait.UntilAsync("all accepted points in windows", async () =>
            (await collector.WindowsAsync()).Sum(w => w.Input.Counts.Points) == report.PointsAccepted);
        var writer = new OtlpWriter();
        new LoadStreams(LoadKind.HighChurn, 1, 1).Write(writer, 0, 0, 1, Start, Start, Second);
        Encoding.UTF8.GetString(writer.WrittenSpan).ShouldContain("phoenix.loadsim");
    }

    [Fact]
    public async Task a_load_that_nobody_takes_says_why()
    {
        using var run = new LoadRun(new(new Uri("http://127.0.0.1:1/v1/metrics"), LoadKind.Steady, 10, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)));
        var report = await run.RunAsync(TestContext.Current.CancellationToken);
        report.PointsFailed.ShouldBe(10);
        report.FirstError.ShouldNotBeNull();
    }

    [Fact]
    public async Task a_load_ends_when_it_is_told_to()
    {
        using var stop = new CancellationTokenSource();
        using var run = new LoadRun(new(new Uri("http://127.0.0.1:1/v1/metrics"), LoadKind.Steady, 10, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)));
        var running = run.RunAsync(stop.Token);
        await stop.CancelAsync();
        (await running).Whole.ShouldBeFalse();
    }

    [Fact]
    public async Task a_load_ends_when_the_process_that_started_it_is_killed()
    {
        await using var peer = await HttpPeer.StartAsync();
        var config = _place.Configuration("production");
        await File.WriteAllTextAsync(config, Yaml.Otlp().Replace("127.0.0.1:0", peer.Address.Authority, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        // The shell stands for the agent: it tells the load's process id and is killed before it can end the load.
        using var parent = Process.Start(new ProcessStartInfo(
            "/bin/sh", ["-c", $"'{CollectorProcess.Executable}' loadsim --config '{config}' --profile steady --series 10 --interval 100ms --duration 1h & echo $!; wait"])
        {
            RedirectStandardOutput = true,
        })!;
        using var load = Process.GetProcessById(int.Parse((await parent.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture));
        await Wait.UntilAsync("the load", () => Task.FromResult(peer.Points.Count > 20));

        parent.Kill();

        await load.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("http: {endpoint: '0.0.0.0:4318'}", "http://127.0.0.1:4318/v1/metrics")]
    [InlineData("http: {endpoint: '[::]:4318'}", "http://[::1]:4318/v1/metrics")]
    [InlineData("http: {endpoint: '127.0.0.1:0'}", null)]
    [InlineData("grpc: {endpoint: '127.0.0.1:4317'}", null)]
    public void the_endpoint_is_that_of_the_configuration(string protocol, string? endpoint)
    {
        var configuration = CollectorConfiguration.Load($$"""
            receivers: {otlp: {protocols: { {{protocol}} } } }
            exporters: {nop: {} }
            service: {pipelines: {metrics: {receivers: [otlp], exporters: [nop]} } }
            """, _ => null).Configuration!;
        if (endpoint is null)
        {
            Should.Throw<InvalidDataException>(() => LoadCommand.EndpointOf(configuration)).Message.ShouldContain("otlp receiver");
        }
        else
        {
            LoadCommand.EndpointOf(configuration).ShouldBe(new Uri(endpoint));
        }
    }

    [Fact]
    public async Task the_command_refuses_what_is_out_of_bounds_and_reports_what_it_did()
    {
        var config = _place.Configuration("production");
        await File.WriteAllTextAsync(config, Yaml.Otlp().Replace("127.0.0.1:0", "127.0.0.1:1", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        foreach (var (arguments, says) in new (string[], string)[]
        {
            (["--profile", "sawtooth"], "high-churn"),
            (["--profile", "steady", "--series", "0"], "1 to 1000000"),
            (["--profile", "steady", "--series", "1000000", "--interval", "1s"], "points a second"),
            (["--profile", "steady", "--duration", "2h"], "1h"),
        })
        {
            var (wrong, _, error) = await CollectorProcess.RunToEndAsync(["loadsim", "--config", config, .. arguments]);
            wrong.ShouldBe(2);
            error.ShouldContain(says);
        }

        var (code, output, _) = await CollectorProcess.RunToEndAsync("loadsim", "--config", config, "--profile", "steady", "--series", "10", "--interval", "100ms", "--duration", "200ms");
        code.ShouldBe(0);
        JsonSerializer.Deserialize(output, WireJson.Default.LoadReport)!.PointsFailed.ShouldBeGreaterThan(0);
    }
}
