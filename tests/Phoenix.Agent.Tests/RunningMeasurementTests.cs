using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

public sealed class RunningMeasurementTests
{
    private static readonly MeasurementPlan Plan = new(Guid.NewGuid(), "production", "candidate-1", 0.4, ["up"]);

    [Fact]
    public async Task windows_wait_for_an_absent_control_plane_and_arrive_in_order_each_under_one_number()
    {
        await using var host = await MeasuringHostAsync("note: c\n");
        await Until.TrueAsync(() => Counting(host) >= 2, "windows count", () => host.AgentLog);

        host.Api.Away = true;
        var before = host.Api.WindowReports.All.Count;
        await Until.TrueAsync(() => Waiting(host) >= 4, "windows wait on disk", () => host.AgentLog);
        // A new agent has nothing but the disk.
        await host.KillAgentAsync();
        host.StartAgent(token: null);
        host.Api.WindowReports.All.Count.ShouldBe(before);
        host.Api.Away = false;
        await Until.TrueAsync(() => host.Api.WindowReports.All.Count >= before + 6, "the windows arrive", () => host.AgentLog, seconds: 60);

        // A report whose answer was lost (the agent was killed between sending and deleting) comes again, and is the same.
        var windows = host.Api.WindowReports.All.GroupBy(window => window.Number).ToList();
        windows.Select(same => same.Key).ShouldBe(Enumerable.Range(1, windows.Count));
        windows.ShouldAllBe(same => same.Select(window => window.Baseline!.Number).Distinct().Count() == 1);
        windows.Select(same => same.First().Baseline!.Number).ShouldBeUnique();
        host.Api.WindowReports.All.Where(window => window.VoidReason is null)
            .ShouldAllBe(window => window.Baseline!.Number == window.Candidate!.Number && window.Baseline.Input.Checksum == window.Candidate.Input.Checksum);
    }

    [Fact]
    public async Task the_first_window_is_void_because_the_candidate_joined_inside_it()
    {
        await using var host = await MeasuringHostAsync("note: c\n");
        await Until.TrueAsync(() => Counting(host) >= 1, "a window counts", () => host.AgentLog);
        var first = host.Api.WindowReports.All[0];
        first.Number.ShouldBe(1);
        first.VoidReason.ShouldBe(VoidReasons.Incomplete);
    }

    [Fact]
    public async Task windows_over_different_input_are_void()
    {
        await using var host = await MeasuringHostAsync("mismatch: true\n");
        await Until.TrueAsync(() => host.Api.WindowReports.All.Any(w => w.VoidReason is VoidReasons.InputMismatch), "a mismatch is reported", () => host.AgentLog);
        Counting(host).ShouldBe(0);
    }

    [Theory]
    [InlineData("candidate-1")]
    [InlineData("production")]
    public async Task windows_around_a_crashed_arm_are_void_and_then_count_again(string arm)
    {
        await using var host = await MeasuringHostAsync("note: c\n");
        await Until.TrueAsync(() => Counting(host) >= 2, "windows count", () => host.AgentLog);

        host.State(arm)!.Process!.Signal(Native.SigKill);

        await Until.TrueAsync(() => host.Api.WindowReports.All.Any(w => w.VoidReason is VoidReasons.ArmRestarted), "a restart is reported", () => host.AgentLog);
        var counted = Counting(host);
        await Until.TrueAsync(() => Counting(host) >= counted + 2, "windows count again", () => host.AgentLog);
        var all = host.Api.WindowReports.All;
        all.Select(window => window.Number).ShouldBe(Enumerable.Range(1, all.Count));
        all.Where(window => window.VoidReason is null).Select(window => (arm is "production" ? window.Baseline : window.Candidate)!.Epoch)
            .Distinct().Count().ShouldBe(2);
        // Both count distinct series anew since the restart.
        var counts = all.Where(window => window.VoidReason is null).ToList();
        counts.ShouldAllBe(window => window.Baseline!.Generation == window.Candidate!.Generation);
        counts[^1].Baseline!.Generation.ShouldBeGreaterThan(counts[0].Baseline!.Generation);
    }

    [Fact]
    public async Task what_a_production_collector_took_in_is_reported_once_an_epoch_has_ended()
    {
        await using var host = await MeasuringHostAsync("note: c\n");
        // It is looked at every 20 seconds; what is killed before has told nobody.
        await Until.TrueAsync(() => Counting(host) >= 60, "windows count", () => host.AgentLog, seconds: 90);
        host.State("production")!.Process!.Signal(Native.SigKill);
        await Until.TrueAsync(() => host.Api.UsagePeriods.All.Count >= 1, "a period is reported", () => host.AgentLog, seconds: 90);
        var period = host.Api.UsagePeriods.All[0];
        period.Collector.ShouldBe("production");
        period.ConfigurationHash.ShouldBe(host.State("production")!.ConfigurationHash);
        period.LastWindow.ShouldBeGreaterThanOrEqualTo(period.FirstWindow);
        period.Input.Points.ShouldBeGreaterThan(0);
        host.Api.UsagePeriods.All.ShouldAllBe(p => p.Collector == "production");
    }

    private static async Task<Host> MeasuringHostAsync(string candidate)
    {
        var host = await Host.StartAsync();
        var task = Host.Work([Host.Production("note: p\n"), Host.Candidate(candidate)], plan: Plan);
        (await host.RunAsync(task)).Outcome.ShouldBe(TaskOutcome.Succeeded);
        return host;
    }

    private static int Counting(Host host) => host.Api.WindowReports.All.Count(window => window.VoidReason is null);

    private static int Waiting(Host host) => Directory.GetFiles(Path.Combine(host.StateDirectory, "outbox"), "*.json").Length;
}
