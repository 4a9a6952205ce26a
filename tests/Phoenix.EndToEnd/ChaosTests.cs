using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>
/// Something is killed in the middle of a running experiment: the verdict is still reached, every task has exactly one
/// accepted end, and nothing is left running.
/// </summary>
public sealed class ChaosTests : EndToEndTest
{
    [Fact(Timeout = 300_000)]
    public async Task the_verdict_is_reached_although_the_api_is_killed()
    {
        var run = await RunningAsync();
        var agent = Stack.Agent.Id;
        var collectors = Stack.Collectors;
        await Stack.ApiProcess.KillAsync();
        // Production must not need a control plane.
        var tick = Stack.Sink.LastTick(Shop.ScrapeTicks);
        await Eventually.TrueAsync(() => Stack.Sink.LastTick(Shop.ScrapeTicks) >= tick + 3, "production to go on", 30);
        await Stack.StartApiAsync();

        await ShouldEndWellAsync(run);
        Stack.Agent.Id.ShouldBe(agent);
        Stack.Agent.IsAlive.ShouldBeTrue();
        collectors.ShouldContain(Stack.CollectorPid(Stack.Production)!.Value);
        await ShouldHaveNoGapAsync();
        await ShouldLeaveNothingAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task the_verdict_is_reached_although_the_agent_is_killed_and_the_next_one_adopts_what_runs()
    {
        var run = await RunningAsync();
        var (production, candidate) = (Stack.CollectorPid(Stack.Production), Stack.CollectorPid(run.CandidateName));
        await Stack.Agent.KillAsync();
        Stack.Collectors.Count.ShouldBe(2, "collectors outlive a killed agent");
        Stack.StartAgent();
        var windows = (await run.ReadAsync())["windows"]!.GetValue<int>();
        await run.UntilMeasuringAsync(windows + 2);
        Stack.CollectorPid(Stack.Production).ShouldBe(production);
        Stack.CollectorPid(run.CandidateName).ShouldBe(candidate);

        await ShouldEndWellAsync(run);
        Stack.CollectorPid(Stack.Production).ShouldBe(production);
        await ShouldHaveNoGapAsync();
        await ShouldLeaveNothingAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task the_verdict_is_reached_although_the_production_collector_is_killed()
    {
        var run = await RunningAsync();
        var killed = Stack.CollectorPid(Stack.Production)!.Value;
        var candidate = Stack.CollectorPid(run.CandidateName);
        Processes.Signal(killed, Processes.SigKill);
        await Eventually.TrueAsync(() => Stack.CollectorPid(Stack.Production) is { } pid && pid != killed, "production to be started again", 30);
        Stack.CollectorPid(run.CandidateName).ShouldBe(candidate);

        var over = await ShouldEndWellAsync(run);
        over["voidWindows"]!.GetValue<int>().ShouldBeGreaterThan(0, "a window in which an arm restarted says nothing");
        await ShouldLeaveNothingAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task the_verdict_is_reached_although_the_candidate_collector_is_killed()
    {
        var run = await RunningAsync();
        var production = Stack.CollectorPid(Stack.Production);
        var killed = Stack.CollectorPid(run.CandidateName)!.Value;
        Processes.Signal(killed, Processes.SigKill);
        await Eventually.TrueAsync(() => Stack.CollectorPid(run.CandidateName) is { } pid && pid != killed, "the candidate to be started again", 30);

        var over = await ShouldEndWellAsync(run);
        over["voidWindows"]!.GetValue<int>().ShouldBeGreaterThan(0, "a window in which an arm restarted says nothing");
        Stack.CollectorPid(Stack.Production).ShouldBe(production, "a candidate that dies cannot touch production");
        await ShouldHaveNoGapAsync();
        await ShouldLeaveNothingAsync();
    }

    private async Task<ExperimentRun> RunningAsync()
    {
        var everything = await Api.PublishAsync("everything", Stack.Pipelines.Everything);
        var folding = await Api.PublishAsync("folding", Stack.Pipelines.Folding);
        var run = await ExperimentRun.StartAsync(Stack, everything, folding, Plan.Extended);
        await run.UntilMeasuringAsync();
        return run;
    }

    private async Task<JsonNode> ShouldEndWellAsync(ExperimentRun run)
    {
        var over = await run.UntilOverAsync();
        ExperimentRun.State(over).ShouldBe("completed", over.ToJsonString());
        over["verdict"]!["outcome"]!.GetValue<string>().ShouldBe("promote", over.ToJsonString());
        TaskLog.ShouldBeSound(await run.AuditUntilAsync("experiment_completed"));

        Stack.Collectors.ShouldBe([Stack.CollectorPid(Stack.Production)!.Value], "the candidate is gone");
        return over;
    }

    private async Task ShouldLeaveNothingAsync()
    {
        await Stack.Agent.TerminateAsync();
        Stack.Agent.ExitCode.ShouldBe(0);
        Stack.Collectors.ShouldBeEmpty();
    }
}
