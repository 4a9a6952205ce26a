using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>The host owner's list, as the agent asks for it; how it is read is the collector's.</summary>
public sealed class AllowListTests : IDisposable
{
    private const string Good = "note: first\n";
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task what_is_not_allowed_is_refused_before_anything_runs_and_a_change_of_the_list_counts_at_once()
    {
        await File.WriteAllTextAsync(_file, "note: forbidden\nload\nexplore\n");
        await using var host = await StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");

        var refused = (await host.RunAsync(Host.Production("note: second\n"), Host.Candidate("note: forbidden\n"))).Error!;
        (refused.Code, refused.Retryable).ShouldBe(("configuration-not-allowed", false));
        refused.Detail.ShouldContain("line 1, a.b: 'note: forbidden' is not allowed");
        (host.Configuration("production"), host.Pid("production")).ShouldBe((Good, pid));
        host.State("candidate-1").ShouldBeNull();
        (await host.RunAsync(Job(TaskKind.Load, load: new("production", LoadKind.Steady, 1, 1, 1)))).Error!.Code.ShouldBe("configuration-not-allowed");
        (await host.RunAsync(Job(TaskKind.Explore) with { Explore = new("production") })).Error!.Code.ShouldBe("configuration-not-allowed");
        (await host.RunAsync(Job(TaskKind.Preview, new("production", "note: forbidden\n", Host.Production("note: forbidden\n").ConfigurationHash, ["up"])))).Error!.Code.ShouldBe("configuration-not-allowed");
        (await host.RunAsync(Job(TaskKind.Preview, new("production", Good, Host.Production(Good).ConfigurationHash, ["up"])))).Outcome.ShouldBe(TaskOutcome.Succeeded);

        await File.WriteAllTextAsync(_file, "apply\n");
        (await host.RunAsync(Host.Production(Good))).Error!.Code.ShouldBe("configuration-not-allowed");
        Host.Runs(pid).ShouldBeTrue();
        Directory.GetFileSystemEntries(Path.Combine(host.StateDirectory, "jobs")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("broken")]
    [InlineData(null)]
    public async Task a_list_that_cannot_be_used_allows_nothing_and_says_so(string? content)
    {
        if (content is null)
            File.Delete(_file);
        else
            await File.WriteAllTextAsync(_file, content);
        await using var host = await StartAsync();
        var error = (await host.RunAsync(Host.Production(Good))).Error!;
        error.Code.ShouldBe(content is null ? "internal" : "configuration-not-allowed");
        error.Detail.ShouldContain(_file);
        host.State("production").ShouldBeNull();
    }

    [Fact]
    public async Task a_host_without_a_list_says_that_it_is_not_bounded()
    {
        await using var host = await Host.StartAsync();
        host.AgentLog.ShouldContain("No allow-list bounds");
    }

    private Task<Host> StartAsync() => Host.StartAsync(before: host => host.Settings[AgentSettings.AllowFileVariable] = _file);

    private static AssignedTask Job(TaskKind kind, PreviewOrder? preview = null, LoadOrder? load = null) =>
        new(Guid.NewGuid(), kind, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null), preview, load);
}
