using System.Text;
using Phoenix.Contracts;
using static Phoenix.Agent.Tests.Samples;

namespace Phoenix.Agent.Tests;

public sealed class StoredStateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pa-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void the_outbox_keeps_the_newest_within_its_bound_and_counts_the_rest()
    {
        using var outbox = new WindowOutbox(_folder, bound: 3);
        var experiment = Guid.NewGuid();
        for (var n = 1; n <= 5; n++)
            outbox.Add(experiment, Report(n));
        outbox.Dropped.ShouldBe(2);
        outbox.Peek()!.Value.Report.Windows.Select(window => window.Number).ShouldBe([3, 4, 5]);
        Directory.GetFiles(_folder).Length.ShouldBe(3);
    }

    [Fact]
    public void the_outbox_is_bounded_in_bytes_too()
    {
        var experiment = Guid.NewGuid();
        long one;
        using (var outbox = new WindowOutbox(_folder))
        {
            outbox.Add(experiment, Report(1));
            one = new FileInfo(Directory.GetFiles(_folder).ShouldHaveSingleItem()).Length;
        }
        using var bounded = new WindowOutbox(_folder, byteBound: (3 * one) + 10);
        for (var n = 2; n <= 7; n++)
            bounded.Add(experiment, Report(n));
        bounded.Add(experiment, Report(7));
        bounded.Dropped.ShouldBe(4);
        new DirectoryInfo(_folder).EnumerateFiles().Sum(file => file.Length).ShouldBeLessThanOrEqualTo((3 * one) + 10);
        bounded.Peek()!.Value.Report.Windows.Select(window => window.Number).ShouldBe([5, 6, 7]);
    }

    [Fact]
    public void results_that_nobody_takes_are_bounded_in_number_and_bytes_and_counted()
    {
        var journal = new TaskJournal(Path.Combine(_folder, "tasks.json"));
        for (var n = 0; n < TaskJournal.KeptUndelivered + 5; n++)
            journal.End(Guid.NewGuid(), new TaskResult(n, TaskOutcome.Failed, [], null));
        journal.Dropped.ShouldBe(5);
        journal.Undelivered.Count.ShouldBe(TaskJournal.KeptUndelivered);
        journal.Undelivered[0].Lease.ShouldBe(5);

        var longest = new string('x', TaskJournal.KeptBytes / 3);
        for (var n = 1000; n < 1004; n++)
            journal.End(Guid.NewGuid(), new TaskResult(n, TaskOutcome.Failed, [], new TaskError("internal", longest, false, [])));
        new FileInfo(Path.Combine(_folder, "tasks.json")).Length.ShouldBeLessThanOrEqualTo(TaskJournal.KeptBytes);
        journal.Undelivered[^1].Lease.ShouldBe(1003);
        var dropped = journal.Dropped;
        dropped.ShouldBeGreaterThan(5);
        new TaskJournal(Path.Combine(_folder, "tasks.json")).Undelivered.Select(task => task.Lease).ShouldBe(journal.Undelivered.Select(task => task.Lease));
    }

    [Fact]
    public void the_outbox_survives_its_process_and_a_report_written_twice_is_one()
    {
        var experiment = Guid.NewGuid();
        using (var before = new WindowOutbox(_folder))
        {
            before.Add(experiment, Report(1));
            before.Add(experiment, Report(1));
        }
        using var after = new WindowOutbox(_folder);
        var (names, report) = after.Peek()!.Value;
        report.ExperimentId.ShouldBe(experiment);
        report.Windows.ShouldHaveSingleItem().Baseline!.Input.Checksum.ShouldBe("sum-p1-1");
        after.Remove(names);
        after.Peek().ShouldBeNull();
        Directory.GetFiles(_folder).ShouldBeEmpty();
    }

    [Fact]
    public void a_batch_holds_one_experiment_and_at_most_fifty_windows()
    {
        using var outbox = new WindowOutbox(_folder);
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        for (var n = 1; n <= 60; n++)
            outbox.Add(first, Report(n));
        outbox.Add(second, Report(2));
        var report = outbox.Peek()!.Value.Report;
        report.ExperimentId.ShouldBe(first);
        report.Windows.Select(window => window.Number).ShouldBe(Enumerable.Range(1, 50));
    }

    [Fact]
    public void a_file_that_cannot_be_read_is_named_with_the_remedy()
    {
        var path = Path.Combine(_folder, "identity.json");
        File.WriteAllText(path, "{ half");
        Should.Throw<InvalidDataException>(() => IdentityFile.LoadOrCreate(path)).Message.ShouldContain(path);
    }

    [Fact]
    public void a_credential_is_made_once_and_not_printed()
    {
        var path = Path.Combine(_folder, "identity.json");
        var made = IdentityFile.LoadOrCreate(path).Current;
        IdentityFile.LoadOrCreate(path).Current.Credential.ShouldBe(made.Credential);
        made.ToString().ShouldNotContain(made.Credential);
    }

    [Fact]
    public void the_tail_is_the_last_twenty_whole_lines()
    {
        var path = Path.Combine(_folder, "collector.log");
        LogFile.Tail(path).ShouldBeEmpty();
        File.WriteAllLines(path, Enumerable.Range(1, 5000).Select(n => $"line {n}"));
        LogFile.Tail(path).ShouldBe(Enumerable.Range(4981, 20).Select(n => $"line {n}"));
    }

    [Fact]
    public void a_log_past_its_limit_goes_on_in_the_same_file()
    {
        var path = Path.Combine(_folder, "collector.log");
        using var writer = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        writer.Write(new byte[LogFile.Limit + 1]);
        writer.Flush();
        LogFile.Rotate(path);
        new FileInfo(path).Length.ShouldBe(0);
        new FileInfo(path + ".1").Length.ShouldBe(LogFile.Limit + 1);
    }

    [Fact]
    public void a_process_is_known_by_its_start_and_a_zombie_is_none()
    {
        var own = ProcessIdentity.Of(Environment.ProcessId)!;
        own.IsAlive().ShouldBeTrue();
        (own with { StartTicks = own.StartTicks + 1 }).IsAlive().ShouldBeFalse();
        const string Fields = "1 1 1 0 -1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 4242 1 1";
        ProcessIdentity.Parse(7, "7 (a) b (c) S " + Fields).ShouldBe(new ProcessIdentity(7, 4242));
        ProcessIdentity.Parse(7, "7 (a) Z " + Fields).ShouldBeNull();
    }

    [Fact]
    public async Task a_program_that_is_not_there_is_named() =>
        (await Should.ThrowAsync<ProgramMissingException>(() =>
            ChildProcess.RunAsync(Path.Combine(_folder, "nothing"), [], Path.Combine(_folder, "out"), TimeSpan.FromSeconds(5), default)))
            .Message.ShouldContain("nothing");

    [Fact]
    public async Task a_program_runs_in_a_session_of_its_own_without_the_enrolment_token()
    {
        Environment.SetEnvironmentVariable(AgentSettings.EnrolmentTokenVariable, "secret-token");
        var output = Path.Combine(_folder, "out");
        (await ChildProcess.RunAsync(
            new Launch("/bin/sh", ["-c", "env; echo session $(cut -d' ' -f6 /proc/$$/stat) pid $$; exit 3"], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin", ["PHOENIX_LINK_ENDPOINT"] = "127.0.0.1:1" }), output, TimeSpan.FromSeconds(20), default)).ShouldBe(3);
        var text = await File.ReadAllTextAsync(output);
        text.ShouldNotContain("secret-token");
        var lines = text.Split('\n');
        lines.ShouldContain("PHOENIX_LINK_ENDPOINT=127.0.0.1:1");
        lines.Where(line => line.StartsWith("PATH=", StringComparison.Ordinal)).ShouldBe(["PATH=/usr/bin:/bin"]);
        var words = lines.Single(line => line.StartsWith("session", StringComparison.Ordinal)).Split(' ');
        words[1].ShouldBe(words[3], "it leads its session");
    }

    [Fact]
    public async Task a_process_whose_note_cannot_be_written_is_still_owned()
    {
        var directory = new StateDirectory(_folder);
        directory.Create();
        using var collector = new Collector(directory, "production");
        DurableFile.CreatePrivateDirectory(collector.Folder);
        collector.Save(State());
        var program = Path.Combine(_folder, "program");
        await File.WriteAllTextAsync(program, "#!/bin/sh\nexec sleep 60\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        // In the way of the temporary file, whoever runs the test.
        Directory.CreateDirectory(Path.Combine(collector.Folder, "state.json.tmp"));

        collector.Start(new Launch(program, [], new Dictionary<string, string>()));
        var process = collector.State!.Process!;
        collector.IsRunning.ShouldBeTrue();
        await collector.StopAsync();
        process.IsAlive().ShouldBeFalse();
        collector.State!.Process.ShouldBeNull();
    }

    [Fact]
    public async Task a_collector_forgotten_while_its_gate_is_awaited_is_not_entered()
    {
        var directory = new StateDirectory(_folder);
        directory.Create();
        var fleet = new Fleet(directory, new Runtimes(null!, null!));
        using var forgotten = await fleet.EnterAsync("candidate-1", default);
        var entering = fleet.EnterAsync("candidate-1", default);
        fleet.Forget(forgotten);
        forgotten.Gate.Release();
        using var entered = await entering.WaitAsync(TimeSpan.FromSeconds(20));
        entered.ShouldNotBe(forgotten);
        fleet.Find("candidate-1").ShouldBe(entered);
    }

    [Fact]
    public async Task a_wrapper_that_carries_the_same_arguments_is_not_taken_for_a_collector()
    {
        var socket = Path.Combine(_folder, "production.sock");
        // sh carries the arguments; only the program that it is asked for decides.
        var process = ChildProcess.Start("/bin/sh", ["-c", "read line < \"$0\"", MakeFifo(), "--control", socket, "end"], Path.Combine(_folder, "out"));
        try
        {
            await Until.TrueAsync(() => StrayCollector.Find("/bin/sh", "--control", socket) == process, "the shell is found");
            StrayCollector.Find("/bin/cat", "--control", socket).ShouldBeNull();
            StrayCollector.Find("/bin/sh", "--control", socket + "2").ShouldBeNull();
        }
        finally
        {
            await process.StopAsync(TimeSpan.Zero);
        }
    }

    private string MakeFifo()
    {
        var path = Path.Combine(_folder, "fifo");
        using var make = System.Diagnostics.Process.Start("mkfifo", path);
        make.WaitForExit();
        return path;
    }

    [Fact]
    public void status_tells_what_runs()
    {
        var directory = new StateDirectory(_folder);
        directory.Create();
        using var collector = new Collector(directory, "production");
        DurableFile.CreatePrivateDirectory(collector.Folder);
        collector.Save(State(hash: new string('a', 64), process: ProcessIdentity.Of(Environment.ProcessId)));
        using var output = new StringWriter(new StringBuilder());
        StatusCommand.Run(directory, output).ShouldBe(0);
        output.ToString().ShouldMatch($@"production\s+production\s+{Environment.ProcessId}\s+aaaaaaaaaaaa\s+running");
    }

    private static WindowReport Report(int number) =>
        new(number, Noon, Noon.AddSeconds(number), null, Window(number, "p1"), Window(number, "c1"));
}
