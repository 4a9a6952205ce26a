using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>Previews and simulated loads beside what runs.</summary>
public sealed class HostJobTests
{
    private const string Production = "note: production\n";

    private static AssignedTask Preview(string configuration) =>
        new(Guid.NewGuid(), TaskKind.Preview, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null),
            Preview: new("production", configuration, ConfigurationCheck.HashOf(Encoding.UTF8.GetBytes(configuration)), ["up", "shop.*"]));

    private static AssignedTask Load(int attempt = 1) =>
        new(Guid.NewGuid(), TaskKind.Load, 1, DateTimeOffset.UtcNow.AddMinutes(1), attempt, new DesiredState(null, [], [], null),
            Load: new("production", LoadKind.HighChurn, 500, 2, 3600));

    private static AssignedTask Explore(string? metric = null) =>
        new(Guid.NewGuid(), TaskKind.Explore, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null), Explore: new("production", metric));

    [Fact]
    public async Task a_preview_runs_nothing_and_brings_its_report()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Production));
        var pid = host.Pid("production");

        var result = await host.RunAsync(Preview("note: other\n"));

        result.Outcome.ShouldBe(TaskOutcome.Succeeded, result.Error?.Detail);
        result.Preview!.Sample.Source.ShouldBe("production.sock");
        result.Preview.Protected.Missing.ShouldBe(["up,shop.*"]);
        host.Pid("production").ShouldBe(pid);
        host.Configuration("production").ShouldBe(Production);
        Directory.GetFileSystemEntries(Path.Combine(host.StateDirectory, "jobs")).ShouldBeEmpty();
    }

    [Fact]
    public async Task a_preview_that_cannot_be_says_why_and_is_not_tried_again()
    {
        await using var host = await Host.StartAsync();

        var noSample = (await host.RunAsync(Preview("preview: no-sample\n"))).Error!;
        (noSample.Code, noSample.Retryable).ShouldBe(("no-sample", false));
        noSample.Detail.ShouldContain("there is no sample as told");
        var task = Preview("note: x\n");
        (await host.RunAsync(task with { Preview = task.Preview! with { ConfigurationHash = "other" } })).Error!.Code.ShouldBe("hash-mismatch");
        (await host.RunAsync(task with { Id = Guid.NewGuid(), Preview = task.Preview! with { Collector = "../x" } })).Error!.Code.ShouldBe("configuration-invalid");
    }

    [Fact]
    public async Task an_exploration_counts_beside_what_runs_and_brings_its_values()
    {
        await using var host = await Host.StartAsync();
        (await host.RunAsync(Explore())).Error!.Code.ShouldBe("no-collector");
        await host.RunAsync(Host.Production(Production));
        var pid = host.Pid("production");

        var result = await host.RunAsync(Explore("shop.requests"));

        result.Outcome.ShouldBe(TaskOutcome.Succeeded, result.Error?.Detail);
        result.Exploration!.Sample.Source.ShouldBe("production.sock");
        result.Exploration.Metrics.ShouldHaveSingleItem().Name.ShouldBe("shop.requests");
        result.Exploration.Metrics[0].Labels[0].Top[0].Value.ShouldBe("ada");
        var noSample = (await host.RunAsync(Explore("no-sample"))).Error!;
        (noSample.Code, noSample.Retryable).ShouldBe(("no-sample", false));
        noSample.Detail.ShouldContain("there is no sample as told");
        host.Pid("production").ShouldBe(pid);
        host.AgentLog.ShouldNotContain("ada");
        Directory.GetFileSystemEntries(Path.Combine(host.StateDirectory, "jobs")).ShouldBeEmpty();
    }

    [Fact]
    public async Task the_agent_says_which_newer_tasks_it_understands()
    {
        await using var host = await Host.StartAsync();
        await Until.TrueAsync(() => host.Api.Heartbeats.All.Count > 0, "a heartbeat", () => host.AgentLog);
        host.Api.Heartbeats.All[0].Understands.ShouldBe([Understanding.Explore, Understanding.Logs]);
    }

    [Fact]
    public async Task what_goes_through_production_is_told_once_for_each_window()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Production));

        await Until.TrueAsync(() => host.Api.Flows.All.Any(f => f.Collectors.Count > 0), "the flow is told", () => host.AgentLog, seconds: 60);

        var told = host.Api.Flows.All.Last(f => f.Collectors.Count > 0).Collectors.ShouldHaveSingleItem();
        (told.Collector, told.Window.Total.SeriesIn, told.Window.Metrics.Keys[0]).ShouldBe(("production", 12, "requests"));

        // The next process has a window of its own.
        var pid = host.Pid("production");
        System.Diagnostics.Process.GetProcessById(pid).Kill();
        await Until.TrueAsync(() => Windows().Distinct().Count() > 1, "the flow of the next process is told", () => host.AgentLog, seconds: 90);
        Windows().ShouldBeUnique("the same window is told once");

        List<DateTimeOffset> Windows() => [.. host.Api.Flows.All.SelectMany(f => f.Collectors).Select(c => c.Window.EndedAt)];
    }

    [Fact]
    public async Task a_control_plane_that_does_not_take_the_flow_is_asked_rarely()
    {
        await using var host = await Host.StartAsync(before: host => host.Api.TakesFlow = false);
        await host.RunAsync(Host.Production(Production));
        await Until.TrueAsync(() => host.AgentLog.Contains("does not take what goes through collectors", StringComparison.Ordinal), "the agent notes it", () => host.AgentLog, seconds: 60);
        host.Agent.HasExited.ShouldBeFalse();
        host.Api.Seen.All.Count(s => s.Path == "/api/v2/flow").ShouldBe(1);
    }

    [Fact]
    public async Task a_load_reports_what_it_sent()
    {
        await using var host = await Host.StartAsync();
        (await host.RunAsync(Load())).Error!.Code.ShouldBe("no-collector");
        await host.RunAsync(Host.Production(Production));

        var result = await host.RunAsync(Load());

        result.Outcome.ShouldBe(TaskOutcome.Succeeded, result.Error?.Detail);
        (result.Load!.PointsAccepted, result.Load.FirstError).ShouldBe((500, "high-churn"));
    }

    [Fact]
    public async Task a_load_is_not_made_twice_nor_into_an_experiment()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Production));
        (await host.RunAsync(Load(attempt: 2))).Error!.Code.ShouldBe("interrupted");
        await host.RunAsync(Host.Work([Host.Production(Production), Host.Candidate("note: candidate\n")]));
        (await host.RunAsync(Load())).Error!.Code.ShouldBe("host-in-experiment");
    }

    [Fact]
    public async Task other_work_does_not_wait_for_a_load_and_a_cancelled_load_ends()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production("load: hang\n"));
        var load = Load();
        host.Api.Deliver(load);
        await Until.TrueAsync(() => host.Api.Progress.All.Any(p => p.Task == load.Id && p.Progress.Phase == "loading"), "the load runs", () => host.AgentLog);

        (await host.RunAsync(Host.Production("load: hang\nnote: changed\n"))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        (await host.RunAsync(Load())).Error!.Code.ShouldBe("busy");
        host.Api.Outcomes.All.ShouldNotContain(o => o.Task == load.Id);

        host.Api.Cancelled = load.Id;
        await Until.TrueAsync(() => host.Api.Outcomes.All.Any(o => o.Task == load.Id), "the load ends", () => host.AgentLog);
        host.Api.Outcomes.All.Single(o => o.Task == load.Id).Result.Error!.Code.ShouldBe("cancelled");
        Directory.GetFileSystemEntries(Path.Combine(host.StateDirectory, "jobs")).ShouldBeEmpty();
    }
}
