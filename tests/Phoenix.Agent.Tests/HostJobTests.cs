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
