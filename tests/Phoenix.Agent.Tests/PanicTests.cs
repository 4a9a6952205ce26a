using System.Diagnostics;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

public sealed class PanicTests
{
    private const string Good = "note: first\n";
    private const string Better = "note: second\n";

    [Fact]
    public async Task a_running_agent_returns_the_host_and_keeps_it_there_until_it_is_cleared()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        await host.RunAsync(Host.Production(Better), Host.Candidate("note: candidate\n"));
        var (production, candidate) = (host.Pid("production"), host.Pid("candidate-1"));
        host.Api.Away = true;

        var (exit, said) = await PanicAsync(host);

        exit.ShouldBe(0, said);
        said.ShouldContain("candidate-1: ended");
        said.ShouldContain("production: returned from");
        said.ShouldContain("phoenix-agent panic --clear");
        host.Configuration("production").ShouldBe(Good);
        host.Pid("production").ShouldBe(production, "it was reloaded, and lost nothing");
        Host.Runs(candidate).ShouldBeFalse();
        host.State("candidate-1").ShouldBeNull();

        host.Api.Away = false;
        await Until.TrueAsync(() => host.Api.Heartbeats.All.Any(beat => beat.PanicAt is not null), "the control plane hears of it", () => host.AgentLog);
        var refused = (await host.RunAsync(Host.Production(Better))).Error!;
        (refused.Code, refused.Retryable).ShouldBe(("host-in-panic", false));
        (await host.RunAsync(Host.Production(Good))).Outcome.ShouldBe(TaskOutcome.Succeeded, "what runs anyway may be asked for");
        (await host.RunAsync(Host.Work([], remove: ["candidate-1"]))).Outcome.ShouldBe(TaskOutcome.Succeeded, "and what takes off");
        host.Configuration("production").ShouldBe(Good);

        // The panic is the host's, and outlives the agent.
        await host.KillAgentAsync();
        host.StartAgent(token: null);
        (await host.RunAsync(Host.Production(Better))).Error!.Code.ShouldBe("host-in-panic");

        (await PanicAsync(host, "--clear")).Exit.ShouldBe(0);
        (await host.RunAsync(Host.Production(Better))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        host.Configuration("production").ShouldBe(Better);
    }

    [Fact]
    public async Task a_second_panic_does_not_go_forward_again_and_says_that_nothing_earlier_is_known()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var (_, first) = await PanicAsync(host);
        first.ShouldContain("no earlier good one is known");
        await PanicAsync(host, "--clear");
        await host.RunAsync(Host.Production(Better));

        await PanicAsync(host);
        var (exit, said) = await PanicAsync(host);

        (exit, host.Configuration("production")).ShouldBe((0, Good));
        said.ShouldContain("left with configuration");
        Host.Runs(host.Pid("production")).ShouldBeTrue();
    }

    [Fact]
    public async Task without_an_agent_the_command_does_it_itself_and_the_next_agent_knows()
    {
        await using var host = await Host.StartAsync();
        // It can be returned to by a new process only.
        const string First = "note: first\nreload: 409\n";
        await host.RunAsync(Host.Production(First));
        await host.RunAsync(Host.Production(Better), Host.Candidate(Better));
        var candidate = host.Pid("candidate-1");
        await host.KillAgentAsync();

        var (exit, said) = await PanicAsync(host);

        exit.ShouldBe(0, said);
        said.ShouldContain("No agent runs");
        host.Configuration("production").ShouldBe(First);
        Host.Runs(host.Pid("production")).ShouldBeTrue("it ran, so it runs");
        Host.Runs(candidate).ShouldBeFalse();
        var environment = await File.ReadAllTextAsync($"/proc/{host.Pid("production")}/environ");
        environment.ShouldContain("AGENT_HOST_ID=host-1", customMessage: "a new process gets the service's variables, not those of the shell");

        var pid = host.Pid("production");
        host.StartAgent(token: null);
        (await host.RunAsync(Host.Production(Better))).Error!.Code.ShouldBe("host-in-panic");
        host.Pid("production").ShouldBe(pid, "the next agent adopts it");
    }

    [Fact]
    public async Task after_a_stop_nothing_is_started_by_the_command()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        await host.RunAsync(Host.Production(Better));
        (await host.TerminateAgentAsync()).ShouldBe(0);

        var (exit, said) = await PanicAsync(host);

        exit.ShouldBe(0, said);
        said.ShouldContain("it starts with the agent");
        host.State("production")!.Process.ShouldBeNull();
        host.Configuration("production").ShouldBe(Good);
        host.Api.Away = true;
        host.StartAgent(token: null);
        await Until.TrueAsync(() => Host.Runs(host.Pid("production")), "the agent starts it, without the control plane", () => host.AgentLog);
        host.Configuration("production").ShouldBe(Good);
    }

    [Fact]
    public async Task a_panic_ends_the_task_under_way()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        await host.KillAgentAsync();
        host.StartAgent(token: null, healthyTimeout: "10m");
        var task = Host.Work([Host.Production("healthy: false\n")]);
        host.Api.Deliver(task);
        await Until.TrueAsync(() => host.State("production")!.OnTrial && host.Configuration("production") != Good, "the trial begins", () => host.AgentLog);

        (await PanicAsync(host)).Exit.ShouldBe(0);

        host.Configuration("production").ShouldBe(Good);
        await Until.TrueAsync(() => host.Api.Outcomes.All.Any(outcome => outcome.Task == task.Id), "the task ends", () => host.AgentLog);
        host.Api.Outcomes.All.Last(outcome => outcome.Task == task.Id).Result.Error!.Code.ShouldBe("host-in-panic");
    }

    [Fact]
    public async Task a_panic_that_a_killed_agent_left_half_done_is_finished_by_the_next()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        await host.RunAsync(Host.Production(Better), Host.Candidate(Better));
        await host.KillAgentAsync();
        DurableFile.Write(Path.Combine(host.StateDirectory, "panic.json"), new PanicRecord(Guid.NewGuid(), DateTimeOffset.UtcNow, Done: false, []), AgentJson.Default.PanicRecord);
        host.StartAgent(token: null);
        await Until.TrueAsync(() => host.State("candidate-1") is null && host.Configuration("production") == Good, "it is finished", () => host.AgentLog);
    }

    [Fact]
    public async Task a_state_directory_that_is_none_is_named()
    {
        await using var host = new Host();
        Directory.CreateDirectory(Path.Combine(host.StateDirectory, "collectors"));
        var (exit, said) = await PanicAsync(host, state: Path.Combine(host.StateDirectory, "elsewhere"));
        (exit, said.Contains("PHOENIX_AGENT_STATE_DIR", StringComparison.Ordinal)).ShouldBe((2, true));
    }

    internal static async Task<(int Exit, string Said)> PanicAsync(Host host, string? argument = null, string? state = null)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "phoenix-agent")) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("panic");
        if (argument is not null)
            start.ArgumentList.Add(argument);
        start.Environment["PHOENIX_AGENT_STATE_DIR"] = state ?? host.StateDirectory;
        start.Environment["PHOENIX_COLLECTOR"] = Path.Combine(AppContext.BaseDirectory, "phoenix-test-collector");
        using var command = Process.Start(start)!;
        var (said, complained) = (command.StandardOutput.ReadToEndAsync(), command.StandardError.ReadToEndAsync());
        var exit = await Host.ExitCodeAsync(command);
        return (exit, await said + await complained + host.AgentLog);
    }
}
