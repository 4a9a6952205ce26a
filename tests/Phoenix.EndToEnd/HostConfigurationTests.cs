namespace Phoenix.EndToEnd;

/// <summary>A configuration that only the host can judge: the server does not know its environment.</summary>
public sealed class HostConfigurationTests : EndToEndTest
{
    [Fact(Timeout = 300_000)]
    public async Task a_configuration_that_the_host_refuses_replaces_nothing_and_the_task_names_line_and_key()
    {
        var everything = await GoLiveAsync();
        var unfit = await Api.PublishAsync("unfit", Stack.Pipelines.UnknownVariable);
        var production = Stack.CollectorPid(Stack.Production);
        var running = (await Stack.StatusAsync(Stack.Production)).ShouldNotBeNull()["configurationHash"]!.GetValue<string>();

        var run = await ExperimentRun.StartAsync(Stack, everything, unfit, Plan.Brief);
        var over = await run.UntilOverAsync();
        ExperimentRun.State(over).ShouldBe("rolledBack", over.ToJsonString());

        var log = await run.AuditUntilAsync("experiment_rolled_back");
        var failed = log.Single(e => e.Type == "task_failed").Data;
        failed.GetProperty("code").GetString().ShouldBe("configuration-invalid");
        failed.GetProperty("retryable").GetBoolean().ShouldBeFalse();
        var line = 1 + Stack.Pipelines.UnknownVariable.Split('\n').ToList().FindIndex(l => l.Contains("E2E_NOT_SET", StringComparison.Ordinal));
        failed.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain($"line {line}, processors.phoenix_topk.k:");
        log.Count(e => e.Type == "task_dead_lettered").ShouldBe(1);
        log.Single(e => e.Type == "rollback_requested").Data.GetProperty("cause").GetString().ShouldBe("hostFailed");
        TaskLog.ShouldBeSound(log);

        Stack.CollectorPid(Stack.Production).ShouldBe(production);
        (await Stack.StatusAsync(Stack.Production)).ShouldNotBeNull()["configurationHash"]!.GetValue<string>().ShouldBe(running);
        Stack.Collectors.Count.ShouldBe(1);
        await ShouldHaveNoGapAsync();
    }
}
