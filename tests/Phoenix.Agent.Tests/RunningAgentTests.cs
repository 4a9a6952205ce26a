using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

public sealed class RunningAgentTests
{
    private const string Good = "note: first\n";
    private const string Better = "note: second\n";

    [Fact]
    public async Task a_host_enrols_once_and_proves_itself_on_every_request()
    {
        await using var host = await Host.StartAsync();
        (await host.TerminateAgentAsync()).ShouldBe(0);
        host.StartAgent(token: null);
        await Until.TrueAsync(() => host.Api.Heartbeats.All.Count >= 2, "the second agent reports", () => host.AgentLog);

        var enrolment = host.Api.Enrolments.All.ShouldHaveSingleItem();
        enrolment.EnrolmentToken.ShouldBe(Host.Token);
        enrolment.Credential.Length.ShouldBe(43);
        host.Api.Seen.All.ShouldAllBe(seen => seen.Authorization == "Bearer " + enrolment.Credential && seen.HostId == "host-1");
        File.GetUnixFileMode(Path.Combine(host.StateDirectory, "identity.json")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(host.StateDirectory).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        host.AgentLog.ShouldNotContain(enrolment.Credential);
        host.AgentLog.ShouldNotContain(Host.Token);
    }

    [Fact]
    public async Task a_task_delivered_again_is_answered_from_the_record_and_a_lower_lease_is_refused()
    {
        await using var host = await Host.StartAsync();
        var task = Host.Work([Host.Production(Good)], lease: 5);
        var first = await host.RunAsync(task);
        first.Outcome.ShouldBe(TaskOutcome.Succeeded);
        first.Collectors.ShouldHaveSingleItem().Changed.ShouldBeTrue();
        var pid = host.Pid("production");

        var again = await host.RunAsync(task);
        again.Collectors.ShouldHaveSingleItem().Changed.ShouldBeTrue("the recorded outcome is sent, not a new one");
        host.Api.Progress.All.Count(p => p.Progress.Phase == "accepted").ShouldBe(1);

        var renewed = await host.RunAsync(task with { Lease = 6 });
        renewed.Lease.ShouldBe(6);
        renewed.Collectors.ShouldHaveSingleItem().Changed.ShouldBeFalse();

        host.Api.Deliver(task with { Lease = 4 });
        await Until.TrueAsync(() => host.AgentLog.Contains("lower lease", StringComparison.Ordinal), "the lower lease is refused", () => host.AgentLog);
        host.Api.Outcomes.All.ShouldNotContain(result => result.Result.Lease == 4);
        host.Pid("production").ShouldBe(pid);
    }

    [Fact]
    public async Task an_invalid_configuration_names_line_and_key_and_touches_nothing_that_runs()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");

        var result = await host.RunAsync(Host.Production(Better), Host.Candidate("note: x\nfrobnicate: 3\n"));

        result.Outcome.ShouldBe(TaskOutcome.Failed);
        result.Error!.Code.ShouldBe("configuration-invalid");
        result.Error.Retryable.ShouldBeFalse();
        result.Error.Detail.ShouldContain("line 2, frobnicate");
        host.Configuration("production").ShouldBe(Good);
        host.Pid("production").ShouldBe(pid);
        Directory.Exists(Path.Combine(host.StateDirectory, "collectors", "candidate-1")).ShouldBeFalse();
    }

    [Fact]
    public async Task a_configuration_that_is_not_what_its_hash_says_is_refused()
    {
        await using var host = await Host.StartAsync();
        var result = await host.RunAsync(Host.Production(Good) with { Configuration = Better });
        result.Error!.Code.ShouldBe("hash-mismatch");
        host.Pid("production").ShouldBe(0);
    }

    [Fact]
    public async Task a_task_that_makes_no_sense_fails_alone_and_the_agent_goes_on()
    {
        await using var host = await Host.StartAsync();
        var nothing = Host.Work([]) with { Desired = null! };
        foreach (var task in new[] { nothing, Host.Work([Host.Production(Good) with { Configuration = null! }]), Host.Work([null!]) })
        {
            var result = await host.RunAsync(task);
            result.Error!.Code.ShouldBe("internal");
            result.Error.Retryable.ShouldBeFalse();
        }
        (await host.RunAsync(Host.Production(Good))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        host.Agent.HasExited.ShouldBeFalse();
    }

    [Theory]
    [InlineData("../../x", "candidate-1")]
    [InlineData("production", "candidate-1\n")]
    public async Task a_task_with_a_name_that_is_no_name_is_refused_before_anything_is_done(string production, string candidate)
    {
        await using var host = await Host.StartAsync();
        var plan = new MeasurementPlan(Guid.NewGuid(), production, candidate, 1, []);
        var result = await host.RunAsync(Host.Work([Host.Production(Good), Host.Candidate(Good)], plan: plan));
        result.Error!.Detail.ShouldContain("is no collector name");
        host.State("production").ShouldBeNull();
    }

    [Theory]
    [InlineData("healthy: false\n", true)]
    [InlineData("healthy: false\nreload: 409\n", false)]
    public async Task an_unhealthy_configuration_gives_way_to_the_last_good_one(string bad, bool sameProcess)
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");

        var result = await host.RunAsync(Host.Production(bad));

        result.Error!.Code.ShouldBe("not-healthy");
        result.Error.Retryable.ShouldBeTrue();
        result.Error.Detail.ShouldContain("told to be unhealthy");
        result.Error.LogTail.ShouldContain("started as Production");
        host.Configuration("production").ShouldBe(Good);
        (host.Pid("production") == pid).ShouldBe(sameProcess);
        (await host.RunAsync(Host.Production(Good))).Collectors.ShouldHaveSingleItem().Changed.ShouldBeFalse();
    }

    [Fact]
    public async Task production_collectors_of_one_task_are_put_back_together()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));

        var result = await host.RunAsync(Host.Production("note: chained\n"), Host.Production("healthy: false\n") with { Name = "reduced" });

        result.Error!.Code.ShouldBe("not-healthy");
        result.Error.Detail.ShouldContain("'reduced'");
        result.Collectors.ShouldBeEmpty();
        host.Configuration("production").ShouldBe(Good);
        host.State("production")!.OnTrial.ShouldBeFalse();
        host.State("reduced").ShouldBeNull();
        (await host.RunAsync(Host.Production(Good))).Collectors.ShouldHaveSingleItem().Changed.ShouldBeFalse();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(422)]
    public async Task a_collector_that_fails_to_reload_goes_on_with_what_it_runs(int status)
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");

        var result = await host.RunAsync(Host.Production($"reload: {status}\n"));

        result.Outcome.ShouldBe(TaskOutcome.Failed);
        result.Error!.Detail.ShouldContain($"answered {status}");
        host.Configuration("production").ShouldBe(Good);
        host.Pid("production").ShouldBe(pid);
        Host.Runs(pid).ShouldBeTrue();
    }

    [Fact]
    public async Task a_healthy_change_is_taken_over_by_reload()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");
        (await host.RunAsync(Host.Production(Better))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        host.Pid("production").ShouldBe(pid);
        host.Configuration("production").ShouldBe(Better);
        File.ReadAllText(Path.Combine(host.StateDirectory, "collectors", "production", "config.yaml.last-good")).ShouldBe(Good);
    }

    [Fact]
    public async Task a_candidate_that_never_becomes_healthy_leaves_nothing_behind()
    {
        await using var host = await Host.StartAsync();
        var result = await host.RunAsync(Host.Production(Good), Host.Candidate("healthy: false\n"));
        result.Error!.Code.ShouldBe("not-healthy");
        result.Collectors.ShouldHaveSingleItem().Name.ShouldBe("production");
        Directory.Exists(Path.Combine(host.StateDirectory, "collectors", "candidate-1")).ShouldBeFalse();
        Host.Runs(host.Pid("production")).ShouldBeTrue();
    }

    [Fact]
    public async Task a_heartbeat_tells_of_a_conservation_breach()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production("breach: requests_total\n"));

        await Until.TrueAsync(() => Health(host)?.Breach is not null, "the breach is reported", () => host.AgentLog);

        Health(host)!.Breach.ShouldBe(new ConservationBreach(0.5, "requests_total", 7));
    }

    [Fact]
    public async Task a_crashed_collector_is_restarted_with_back_off_and_reported_with_its_last_lines()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        // From now on every start of it crashes at once.
        await File.WriteAllTextAsync(Path.Combine(host.StateDirectory, "collectors", "production", "config.yaml"), "crash: true\n");
        var killed = DateTimeOffset.UtcNow;
        host.State("production")!.Process!.Signal(Native.SigKill);

        await Until.TrueAsync(() => Health(host)?.Restarts >= 3, "three crashes are reported", () => host.AgentLog);

        // 1 s and 2 s lie between three crashes.
        (DateTimeOffset.UtcNow - killed).ShouldBeGreaterThan(TimeSpan.FromSeconds(3));
        Health(host)!.Healthy.ShouldBeFalse();
        Health(host)!.LogTail.ShouldContain("about to crash as told");

        await File.WriteAllTextAsync(Path.Combine(host.StateDirectory, "collectors", "production", "config.yaml"), Good);
        await Until.TrueAsync(() => Health(host)?.Healthy ?? false, "it is healthy again", () => host.AgentLog);
    }

    [Fact]
    public async Task an_agent_asks_the_collectors_that_it_adopts_before_it_says_how_they_are()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        await host.KillAgentAsync();
        var polls = Polls();
        var killed = DateTimeOffset.UtcNow;
        // It answers nobody until the next agent is at work.
        host.State("production")!.Process!.Signal(SigStop);
        host.StartAgent(token: null);
        await Until.TrueAsync(() => Polls() > polls, "the next agent polls", () => host.AgentLog);
        host.State("production")!.Process!.Signal(SigCont);

        await Until.TrueAsync(() => Reported().Any(), "it reports", () => host.AgentLog);
        Reported().First().Collectors.ShouldHaveSingleItem().Reason.ShouldBeNull(host.AgentLog);

        // What the killed one sent last may arrive after its end.
        IEnumerable<Heartbeat> Reported() => host.Api.Heartbeats.All.Where(beat => beat.StartedAt > killed);

        int Polls() => host.Api.Seen.All.Count(request => request.Path.Contains("tasks/poll", StringComparison.Ordinal));
    }

    private const int SigStop = 19, SigCont = 18;

    [Fact]
    public async Task a_killed_agent_leaves_the_collectors_and_the_next_one_adopts_them()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good), Host.Candidate(Better));
        var (production, candidate) = (host.Pid("production"), host.Pid("candidate-1"));

        await host.KillAgentAsync();
        Host.Runs(production).ShouldBeTrue();
        Host.Runs(candidate).ShouldBeTrue();
        host.StartAgent(token: null);

        (await host.RunAsync(Host.Production(Good), Host.Candidate(Better))).Collectors.ShouldAllBe(collector => !collector.Changed);
        (host.Pid("production"), host.Pid("candidate-1")).ShouldBe((production, candidate));
        (await host.TerminateAgentAsync()).ShouldBe(0);
        Host.Runs(production).ShouldBeFalse("adopted collectors end with the agent as its own do");
        Host.Runs(candidate).ShouldBeFalse();
    }

    [Fact]
    public async Task a_collector_started_just_before_the_agent_was_killed_is_found_and_not_started_twice()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");
        await host.KillAgentAsync();
        // As if the kill had come between the start and the note of the pid.
        var file = Path.Combine(host.StateDirectory, "collectors", "production", "state.json");
        DurableFile.Write(file, host.State("production")! with { Process = null }, AgentJson.Default.CollectorState);
        host.StartAgent(token: null);
        (await host.RunAsync(Host.Production(Good))).Collectors.ShouldHaveSingleItem().Changed.ShouldBeFalse();
        host.Pid("production").ShouldBe(pid);
    }

    [Fact]
    public async Task an_agent_killed_during_a_trial_lets_the_next_one_restore_the_last_good_configuration()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        host.Api.Deliver(Host.Work([Host.Production("healthy: false\n")]));
        await Until.TrueAsync(() => host.State("production")!.OnTrial && host.Configuration("production") != Good, "the trial begins", () => host.AgentLog);
        await host.KillAgentAsync();
        host.Api.Away = true;
        host.StartAgent(token: null);
        await Until.TrueAsync(() => host.Configuration("production") == Good && !host.State("production")!.OnTrial, "the last good one is back", () => host.AgentLog);
    }

    [Fact]
    public async Task a_terminated_agent_leaves_no_process_even_where_one_ignores_the_request()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good), Host.Candidate("ignoreSigterm: true\n"));
        var pids = new[] { host.Pid("production"), host.Pid("candidate-1") };
        (await host.TerminateAgentAsync()).ShouldBe(0);
        pids.ShouldAllBe(pid => !Host.Runs(pid));

        host.StartAgent(token: null);
        await Until.TrueAsync(() => Host.Runs(host.Pid("production")) && Host.Runs(host.Pid("candidate-1")), "what should run is started again", () => host.AgentLog);
    }

    [Fact]
    public async Task a_candidate_whose_time_is_over_ends_without_the_control_plane()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good), Host.Candidate(Better, DateTimeOffset.UtcNow.AddSeconds(6)));
        var (production, candidate) = (host.Pid("production"), host.Pid("candidate-1"));
        host.Api.Away = true;
        await host.KillAgentAsync();
        host.StartAgent(token: null);
        await Until.TrueAsync(() => !Host.Runs(candidate) && host.State("candidate-1") is null, "the candidate is ended", () => host.AgentLog);
        Host.Runs(production).ShouldBeTrue();
    }

    [Fact]
    public async Task a_fenced_agent_ends_and_leaves_the_collectors_running()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        host.Api.Fenced = true;
        (await Host.ExitCodeAsync(host.Agent)).ShouldBe(3);
        Host.Runs(host.Pid("production")).ShouldBeTrue();
    }

    [Fact]
    public async Task a_second_agent_on_the_same_state_says_so_and_ends()
    {
        await using var host = await Host.StartAsync();
        var second = host.StartAgent();
        (await Host.ExitCodeAsync(second)).ShouldBe(2);
        host.AgentLog.ShouldContain("is in use by another agent");
    }

    [Fact]
    public async Task a_removed_collector_ends_and_its_directory_goes()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good), Host.Candidate(Better));
        var candidate = host.Pid("candidate-1");
        (await host.RunAsync(Host.Work([], remove: ["candidate-1", "candidate-unknown"]))).Outcome.ShouldBe(TaskOutcome.Succeeded);
        Host.Runs(candidate).ShouldBeFalse();
        Directory.Exists(Path.Combine(host.StateDirectory, "collectors", "candidate-1")).ShouldBeFalse();
        Host.Runs(host.Pid("production")).ShouldBeTrue();
    }

    [Fact]
    public async Task the_control_plane_says_how_often_it_wants_to_hear_of_a_host()
    {
        await using var host = await Host.StartAsync(before: host => host.Api.HeartbeatSeconds = 2);
        await Until.TrueAsync(() => host.Api.Heartbeats.All.Count >= 4, "four heartbeats came in less than one usual interval", () => host.AgentLog, seconds: 14);
    }

    [Theory]
    [InlineData(null, 15)]
    [InlineData(60.0, 60)]
    [InlineData(0.001, 2)]
    [InlineData(1e9, 300)]
    [InlineData(-1.0, 15)]
    [InlineData(double.NaN, 15)]
    public void an_interval_that_makes_no_sense_is_bounded(double? asked, double seconds) =>
        HeartbeatLoop.IntervalOf(asked is { } value ? new HeartbeatAccepted(value) : null).ShouldBe(TimeSpan.FromSeconds(seconds));

    [Fact]
    public async Task a_stopped_agent_gives_its_task_back_says_goodbye_and_leaves_no_process()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");
        var task = Host.Work([Host.Production("healthy: false\n")]);
        host.Api.Deliver(task);
        await Until.TrueAsync(() => host.State("production")!.OnTrial && host.Configuration("production") != Good, "the trial begins", () => host.AgentLog);

        (await host.TerminateAgentAsync()).ShouldBe(0);

        var result = host.Api.Outcomes.All.Last(outcome => outcome.Task == task.Id).Result;
        (result.Error!.Code, result.Error.Retryable).ShouldBe(("interrupted", true));
        host.Api.Heartbeats.All[^1].Stopping.ShouldBeTrue();
        host.Api.Heartbeats.All.Count(beat => beat.Stopping).ShouldBe(1);
        Host.Runs(pid).ShouldBeFalse();
        host.StartAgent(token: null);
        await Until.TrueAsync(() => host.Configuration("production") == Good && Host.Runs(host.Pid("production")), "what was on trial is put back", () => host.AgentLog);
    }

    [Fact]
    public async Task a_stop_does_not_wait_for_a_control_plane_that_is_away()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var pid = host.Pid("production");
        host.Api.Away = true;
        (await host.TerminateAgentAsync()).ShouldBe(0);
        Host.Runs(pid).ShouldBeFalse();
    }

    [Fact]
    public async Task a_stop_ends_a_load_and_says_that_it_was_interrupted()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production("load: hang\n"));
        var task = new AssignedTask(Guid.NewGuid(), TaskKind.Load, 1, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(null, [], [], null),
            Load: new("production", LoadKind.HighChurn, 500, 2, 3600));
        host.Api.Deliver(task);
        var job = Path.Combine(host.StateDirectory, "jobs", task.Id.ToString("N"), "loadsim.out");
        await Until.TrueAsync(() => File.Exists(job), "the load begins", () => host.AgentLog);

        (await host.TerminateAgentAsync()).ShouldBe(0);

        var result = host.Api.Outcomes.All.Last(outcome => outcome.Task == task.Id).Result;
        (result.Error!.Code, result.Error.Retryable).ShouldBe(("interrupted", false));
        StrayCollector.Find(Path.Combine(AppContext.BaseDirectory, "phoenix-test-collector"), "--config", Path.Combine(host.StateDirectory, "collectors", "production", "config.yaml")).ShouldBeNull();
    }

    private static CollectorHealth? Health(Host host) => host.Api.Heartbeats.All[^1].Collectors.SingleOrDefault();

    [Fact]
    public async Task production_that_runs_something_for_a_while_returns_without_the_control_plane_and_keeps_its_way_back()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var good = host.State("production")!.ConfigurationHash;
        await host.RunAsync(Host.Production(Better) with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(6) });
        host.State("production")!.ConfigurationHash.ShouldNotBe(good);
        host.Api.Away = true;
        await host.KillAgentAsync();
        host.StartAgent(token: null);
        await Until.TrueAsync(() => host.State("production") is { ExpiresAt: null } state && state.ConfigurationHash == good, "the configuration before returns", () => host.AgentLog);
        Host.Runs(host.Pid("production")).ShouldBeTrue();
    }

    [Fact]
    public async Task what_production_runs_for_a_while_never_becomes_the_way_back()
    {
        await using var host = await Host.StartAsync();
        await host.RunAsync(Host.Production(Good));
        var good = host.State("production")!.ConfigurationHash;
        await host.RunAsync(Host.Production(Better) with { ExpiresAt = DateTimeOffset.UtcNow.AddHours(1) });
        host.State("production")!.LastGoodHash.ShouldBe(good);
        // A third one takes the place of what was for a while: the first one is the way back still.
        await host.RunAsync(Host.Production("note: third\n"));
        var state = host.State("production")!;
        (state.LastGoodHash, state.ExpiresAt).ShouldBe((good, null));
    }
}
