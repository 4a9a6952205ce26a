using CsCheck;
using Phoenix.Contracts;
using static Phoenix.Agent.Tests.Samples;

namespace Phoenix.Agent.Tests;

public sealed class DecisionTests
{
    private static readonly DesiredCollector Production = new("production", CollectorArm.Production, "p", 1, "x", "h1", null);
    private static readonly DesiredCollector Candidate = Production with { Name = "candidate-1", Arm = CollectorArm.Candidate, ExpiresAt = Noon };

    [Fact]
    public void log_lines_of_many_collectors_stay_within_what_a_heartbeat_may_hold()
    {
        var collectors = Enumerable.Range(1, 4).Select(n => new CollectorHealth($"c{n}", CollectorArm.Production, "h", false, "x", 0, 0, [new string('x', n is 2 ? 90 : 40)])).ToList();
        HeartbeatLoop.BoundTails(collectors, 100).Select(collector => collector.LogTail.Count).ShouldBe([1, 0, 1, 0]);
        HeartbeatLoop.BoundTails(collectors, 1000).ShouldBe(collectors);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(50, 7.5)]
    [InlineData(100, 15)]
    [InlineData(1000, 15)]
    public void many_collectors_are_asked_less_often(int collectors, double seconds) =>
        Supervisor.StatusEvery(collectors).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public void a_clock_that_is_set_back_does_not_let_a_candidate_live_on()
    {
        var clock = new HostClock("boot-1", TimeSpan.FromHours(5));
        var state = State(CollectorArm.Candidate).EndingAt(Noon.AddMinutes(10), Noon, clock);
        state.HasExpired(Noon.AddMinutes(9), clock with { Uptime = clock.Uptime + TimeSpan.FromMinutes(9) }).ShouldBeFalse();
        state.HasExpired(Noon.AddDays(-1), clock with { Uptime = clock.Uptime + TimeSpan.FromMinutes(10) }).ShouldBeTrue("the uptime tells");
        state.HasExpired(Noon.AddMinutes(10), clock).ShouldBeTrue("and the wall clock, whichever comes first");
        var after = new HostClock("boot-2", TimeSpan.FromMinutes(1));
        state.HasExpired(Noon.AddMinutes(9), after).ShouldBeFalse("after a boot the wall clock alone tells");
        state.HasExpired(Noon.AddSeconds(-1), after).ShouldBeTrue("unless it stands before the time at which the end was set");
        var temporary = State(process: new ProcessIdentity(1, 1)).EndingAt(Noon, Noon, clock);
        Supervisor.Decide(temporary, running: true, RestartBackoff.None, Noon, TimeSpan.Zero, clock).ShouldBe(Supervision.Return, "production returns, and does not end");
        State().HasExpired(Noon.AddDays(1), clock).ShouldBeFalse("production that stays has no end");
        Supervisor.Decide(state with { Process = new(1, 1) }, running: true, RestartBackoff.None, Noon.AddDays(-1), TimeSpan.Zero, clock with { Uptime = TimeSpan.FromHours(6) })
            .ShouldBe(Supervision.End);
    }

    [Fact]
    public void the_hosts_clock_counts_on()
    {
        var first = HostClock.Read();
        first.Boot.Length.ShouldBe(36);
        first.Uptime.ShouldBeGreaterThan(TimeSpan.Zero);
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Math.Abs(HostClock.Read().Uptime.TotalSeconds - uptime).ShouldBeLessThan(5);
    }

    [Fact]
    public void what_runs_as_desired_is_kept() =>
        ApplyDecision.For(Production, State(), running: true, "h1").ShouldBe(ApplyStep.Keep);

    [Fact]
    public void what_is_not_there_or_does_not_run_is_started()
    {
        ApplyDecision.For(Production, null, running: false, null).ShouldBe(ApplyStep.Start);
        ApplyDecision.For(Production, State(), running: false, null).ShouldBe(ApplyStep.Start);
    }

    [Fact]
    public void another_configuration_changes_production_and_replaces_a_candidate()
    {
        ApplyDecision.For(Production, State(hash: "h0"), running: true, "h0").ShouldBe(ApplyStep.Change);
        ApplyDecision.For(Production, State(hash: "h0"), running: false, null).ShouldBe(ApplyStep.Change);
        ApplyDecision.For(Candidate, State(CollectorArm.Candidate, "h0"), running: true, "h0").ShouldBe(ApplyStep.Replace);
    }

    [Fact]
    public void another_runtime_changes_production_even_with_the_same_configuration() =>
        ApplyDecision.For(Production with { Runtime = CollectorRuntime.Stock }, State(), running: true, "h1").ShouldBe(ApplyStep.Change);

    [Fact]
    public void a_baseline_ends_by_itself_as_a_candidate_does()
    {
        var baseline = State(CollectorArm.Baseline, expiresAt: Noon, process: new ProcessIdentity(1, 1));
        Supervisor.Decide(baseline, running: true, RestartBackoff.None, Noon, TimeSpan.Zero).ShouldBe(Supervision.End);
        Supervisor.Decide(baseline, running: true, RestartBackoff.None, Noon.AddSeconds(-1), TimeSpan.Zero).ShouldBe(Supervision.Observe);
    }

    [Fact]
    public void the_word_of_the_process_counts_where_the_state_is_ahead_of_it() =>
        ApplyDecision.For(Production, State(hash: "h1"), running: true, "h0").ShouldBe(ApplyStep.Change);

    [Fact]
    public void healthy_means_that_data_flows_through_the_wanted_configuration()
    {
        ApplyDecision.HealthProblem(Status(), "h1", null).ShouldBeNull();
        ApplyDecision.HealthProblem(null, "h1", null).ShouldNotBeNull();
        ApplyDecision.HealthProblem(Status(hash: "h0"), "h1", null).ShouldNotBeNull().ShouldContain("another configuration");
        ApplyDecision.HealthProblem(Status(healthy: false), "h1", null).ShouldBe("no batch came");
        ApplyDecision.HealthProblem(Status(CollectorArm.Candidate, tee: false), "h1", null).ShouldNotBeNull().ShouldContain("tee");
        ApplyDecision.HealthProblem(Status(flow: Noon), "h1", Noon.AddSeconds(1)).ShouldNotBeNull().ShouldContain("since the change");
        ApplyDecision.HealthProblem(Status(flow: Noon.AddSeconds(2)), "h1", Noon.AddSeconds(1)).ShouldBeNull();
    }

    [Theory]
    [InlineData(0, 45)]
    [InlineData(15, 45)]
    [InlineData(180, 360)]
    [InlineData(1e9, 600)]
    public void a_collector_with_long_intervals_gets_longer_until_data_flows(double patience, double expected) =>
        ApplyDecision.HealthLimit(TimeSpan.FromSeconds(45), Status() with { PatienceSeconds = patience }).TotalSeconds.ShouldBe(expected);

    [Fact]
    public void a_collector_that_does_not_answer_gets_the_usual_time() =>
        ApplyDecision.HealthLimit(TimeSpan.FromSeconds(45), null).TotalSeconds.ShouldBe(45);

    [Fact]
    public void supervision_restarts_what_crashed_after_its_back_off_and_ends_what_has_expired()
    {
        var process = new ProcessIdentity(1, 1);
        var backoff = RestartBackoff.None.Crashed(Noon);
        Supervisor.Decide(State(process: process), running: true, RestartBackoff.None, Noon, TimeSpan.Zero).ShouldBe(Supervision.Observe);
        Supervisor.Decide(State(process: process), running: false, RestartBackoff.None, Noon, TimeSpan.Zero).ShouldBe(Supervision.NoteCrash);
        Supervisor.Decide(State(), running: false, backoff, Noon, TimeSpan.Zero).ShouldBe(Supervision.Wait);
        Supervisor.Decide(State(), running: false, backoff, Noon.AddSeconds(1), TimeSpan.Zero).ShouldBe(Supervision.Start);
        Supervisor.Decide(State(CollectorArm.Candidate, expiresAt: Noon, process: process), running: true, RestartBackoff.None, Noon, TimeSpan.Zero).ShouldBe(Supervision.End);
        Supervisor.Decide(State(CollectorArm.Production, expiresAt: Noon, process: process), running: true, RestartBackoff.None, Noon, TimeSpan.Zero).ShouldBe(Supervision.Return);
    }

    [Theory]
    [InlineData(29, false)]
    [InlineData(30, true)]
    public void a_collector_that_hangs_is_ended(double silentSeconds, bool ended) =>
        Supervisor.Decide(State(process: new ProcessIdentity(1, 1)), running: true, RestartBackoff.None, Noon, TimeSpan.FromSeconds(silentSeconds))
            .ShouldBe(ended ? Supervision.EndHung : Supervision.Observe);

    [Fact]
    public void restarts_back_off_from_one_to_thirty_seconds_and_forget_after_a_minute_of_health()
    {
        var backoff = RestartBackoff.None;
        var waits = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            backoff = backoff.Crashed(Noon);
            waits.Add((backoff.NotBefore - Noon).TotalSeconds);
        }
        waits.ShouldBe([1, 2, 4, 8, 16, 30, 30]);
        backoff.Observed(true, Noon).Observed(true, Noon.AddSeconds(59)).Crashes.ShouldBe(7);
        backoff.Observed(true, Noon).Observed(false, Noon.AddSeconds(30)).Observed(true, Noon.AddSeconds(61)).Crashes.ShouldBe(7);
        backoff.Observed(true, Noon).Observed(true, Noon.AddSeconds(60)).Crashes.ShouldBe(0);
    }

    [Fact]
    public void requests_are_repeated_within_the_bounds_and_never_sooner_than_asked() =>
        Gen.Select(Gen.Int[1, 100], Gen.Double[0, 0.999], Gen.Int[0, 1000]).Sample((failures, random, asked) =>
        {
            var full = Math.Min(30, Math.Pow(2, Math.Min(failures - 1, 10)));
            RetryDelay.After(failures, random).TotalSeconds.ShouldBeInRange(full / 2, full);
            RetryDelay.After(failures, TimeSpan.FromSeconds(asked), random).TotalSeconds.ShouldBeGreaterThanOrEqualTo(Math.Min(asked, 300));
        });

    [Fact]
    public void a_task_is_run_answered_or_refused_by_its_lease()
    {
        var ended = new TaskRecord(Guid.NewGuid(), 5, new TaskResult(5, TaskOutcome.Succeeded, [], null), true);
        TaskJournal.Judge(null, 1).ShouldBe(TaskVerdict.Run);
        TaskJournal.Judge(ended, 5).ShouldBe(TaskVerdict.Answer);
        TaskJournal.Judge(ended, 4).ShouldBe(TaskVerdict.Refuse);
        TaskJournal.Judge(ended, 6).ShouldBe(TaskVerdict.Run);
        TaskJournal.Judge(ended with { Result = null }, 5).ShouldBe(TaskVerdict.Run, "an agent killed while it ran does it again");
    }

    [Fact]
    public void the_journal_forgets_the_oldest_delivered_tasks_only()
    {
        var tasks = Enumerable.Range(0, 10).Select(i => new TaskRecord(Guid.NewGuid(), i, null, Delivered: i % 2 is 0)).ToList();
        TaskJournal.Bound(tasks, 7).Select(task => task.Lease).ShouldBe([1, 3, 5, 6, 7, 8, 9]);
        TaskJournal.Bound(tasks, 1).ShouldAllBe(task => !task.Delivered);
    }

    [Theory]
    [InlineData("production", true)]
    [InlineData("candidate-0af3", true)]
    [InlineData("../etc", false)]
    [InlineData("a/b", false)]
    [InlineData("-a", false)]
    [InlineData("production\n", false)]
    [InlineData("A", false)]
    [InlineData("", false)]
    public void names_cannot_leave_their_directory(string name, bool allowed) => CollectorState.IsName(name).ShouldBe(allowed);
}
