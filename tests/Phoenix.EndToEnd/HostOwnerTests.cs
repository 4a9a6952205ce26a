namespace Phoenix.EndToEnd;

/// <summary>What the owner of a host decides, and what becomes of two agents that both speak for it.</summary>
public sealed class HostOwnerTests : EndToEndTest
{
    /// <summary>The agent is started by each test.</summary>
    public override async ValueTask InitializeAsync() => UseStack(await Stack.StartAsync(Workplace.DatabaseUrl, startAgent: false));

    [Fact(Timeout = 300_000)]
    public async Task of_two_agents_for_one_host_the_newer_one_speaks_and_the_older_one_leaves_its_collectors()
    {
        Stack.StartAgent();
        await GoLiveAsync();
        var production = Stack.CollectorPid(Stack.Production);
        // As where a virtual machine is copied while it runs: the same identity, another directory.
        var copy = Stack.AgentDirectory + "-copy";
        Directory.CreateDirectory(copy);
        File.Copy(Path.Combine(Stack.AgentDirectory, "identity.json"), Path.Combine(copy, "identity.json"));
        await using (var second = Stack.StartAnotherAgent(copy))
        {
            await Eventually.TrueAsync(() => !Stack.Agent.IsAlive, "the older agent to give way", 90);
            Stack.Agent.ExitCode.ShouldBe(3);
            Stack.CollectorPid(Stack.Production).ShouldBe(production, "production goes on");
            second.IsAlive.ShouldBeTrue();

            // The first directory's agent is the newest boot now, and adopts what it left.
            Stack.StartAgent();
            await Eventually.TrueAsync(() => !second.IsAlive, "the copy's agent to give way in its turn", 90);
            second.ExitCode.ShouldBe(3);
        }
        Stack.CollectorPid(Stack.Production).ShouldBe(production);
        Stack.Agent.IsAlive.ShouldBeTrue();
        await ShouldHaveNoGapAsync();
    }

    [Fact(Timeout = 300_000)]
    public async Task a_configuration_that_the_host_owner_does_not_allow_is_refused_with_line_key_and_rule()
    {
        var list = Stack.AgentDirectory + "-allow.yaml";
        await File.WriteAllTextAsync(list, "tasks: [apply]\nexporters: ['*']\nprocessors: [batch, memory_limiter]\n");
        Stack.Set("PHOENIX_AGENT_ALLOW_FILE", list);
        Stack.StartAgent();
        var everything = await GoLiveAsync();
        var production = Stack.CollectorPid(Stack.Production);
        var folding = await Api.PublishAsync("folding", Stack.Pipelines.Folding);

        var run = await ExperimentRun.StartAsync(Stack, everything, folding, Plan.Brief);
        ExperimentRun.State(await run.UntilOverAsync()).ShouldBe("rolledBack");

        var failed = (await run.AuditUntilAsync("experiment_rolled_back")).Single(e => e.Type == "task_failed").Data;
        failed.GetProperty("code").GetString().ShouldBe("configuration-not-allowed");
        failed.GetProperty("retryable").GetBoolean().ShouldBeFalse();
        failed.GetProperty("detail").GetString()!.ShouldContain("its rule `processors` (line 3) allows batch, memory_limiter");
        Stack.CollectorPid(Stack.Production).ShouldBe(production);
        Stack.Collectors.Count.ShouldBe(1);

        await File.WriteAllTextAsync(list, "tasks: [");
        var again = await ExperimentRun.StartAsync(Stack, everything, folding, Plan.Brief);
        await again.UntilOverAsync();
        var broken = (await again.AuditUntilAsync("experiment_rolled_back")).First(e => e.Type == "task_failed").Data;
        broken.GetProperty("detail").GetString()!.ShouldContain("Nothing is allowed on this host");
    }

    [Fact(Timeout = 300_000)]
    public async Task a_candidate_whose_agent_was_killed_and_never_came_back_ends_by_itself()
    {
        Stack.StartAgent();
        await Eventually.GetAsync(() => Api.ReadAsync("agents"), agents => agents["items"]!.AsArray().Count > 0, "the host to enrol", 60);
        await Stack.Agent.TerminateAsync();
        var everything = await Api.PublishAsync("everything", Stack.Pipelines.Everything);
        var run = await ExperimentRun.StartAsync(Stack, everything, await Api.PublishAsync("folding", Stack.Pipelines.Folding), Plan.Extended);
        await Eventually.GetAsync(
            () => Stack.Database.ExecuteAsync(
                """
                update phoenix.task_queue set desired = jsonb_set(desired, '{collectors,1,expiresAt}', to_jsonb(now() + interval '20 seconds'))
                where experiment_id = $1 and desired #>> '{collectors,1,expiresAt}' is not null
                """, run.Id),
            rows => rows == 1, "the task to wait in the queue", 30);
        Stack.StartAgent();
        await Eventually.TrueAsync(() => Stack.CollectorPid(run.CandidateName) is not null, "the candidate to run", 30);
        await Stack.Agent.KillAsync();
        var production = Stack.CollectorPid(Stack.Production);

        await Eventually.TrueAsync(() => Stack.CollectorPid(run.CandidateName) is null, "the candidate to see that nobody looks after it", 150);

        Stack.CollectorPid(Stack.Production).ShouldBe(production, "production has no such end");
        await ShouldHaveNoGapAsync();
    }
}
