namespace Phoenix.EndToEnd;

/// <summary>How things end on a host when it is asked to stop, and when nobody is there to ask.</summary>
public sealed class AgentEndTests : EndToEndTest
{
    /// <summary>The agent is started by each test.</summary>
    public override async ValueTask InitializeAsync() => UseStack(await Stack.StartAsync(Workplace.DatabaseUrl, startAgent: false));

    [Fact(Timeout = 300_000)]
    public async Task an_agent_that_is_asked_to_stop_leaves_no_process_behind()
    {
        Stack.StartAgent();
        var run = await StartAsync();
        await run.UntilMeasuringAsync(1);
        Stack.Collectors.Count.ShouldBe(2);

        await Stack.Agent.TerminateAsync();
        Stack.Agent.ExitCode.ShouldBe(0);
        Stack.Collectors.ShouldBeEmpty();
        await ShouldHaveNoGapAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task a_candidate_whose_time_is_over_is_ended_while_the_control_plane_is_away()
    {
        // Enrolled, and then stopped so that its task waits in the queue.
        Stack.StartAgent();
        await Eventually.GetAsync(() => Api.ReadAsync("agents"), agents => agents["items"]!.AsArray().Count > 0, "the host to enrol", 60);
        await Stack.Agent.TerminateAsync();
        var run = await StartAsync();
        // An experiment gives its candidate minutes beyond its deadline: too long to wait for, so the waiting task gets seconds.
        await Eventually.GetAsync(
            () => Stack.Database.ExecuteAsync(
                """
                update phoenix.task_queue set desired = jsonb_set(desired, '{collectors,1,expiresAt}', to_jsonb(now() + interval '20 seconds'))
                where experiment_id = $1 and desired #>> '{collectors,1,expiresAt}' is not null
                """, run.Id),
            rows => rows == 1, "the task to wait in the queue", 30);
        Stack.StartAgent();
        await Eventually.TrueAsync(() => Stack.CollectorPid(run.CandidateName) is not null, "the candidate to run", 30);
        var production = Stack.CollectorPid(Stack.Production);
        await Stack.ApiProcess.KillAsync();

        await Eventually.TrueAsync(() => Stack.CollectorPid(run.CandidateName) is null, "the dead man's switch to end the candidate", 60);
        var tick = Stack.Sink.LastTick(Shop.ScrapeTicks);
        await Eventually.TrueAsync(() => Stack.Sink.LastTick(Shop.ScrapeTicks) >= tick + 3, "production to go on", 30);
        Stack.Collectors.ShouldBe([production!.Value], "the candidate is gone for good and production was not touched");
        Stack.Agent.IsAlive.ShouldBeTrue();
    }

    private async Task<ExperimentRun> StartAsync()
    {
        var everything = await Api.PublishAsync("everything", Stack.Pipelines.Everything);
        var folding = await Api.PublishAsync("folding", Stack.Pipelines.Folding);
        return await ExperimentRun.StartAsync(Stack, everything, folding, Plan.Extended);
    }
}
