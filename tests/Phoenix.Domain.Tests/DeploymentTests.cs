using CsCheck;
using JasperFx.Events;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Tests;

public sealed class DeploymentTests
{
    static readonly DateTimeOffset Now = Given.Now;
    static readonly PipelineReference Pipeline = new(Guid.NewGuid(), 3, "topk", "new");
    static readonly RanBefore Old = new(Guid.NewGuid(), 1, "old", []);
    static readonly HashSet<string> Known = [.. Enumerable.Range(1, 200).Select(n => $"h{n}")];
    static readonly DeploymentPlan Plan = new(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), 0, 0, true, GateLimits.Default);

    static Decision Request(
        int hosts = 10, string[]? waves = null, DeploymentPlan? plan = null, Dictionary<string, IReadOnlySet<string>>? selected = null, ChangePolicy? policy = null,
        FreezeInForce? freeze = null, bool overrides = false, string? ticket = null, double? kept = null) => RequestDeployment.Decide(
        new(Pipeline, "source", false), [.. Enumerable.Range(1, hosts).Select(n => $"h{n}")], Known, waves ?? ["1", "50%", "100%"], selected ?? [], plan ?? Plan, null, kept, ticket,
        policy ?? ChangePolicy.None, freeze, overrides);

    static Deployment Begin(Decision requested)
    {
        requested.Rejection.ShouldBeNull();
        return Deployment.Create(new Event<DeploymentRequested>((DeploymentRequested)requested.Events[0]) { StreamId = Guid.NewGuid(), Timestamp = Now, UserName = "ann" });
    }

    static Deployment And(Deployment x, Decision decision, DateTimeOffset? at = null)
    {
        decision.Rejection.ShouldBeNull();
        return decision.Events.Aggregate(x, (state, e) => e switch
        {
            WaveCompleted completed => state.Apply(new Event<WaveCompleted>(completed) { Timestamp = at ?? Now }),
            DeploymentResumed resumed => state.Apply(new Event<DeploymentResumed>(resumed) { Timestamp = at ?? Now }),
            _ => (Deployment)typeof(Deployment).GetMethod(nameof(Deployment.Apply), [e.GetType()])!.Invoke(state, [e])!,
        });
    }

    static Deployment Started(int hosts = 10, DeploymentPlan? plan = null, double? kept = null)
    {
        var x = Begin(Request(hosts, plan: plan, kept: kept));
        return And(x, DeploymentDecisions.StartWave(x, [Old with { Hosts = [.. x.HostsOf(1)] }], null));
    }

    static Deployment Soaking(int hosts = 10, DeploymentPlan? plan = null, double? kept = null)
    {
        var x = Started(hosts, plan, kept);
        return And(x, DeploymentDecisions.HostsEnded(x, [.. x.Waiting], [], []));
    }

    static HostFigures Well(string host, long seriesIn = 100, long seriesOut = 30, double cpuMs = 50, long resident = 50 << 20, double error = 0) =>
        new(host, Now.AddMinutes(1), false, "new", null, error, error > 0 ? "shop.requests{}" : null, resident, new(10, seriesIn, seriesOut, 300, 0, 0, cpuMs));

    static Decision EndSoak(Deployment x, IReadOnlyList<HostFigures> figures, FreezeInForce? freeze = null, double minutes = 5) =>
        DeploymentDecisions.EndSoak(x, x.Wave, x.Round, figures, x.Wave < x.Waves.Count ? [Old with { Hosts = [.. x.HostsOf(x.Wave + 1)] }] : [], freeze, Now.AddMinutes(minutes));

    [Fact]
    public void every_wave_begins_after_the_one_before_was_judged_and_the_last_one_completes_it()
    {
        var x = Begin(Request());
        (x.State, x.Wave).ShouldBe((DeploymentState.Running, 0));
        x.Waves.ShouldBe([1, 5, 10]);
        x = And(x, DeploymentDecisions.StartWave(x, [], null));
        for (var wave = 1; wave <= 3; wave++)
        {
            (x.Wave, x.State, x.Waiting.Count).ShouldBe((wave, DeploymentState.Running, x.HostsOf(wave).Count()));
            x = And(x, DeploymentDecisions.HostsEnded(x, [.. x.Waiting], [], []));
            x.State.ShouldBe(DeploymentState.Soaking);
            EndSoak(x, [.. x.Deployed.Select(h => Well(h))], minutes: 4.9).Events.ShouldBeEmpty();
            x = And(x, EndSoak(x, [.. x.Deployed.Select(h => Well(h))]));
        }
        x.State.ShouldBe(DeploymentState.Completed);
        x.Judged!.Checks.ShouldAllBe(c => c.Outcome == (c.Kind == GateKind.Saving ? GateOutcome.NotAsked : GateOutcome.Met));
    }

    [Fact]
    public void late_and_repeated_messages_move_nothing()
    {
        var x = Soaking();
        DeploymentDecisions.StartWave(x, [], null).Events.ShouldBeEmpty();
        DeploymentDecisions.HostsEnded(x, ["h1"], [], []).Events.ShouldBeEmpty();
        var next = And(x, EndSoak(x, [Well("h1")]));
        DeploymentDecisions.EndSoak(next, 1, 0, [Well("h1")], [], null, Now.AddDays(1)).Events.ShouldBeEmpty();
        DeploymentDecisions.HostsEnded(next, ["h1"], [], []).Events.ShouldBeEmpty();
    }

    public static TheoryData<string, HostFigures> Unwell => new()
    {
        { "another configuration", Well("h1") with { ConfigurationHash = "old" } },
        { "does not run", Well("h1") with { ConfigurationHash = null } },
        { "no export succeeded", Well("h1") with { Unhealthy = "no export succeeded" } },
        { "lost 7 points", Well("h1") with { Flow = new(10, 100, 30, 300, 0, 7, 50) } },
        { "none leaves", Well("h1") with { Flow = new(10, 100, 0, 0, 0, 0, 50) } },
        { "off by 0.5 %", Well("h1", error: 0.5) },
        { "20 % fewer", Well("h1", seriesOut: 80) },
        { "of a core", Well("h1", cpuMs: 20_000) },
        { "MiB", Well("h1", resident: 600L << 20) },
    };

    [Theory]
    [MemberData(nameof(Unwell))]
    public void what_is_measured_not_to_hold_takes_it_back_by_itself(string said, HostFigures figures)
    {
        var x = Soaking(kept: 30);
        x = And(x, EndSoak(x, [figures]));
        (x.State, x.Waiting.Count).ShouldBe((DeploymentState.RollingBack, 1));
        x.Detail!.ShouldContain(said);
        // Back to what it ran before.
        var task = DeploymentTasks.For(x, x.Waiting).ShouldHaveSingleItem().Task;
        task.Desired.Collectors.ShouldHaveSingleItem().ConfigurationHash.ShouldBe("old");
        x = And(x, DeploymentDecisions.HostsEnded(x, ["h1"], [], []));
        x.State.ShouldBe(DeploymentState.RolledBack);
    }

    [Fact]
    public void where_it_is_asked_to_hold_it_holds_and_goes_on_when_somebody_says_so()
    {
        var x = Soaking(plan: Plan with { RollsBack = false });
        x = And(x, EndSoak(x, [Well("h1", error: 1)]));
        (x.State, x.HeldBy).ShouldBe((DeploymentState.Held, DeploymentCause.Gate));
        x = And(x, DeploymentDecisions.Resume(x, null));
        (x.State, x.Round).ShouldBe((DeploymentState.Soaking, 1));
        And(x, EndSoak(x, [Well("h1")])).Wave.ShouldBe(2);
    }

    [Fact]
    public void nothing_measured_proves_nothing_and_holds_it_when_there_is_no_patience_left()
    {
        var x = Soaking();
        HostFigures[] quiet = [Well("h1") with { Flow = null }];
        EndSoak(x, quiet).Events.ShouldBeEmpty();
        EndSoak(x, quiet, minutes: 14.9).Events.ShouldBeEmpty();
        x = And(x, EndSoak(x, quiet, minutes: 15));
        (x.State, x.HeldBy).ShouldBe((DeploymentState.Held, DeploymentCause.NothingProved));
        x.Judged!.Checks.ShouldContain(c => c.Outcome == GateOutcome.Open);
    }

    [Fact]
    public void what_was_heard_before_the_wave_was_done_says_nothing_of_it()
    {
        var x = Soaking();
        // The heartbeat of before: another configuration, or none. Nobody listened since.
        EndSoak(x, [Well("h1") with { HeardAt = Now.AddSeconds(-1), ConfigurationHash = "old" }]).Events.ShouldBeEmpty();
        EndSoak(x, [Well("h1") with { HeardAt = Now.AddSeconds(5), ConfigurationHash = "old" }]).Events.ShouldBeEmpty("it was on its way");
        EndSoak(x, [Well("h1") with { Silent = true }]).Events.ShouldBeEmpty();
        EndSoak(x, [Well("h1") with { HeardAt = null, ConfigurationHash = null }]).Events.ShouldBeEmpty();
        // Still nothing when there is no patience left: held, and not taken back for what nobody knows.
        And(x, EndSoak(x, [Well("h1") with { Silent = true }], minutes: 15)).HeldBy.ShouldBe(DeploymentCause.NothingProved);
    }

    [Fact]
    public void a_host_that_ran_nothing_before_returns_to_nothing()
    {
        var x = Begin(Request(1));
        x = And(x, DeploymentDecisions.StartWave(x, [new(null, 0, null, ["h1"])], null));
        x = And(x, DeploymentDecisions.HostsEnded(x, [], [new("h1", "configuration-invalid: line 3")], []));
        x.State.ShouldBe(DeploymentState.RollingBack);
        var desired = DeploymentTasks.For(x, ["h1"]).Single().Task.Desired;
        desired.Collectors.ShouldBeEmpty();
        desired.Remove.ShouldBe(["production"]);
    }

    [Fact]
    public void a_wave_that_reaches_no_host_proves_nothing()
    {
        var x = Started();
        x = And(x, DeploymentDecisions.HostsEnded(x, [], [], ["h1"]));
        (x.State, x.HeldBy).ShouldBe((DeploymentState.Held, DeploymentCause.NothingProved));
    }

    [Fact]
    public void tasks_of_every_round_and_way_have_ids_of_their_own()
    {
        var x = Started();
        var forth = DeploymentTasks.For(x, ["h1"]).Single();
        forth.Task.Purpose.ShouldBe(TaskPurpose.Deploy);
        forth.Task.Desired.DeploymentId.ShouldBe(x.Id);
        var back = And(x, DeploymentDecisions.RollBack(x, "no", busy: false));
        var returned = DeploymentTasks.For(back, ["h1"]).Single();
        returned.Id.ShouldNotBe(forth.Id);
        returned.Task.Priority.ShouldBeGreaterThan(forth.Task.Priority);
    }

    [Fact]
    public void waves_of_labels_take_the_hosts_that_have_them_and_shares_take_of_the_rest()
    {
        var x = Begin(Request(10, ["stage=canary", "50%", "100%"], selected: new() { ["stage=canary"] = new HashSet<string> { "h7", "h3", "elsewhere" } }));
        x.Hosts.Take(2).ShouldBe(["h3", "h7"]);
        x.Hosts.Order().ShouldBe(Enumerable.Range(1, 10).Select(n => $"h{n}").Order());
        x.Waves.ShouldBe([2, 5, 10]);
    }

    [Theory]
    [InlineData("waves-invalid", new[] { "1", "50%" })]
    [InlineData("waves-invalid", new[] { "0" })]
    [InlineData("waves-invalid", new[] { "101%" })]
    [InlineData("waves-invalid", new string[0])]
    [InlineData("waves-invalid", new[] { "stage=canary", "100%" })]
    public void waves_that_leave_hosts_out_or_mean_none_are_refused(string code, string[] waves) =>
        Request(10, waves, selected: new() { ["stage=canary"] = new HashSet<string>() }).Rejection!.Code.ShouldBe(code);

    [Fact]
    public void waves_are_a_partition_of_the_hosts_whatever_they_are() =>
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 100], Gen.Int[1, 100], Gen.Int[0, 150]).Sample((hosts, a, b, canaries) =>
        {
            var canary = Enumerable.Range(1, Math.Min(canaries, hosts)).Select(n => $"h{n * 7 % hosts + 1}").ToHashSet();
            string[] waves = canary.Count == 0 ? [$"{a}%", $"{b}", "100%"] : [$"{a}%", "c", $"{b}", "100%"];
            var requested = Request(hosts, waves, selected: new() { ["c"] = canary });
            // Labels that earlier waves have used up are refused, and nothing else is.
            if (requested.Rejection is { } rejection) return rejection.Detail.Contains("'c' means none", StringComparison.Ordinal);
            var x = Begin(requested);
            return x.Waves[^1] == hosts && x.Waves.Zip(x.Waves.Skip(1)).All(w => w.First < w.Second)
                && Enumerable.Range(1, x.Waves.Count).SelectMany(x.HostsOf).Order().SequenceEqual(Enumerable.Range(1, hosts).Select(n => $"h{n}").Order());
        });

    [Fact]
    public void who_asked_cannot_approve_and_nothing_begins_before_somebody_else_has()
    {
        var x = Begin(Request(policy: new() { ApprovalRequired = true }));
        x.State.ShouldBe(DeploymentState.AwaitingApproval);
        DeploymentDecisions.StartWave(x, [], null).Events.ShouldBeEmpty();
        DeploymentDecisions.Approve(x, "ann").Rejection!.Code.ShouldBe("approval-by-requester");
        DeploymentDecisions.Approve(x, null).Rejection!.Code.ShouldBe("approval-by-requester");
        var approved = And(x, DeploymentDecisions.Approve(x, "bob"));
        approved.State.ShouldBe(DeploymentState.Running);
        DeploymentDecisions.Approve(approved, "bob").Events.ShouldBeEmpty();
        And(x, DeploymentDecisions.Reject(x)).HasEnded.ShouldBeTrue();
        DeploymentDecisions.Reject(approved).Rejection!.Code.ShouldBe("illegal-transition");
    }

    [Fact]
    public void a_freeze_refuses_what_is_new_and_holds_the_next_wave_until_it_ends()
    {
        var freeze = new FreezeInForce("weekend", Now.AddDays(2));
        Request(freeze: freeze).Rejection!.Code.ShouldBe("change-frozen");
        Request(freeze: freeze, overrides: true).Rejection.ShouldBeNull();
        var x = Soaking();
        x = And(x, EndSoak(x, [Well("h1")], freeze));
        (x.State, x.HeldBy, x.HeldUntil).ShouldBe((DeploymentState.Held, DeploymentCause.Frozen, Now.AddDays(2)));
        DeploymentDecisions.EndFreeze(x, freeze).Events.ShouldBeEmpty();
        DeploymentDecisions.Resume(x, freeze).Rejection!.Code.ShouldBe("change-frozen");
        x = And(x, DeploymentDecisions.EndFreeze(x, null));
        x.State.ShouldBe(DeploymentState.Soaking);
        And(x, EndSoak(x, [Well("h1")])).Wave.ShouldBe(2);
        // A way back is never frozen.
        DeploymentDecisions.RollBack(x, null, busy: false).Rejection.ShouldBeNull();
    }

    [Fact]
    public void a_ticket_is_asked_for_where_the_policy_asks() =>
        (Request(policy: new() { TicketRequired = true }).Rejection!.Code, Request(policy: new() { TicketRequired = true }, ticket: "OPS-7").Rejection).ShouldBe(("ticket-missing", null));

    [Theory]
    // A weekend in Berlin: from Friday 18:00, which is 17:00 UTC in winter, for 60 hours.
    [InlineData("2026-11-27T16:59:59Z", null)]
    [InlineData("2026-11-27T17:00:00Z", "2026-11-30T05:00:00Z")]
    [InlineData("2026-11-29T23:00:00Z", "2026-11-30T05:00:00Z")]
    [InlineData("2026-11-30T05:00:00Z", null)]
    // In summer 18:00 is 16:00 UTC.
    [InlineData("2026-07-03T16:30:00Z", "2026-07-06T04:00:00Z")]
    public void a_weekly_freeze_goes_by_the_clocks_of_its_time_zone(string now, string? until)
    {
        var policy = new ChangePolicy { Freezes = [new("weekend", null, null, new(DayOfWeek.Friday, new(18, 0), 60, "Europe/Berlin"))] };
        policy.FrozenAt(DateTimeOffset.Parse(now))?.Until.ShouldBe(DateTimeOffset.Parse(until ?? "2000-01-01T00:00:00Z"));
        (policy.FrozenAt(DateTimeOffset.Parse(now)) is null).ShouldBe(until is null);
    }

    [Fact]
    public void of_freezes_that_overlap_the_one_that_lasts_longest_is_told()
    {
        var policy = new ChangePolicy { Freezes = [new("a", Now, Now.AddHours(1), null), new("b", Now.AddHours(-1), Now.AddHours(5), null)] };
        policy.FrozenAt(Now.AddMinutes(1)).ShouldBe(new("b", Now.AddHours(5)));
        policy.FrozenAt(Now.AddHours(5)).ShouldBeNull();
    }

    [Fact]
    public void a_promotion_that_has_begun_is_not_aborted_and_one_that_has_ended_is_its_experiments()
    {
        var promotion = Soaking() with { ExperimentId = Guid.NewGuid() };
        DeploymentDecisions.Abort(promotion).Rejection!.Code.ShouldBe("deployment-of-experiment");
        DeploymentDecisions.RollBack(promotion with { State = DeploymentState.Completed }, null, busy: false).Rejection!.Code.ShouldBe("deployment-of-experiment");
        DeploymentDecisions.RollBack(promotion, null, busy: false).Rejection.ShouldBeNull();
    }

    [Fact]
    public void what_is_for_a_while_goes_out_at_once_and_back_when_its_time_is_over()
    {
        var requested = DeclareIncident.Of(Pipeline, ["h1", "h2"], TimeSpan.FromMinutes(30), null, Now);
        var x = Begin(Decision.Of(requested));
        // Neither a freeze nor a host that fails holds it.
        x = And(x, DeploymentDecisions.StartWave(x, [Old with { Hosts = ["h1", "h2"] }], new("holidays", Now.AddDays(3))));
        var task = DeploymentTasks.For(x, ["h1"]).Single().Task;
        task.Priority.ShouldBe(100);
        task.Desired.Collectors.Single().ExpiresAt.ShouldBe(Now.AddMinutes(32));
        x = And(x, DeploymentDecisions.HostsEnded(x, ["h1"], [new("h2", "not-healthy")], []));
        x.State.ShouldBe(DeploymentState.Soaking);
        DeploymentDecisions.Pause(x, null).Rejection!.Code.ShouldBe("deployment-temporary");
        DeploymentDecisions.Abort(x).Rejection!.Code.ShouldBe("deployment-temporary");
        EndSoak(x, [], minutes: 29.9).Events.ShouldBeEmpty();
        x = And(x, EndSoak(x, [], minutes: 30));
        (x.State, x.Waiting.Count).ShouldBe((DeploymentState.RollingBack, 2));
        DeploymentTasks.For(x, x.Waiting).ShouldAllBe(t => t.Task.Desired.Collectors.Single().ExpiresAt == null);
    }

    [Fact]
    public void the_saving_is_held_against_what_just_these_hosts_did()
    {
        // The fleet keeps 30 %, this host keeps 70 %: it does what was measured of it.
        var x = Soaking(kept: 30);
        HostFigures[] figures = [Well("h1", seriesOut: 70)];
        And(x, EndSoak(x, figures)).State.ShouldBe(DeploymentState.RollingBack);
        var own = DeploymentDecisions.EndSoak(x, 1, 0, figures, [], null, Now.AddMinutes(5), predictedKeptPct: 70);
        own.Events.OfType<WaveJudged>().Single().Checks.ShouldAllBe(c => c.Outcome == GateOutcome.Met);
    }

    [Fact]
    public void a_limit_that_is_broken_at_two_looks_ends_the_soak_early_and_a_saving_that_is_not_there_yet_does_not()
    {
        var x = Soaking(kept: 30);
        HostFigures[] broken = [Well("h1") with { Unhealthy = "exports fail" }], dear = [Well("h1", seriesOut: 100)];
        DeploymentDecisions.EndSoak(x, 1, 0, broken, [], null, Now.AddMinutes(1)).Events.ShouldBeEmpty();
        And(x, DeploymentDecisions.EndSoak(x, 1, 0, broken, [], null, Now.AddMinutes(1), again: true)).State.ShouldBe(DeploymentState.RollingBack);
        DeploymentDecisions.EndSoak(x, 1, 0, dear, [], null, Now.AddMinutes(1), again: true).Events.ShouldBeEmpty();
    }

    [Fact]
    public void somebody_can_let_it_go_on_although_nothing_proved_it()
    {
        // No host of the wave was reached.
        var x = Started();
        x = And(x, DeploymentDecisions.HostsEnded(x, [], [], ["h1"]));
        x = And(x, DeploymentDecisions.Resume(x, null));
        And(x, EndSoak(x, [])).Wave.ShouldBe(2);
        // Or those that were reached tell nothing.
        var y = Soaking();
        HostFigures[] quiet = [Well("h1") with { Flow = null }];
        y = And(y, EndSoak(y, quiet, minutes: 15));
        y = And(y, DeploymentDecisions.Resume(y, null));
        And(y, EndSoak(y, quiet)).Wave.ShouldBe(2);
        // What is measured not to hold is no less broken for it.
        And(y, EndSoak(y, [Well("h1", error: 1)])).State.ShouldBe(DeploymentState.RollingBack);
    }

    [Fact]
    public void the_end_of_a_freeze_forgives_no_failure()
    {
        var x = Started(plan: Plan with { MaxFailures = 1 });
        x = And(x, DeploymentDecisions.StartWave(x, [], null));
        x = And(x, DeploymentDecisions.HostsEnded(x, ["h1"], [], []));
        x = And(x, EndSoak(x, [Well("h1")]));
        x = And(x, DeploymentDecisions.HostsEnded(x, ["h2", "h3", "h4"], [new("h5", "not-healthy")], []));
        HostFigures[] well = [Well("h1"), Well("h2"), Well("h3"), Well("h4")];
        x = And(x, EndSoak(x, well, new("weekend", Now.AddDays(2))));
        x = And(x, DeploymentDecisions.EndFreeze(x, null));
        x.Forgiven.ShouldBe(0);
        x = And(x, EndSoak(x, well));
        And(x, DeploymentDecisions.HostsEnded(x, ["h6", "h7", "h8", "h9"], [new("h10", "not-healthy")], [])).State.ShouldBe(DeploymentState.RollingBack);
    }

    [Fact]
    public void one_host_that_tells_of_itself_proves_nothing_of_the_others()
    {
        var x = Started(plan: Plan with { Gate = GateLimits.Default with { DataLeaves = false } });
        x = And(x, DeploymentDecisions.HostsEnded(x, ["h1"], [], []));
        x = And(x, EndSoak(x, [Well("h1")]));
        x = And(x, DeploymentDecisions.HostsEnded(x, [.. x.Waiting], [], []));
        EndSoak(x, [Well("h1"), .. x.Deployed.Skip(1).Select(h => Well(h) with { Flow = null })]).Events.ShouldBeEmpty();
        DeploymentGate.Judge(x, [Well("h1")]).Single(c => c.Kind == GateKind.Saving).Outcome.ShouldBe(GateOutcome.NotAsked);
    }

    [Fact]
    public void what_has_ended_is_rolled_back_only_where_nothing_else_has_come_and_its_dead_letters_stay_dead()
    {
        var done = Soaking(hosts: 1);
        done = And(done, EndSoak(done, [Well("h1")]));
        done.State.ShouldBe(DeploymentState.Completed);
        DeploymentDecisions.RollBack(done, null, busy: false, new Dictionary<string, string> { ["h1"] = "newer" }).Rejection!.Code.ShouldBe("deployment-not-live");
        DeploymentDecisions.RollBack(done, null, busy: false, new Dictionary<string, string> { ["h1"] = "new" }).Rejection.ShouldBeNull();

        AgentTask Dead(Deployment of) => AgentTask.Create(new Event<TaskQueued>(DeploymentTasks.For(of, ["h1"]).Single().Task) { StreamId = DeploymentTasks.Id(of.Id, of.Round, "h1") });
        var forth = Dead(Started(hosts: 1) with { Id = done.Id });
        DeploymentTasks.Outdated(done, forth, null, "new")!.Code.ShouldBe("task-outdated");
        var back = And(done, DeploymentDecisions.RollBack(done, null, busy: false));
        var returning = Dead(back);
        back = And(back, DeploymentDecisions.HostsEnded(back, [], [new("h1", "not-healthy")], []));
        back.State.ShouldBe(DeploymentState.RolledBack);
        DeploymentTasks.Outdated(back, returning, null, "new").ShouldBeNull("the way back is still due");
        DeploymentTasks.Outdated(back, returning, null, "newer")!.Code.ShouldBe("task-outdated");
        DeploymentTasks.Outdated(back, returning, Guid.NewGuid(), "new")!.Code.ShouldBe("task-outdated");
    }
}
