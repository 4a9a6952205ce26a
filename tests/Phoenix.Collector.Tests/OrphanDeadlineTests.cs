using System.Diagnostics;

namespace Phoenix.Collector.Tests;

/// <summary>An arm whose time is over ends by itself, but only where nobody looks after it any more.</summary>
public sealed class OrphanDeadlineTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task it_is_over_when_the_time_is_and_nobody_has_asked_for_a_while()
    {
        var clock = Stopwatch.StartNew();
        await new OrphanDeadline(TimeSpan.FromMilliseconds(700), Silence).OverAsync(default).WaitAsync(Limit);
        clock.Elapsed.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(690));

        clock.Restart();
        await new OrphanDeadline(TimeSpan.Zero, Silence).OverAsync(default).WaitAsync(Limit);
        clock.Elapsed.ShouldBeGreaterThanOrEqualTo(Silence - TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public async Task an_agent_that_asks_has_given_it_more_time()
    {
        using var waiting = new CancellationTokenSource();
        var deadline = new OrphanDeadline(TimeSpan.FromMilliseconds(50), Silence);
        var over = deadline.OverAsync(waiting.Token);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < 3 * Silence && !over.IsCompleted)
        {
            deadline.Asked();
            await Task.Yield();
        }

        over.IsCompleted.ShouldBeFalse();
        await over.WaitAsync(Limit);
    }

    [Fact]
    public async Task without_a_time_it_is_never_over()
    {
        using var waiting = new CancellationTokenSource();
        var over = new OrphanDeadline(null, TimeSpan.Zero).OverAsync(waiting.Token);
        over.IsCompleted.ShouldBeFalse();
        await waiting.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => over);
    }

    [Fact]
    public void only_what_is_not_production_has_such_an_end()
    {
        string[] arguments = ["--config", "c", "--control", "s", "--tee", "t", "--ends-after", "90s", "--arm"];
        CommandLine.ParseRun([.. arguments, "candidate"]).EndsAfter.ShouldBe(TimeSpan.FromSeconds(90));
        Should.Throw<ArgumentException>(() => CommandLine.ParseRun([.. arguments, "production"])).Message.ShouldContain("production never ends");
    }

    [Fact]
    public void a_list_is_asked_about_a_task_and_a_configuration()
    {
        var folder = Directory.CreateTempSubdirectory("allow-").FullName;
        try
        {
            var (list, config) = (Path.Combine(folder, "allow.yaml"), Path.Combine(folder, "config.yaml"));
            File.WriteAllText(config, "exporters: {debug: {}}");
            File.WriteAllText(list, "tasks: [apply]\nexporters: [nop]\n");
            Ask("--task", "apply").Exit.ShouldBe(0);
            Ask("--task", "load").Exit.ShouldBe(AllowCommand.NotAllowed);
            var (exit, issues) = Ask("--config", config);
            (exit, issues.ShouldHaveSingleItem().Key).ShouldBe((AllowCommand.NotAllowed, "exporters.debug"));
            File.WriteAllText(list, "tasks: [appply]\n");
            Ask("--task", "apply").Exit.ShouldBe(AllowCommand.ListUnusable);
            File.Delete(list);
            Ask("--task", "apply").Exit.ShouldBe(AllowCommand.ListUnusable);
            Should.Throw<ArgumentException>(() => CommandLine.ParseAllow(["--list", list, "--runtime", "other"])).Message.ShouldContain("stock");

            (int Exit, IReadOnlyList<Pipelines.ConfigurationIssue> Issues) Ask(params string[] question) =>
                AllowCommand.Run(CommandLine.ParseAllow([.. new[] { "--list", list }, .. question]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
