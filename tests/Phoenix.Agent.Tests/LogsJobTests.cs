using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>Log lines that the control plane asks for.</summary>
public sealed class LogsJobTests
{
    /// <summary>Under a name that does not tell that it is a secret: the configuration refers to it.</summary>
    private const string Variable = "BACKEND_LOGIN", Secret = "Zq8+vX2\"kLw9";

    private const string Production = "say: ${env:" + Variable + "}\n";

    private static AssignedTask Logs(string? collector = null, int lines = 200) =>
        new(Guid.NewGuid(), TaskKind.Logs, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null), Logs: new(collector, lines));

    private static Task<Host> StartAsync(Action<Host>? before = null) => Host.StartAsync(before: host =>
    {
        host.Settings[Variable] = Secret;
        before?.Invoke(host);
    });

    [Fact]
    public async Task the_lines_go_without_secrets_and_by_a_request_of_their_own()
    {
        await using var host = await StartAsync();
        await host.RunAsync(Host.Production(Production));
        var file = Path.Combine(host.StateDirectory, "collectors", "production", "collector.log");
        (await File.ReadAllTextAsync(file)).ShouldContain(Secret, customMessage: "or there is nothing to take out");

        var task = Logs();
        var result = await host.RunAsync(task);

        result.Outcome.ShouldBe(TaskOutcome.Succeeded, result.Error?.Detail);
        var (of, report) = host.Api.Logs.All.ShouldHaveSingleItem();
        (of, report.Lease).ShouldBe((task.Id, task.Lease));
        report.Files.Select(f => (f.Name, f.Collector)).ShouldBe([("agent", null), ("collector.log", "production")]);
        report.Files[1].Lines.ShouldBe(["started as Production", "told to say [redacted]"]);
        report.Files[1].Truncated.ShouldBeFalse();
        report.Files[0].Lines[0].ShouldContain("The agent starts.");
        report.Files[0].Lines.ShouldContain(line => line.Contains(task.Id.ToString()), "up to this very task");
        string.Concat(report.Files.SelectMany(f => f.Lines)).ShouldSatisfyAllConditions(
            text => text.ShouldNotContain(Host.Token), text => text.ShouldNotContain(host.Api.Enrolments.All[0].Credential), text => text.ShouldNotContain(Secret));
        // What is kept to be answered again holds none of it.
        (await File.ReadAllTextAsync(Path.Combine(host.StateDirectory, "tasks.json"))).ShouldNotContain("told to say");
    }

    [Fact]
    public async Task what_a_collector_that_was_put_back_had_written_goes_without_secrets_too()
    {
        await using var host = await StartAsync();
        await host.RunAsync(Host.Production("note: good\n"));

        // Nothing that stays on the host refers to the secret: what is put back takes its configuration with it.
        var result = await host.RunAsync(Host.Production(Production + "healthy: false\nreload: 409\n"));

        result.Error!.Code.ShouldBe("not-healthy");
        result.Error.LogTail.ShouldContain("told to say [redacted]");
        (await File.ReadAllTextAsync(Path.Combine(host.StateDirectory, "collectors", "production", "collector.log"))).ShouldContain(Secret, customMessage: "or there was nothing to take out");
        var kept = await File.ReadAllTextAsync(Path.Combine(host.StateDirectory, "tasks.json"));
        kept.ShouldContain("told to say [redacted]");
        kept.ShouldNotContain("vX2");
    }

    [Fact]
    public async Task the_last_lines_of_a_collector_that_crashed_go_without_secrets_too()
    {
        await using var host = await StartAsync();
        await host.RunAsync(Host.Production(Production));
        await File.WriteAllTextAsync(Path.Combine(host.StateDirectory, "collectors", "production", "config.yaml"), Production + "crash: true\n");
        host.State("production")!.Process!.Signal(Native.SigKill);

        IReadOnlyList<string> Tail() => host.Api.Heartbeats.All[^1].Collectors.SingleOrDefault(collector => collector.Name is "production")?.LogTail ?? [];
        await Until.TrueAsync(() => Tail().Contains("about to crash as told"), "the crash is reported", () => host.AgentLog);

        Tail().ShouldContain("told to say [redacted]");
        host.Api.Heartbeats.All.SelectMany(beat => beat.Collectors).SelectMany(collector => collector.LogTail).ShouldAllBe(line => !line.Contains(Secret));
    }

    [Fact]
    public async Task one_collector_and_so_many_lines_can_be_asked_for()
    {
        await using var host = await StartAsync();
        await host.RunAsync(Host.Production(Production));
        (await host.RunAsync(Logs("production", lines: 1))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        var file = host.Api.Logs.All.ShouldHaveSingleItem().Report.Files.ShouldHaveSingleItem();
        file.Lines.ShouldBe(["told to say [redacted]"]);
        file.Truncated.ShouldBeTrue();

        var error = (await host.RunAsync(Logs("../etc"))).Error!;
        (error.Code, error.Retryable).ShouldBe(("no-collector", false));
        host.Api.Logs.All.Count.ShouldBe(1);
    }

    [Fact]
    public async Task the_owner_may_forbid_it()
    {
        var list = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(list, "logs\n");
            await using var host = await StartAsync(h => h.Settings[AgentSettings.AllowFileVariable] = list);
            (await host.RunAsync(Logs())).Error!.Code.ShouldBe("configuration-not-allowed");
            host.Api.Logs.All.ShouldBeEmpty();
        }
        finally
        {
            File.Delete(list);
        }
    }

    [Fact]
    public async Task a_host_in_panic_can_be_looked_at()
    {
        await using var host = await StartAsync();
        await host.RunAsync(Host.Production(Production));
        DurableFile.Write(Path.Combine(host.StateDirectory, "panic.request"), new PanicRequest(Guid.NewGuid(), Clear: false), AgentJson.Default.PanicRequest);
        await Until.TrueAsync(() => host.Api.Heartbeats.All.Any(beat => beat.PanicAt is not null), "the panic is told", () => host.AgentLog);
        (await host.RunAsync(Host.Production("note: other\n"))).Error!.Code.ShouldBe("host-in-panic");

        (await host.RunAsync(Logs())).Outcome.ShouldBe(TaskOutcome.Succeeded);
    }

    [Fact]
    public async Task lines_that_are_not_taken_are_a_failure()
    {
        await using var host = await StartAsync();
        host.Api.LogsTaken = false;
        var error = (await host.RunAsync(Logs())).Error!;
        (error.Code, error.Retryable).ShouldBe(("logs-not-taken", false));
        error.Detail.ShouldContain("lease-superseded");
    }
}
