using System.Text.Json;
using CsCheck;
using JasperFx.Events;
using Phoenix.Domain.Upgrades;

namespace Phoenix.Domain.Tests;

public sealed class UpgradeDecisionTests
{
    static readonly AgentProgram[] Programs = [new("linux-x64", "phoenix-agent", 10, new string('a', 64))];
    static readonly HashSet<string> None = [];

    static Decision Request(int hosts, IReadOnlyList<string>? stages = null, UpgradePlan? plan = null, IReadOnlySet<string>? busy = null) =>
        RequestUpgrade.Decide("2.0.0", Programs, Names(0, hosts), Names(0, hosts).ToHashSet(), busy ?? None, None, stages ?? RequestUpgrade.DefaultStages, plan ?? UpgradePlan.Default);

    static Upgrade Begun(int hosts, IReadOnlyList<string>? stages = null, UpgradePlan? plan = null) => After(null, Request(hosts, stages, plan));

    static Upgrade After(Upgrade? x, Decision decision)
    {
        decision.Rejection.ShouldBeNull();
        foreach (var e in decision.Events)
            x = e switch
            {
                UpgradeRequested r => Upgrade.Create(new Event<UpgradeRequested>(r) { StreamId = Guid.Parse("00000000-0000-0000-0000-00000000000a") }),
                UpgradeStageStarted s => x!.Apply(s),
                HostsUpgraded s => x!.Apply(s),
                HostUpgradesFailed s => x!.Apply(s),
                HostsUnreached s => x!.Apply(s),
                UpgradeStageCompleted s => x!.Apply(s),
                UpgradeHeld s => x!.Apply(s),
                UpgradeResumed s => x!.Apply(s),
                UpgradeRollbackRequested s => x!.Apply(s),
                HostsReturned s => x!.Apply(s),
                HostReturnsFailed s => x!.Apply(s),
                UpgradeRolledBack s => x!.Apply(s),
                UpgradeCompleted s => x!.Apply(s),
                UpgradeAborted s => x!.Apply(s),
                _ => throw new InvalidOperationException(e.GetType().Name),
            };
        return x!;
    }

    static string[] Names(int from, int to) => [.. Enumerable.Range(from, to - from).Select(i => $"h{i:0000}")];

    static UpgradedHost[] Done(params IEnumerable<string> hosts) => [.. hosts.Select(h => new UpgradedHost(h, "1.0.0"))];

    static FailedUpgrade[] Bad(params IEnumerable<string> hosts) => [.. hosts.Select(h => new FailedUpgrade(h, "upgrade-not-confirmed: it crashed"))];

    static Decision Succeed(Upgrade x, params IEnumerable<string> hosts) => UpgradeDecisions.HostsEnded(x, Done(hosts), [], []);

    static Decision Fail(Upgrade x, params IEnumerable<string> hosts) => UpgradeDecisions.HostsEnded(x, [], Bad(hosts), []);

    [Theory]
    [InlineData(200, "1,10,50,200")]
    [InlineData(10_000, "1,500,2500,10000")]
    [InlineData(1, "1")]
    [InlineData(3, "1,3")]
    public void the_default_stages_are_one_host_then_growing_shares(int hosts, string ends)
    {
        var events = Request(hosts).Events;
        events[0].ShouldBeOfType<UpgradeRequested>().Stages.ShouldBe(ends.Split(',').Select(int.Parse));
        events[1].ShouldBeOfType<UpgradeStageStarted>().Stage.ShouldBe(1);
        Begun(hosts).Waiting.ShouldBe(["h0000"]);
    }

    [Theory]
    [InlineData("0", "stages-invalid")]
    [InlineData("1.5", "stages-invalid")]
    [InlineData("120%", "stages-invalid")]
    [InlineData("-5", "stages-invalid")]
    [InlineData("few", "stages-invalid")]
    [InlineData("50%", "stages-invalid")]
    public void a_stage_that_is_none_or_leaves_hosts_out_is_refused(string stage, string code) => Request(10, [stage]).Rejection!.Code.ShouldBe(code);

    [Fact]
    public void a_request_that_cannot_be_met_says_what_to_do()
    {
        RequestUpgrade.Decide("2.0.0", [], ["h"], new HashSet<string> { "h" }, None, None, ["100%"], UpgradePlan.Default).Rejection!.Code.ShouldBe("release-unknown");
        RequestUpgrade.Decide("2.0.0", Programs, [], None, None, None, ["100%"], UpgradePlan.Default).Rejection!.Code.ShouldBe("hosts-missing");
        RequestUpgrade.Decide("2.0.0", Programs, ["h"], None, None, None, ["100%"], UpgradePlan.Default).Rejection!.Code.ShouldBe("host-unknown");
        RequestUpgrade.Decide("2.0.0", Programs, ["h", "h"], new HashSet<string> { "h" }, None, None, ["100%"], UpgradePlan.Default).Rejection!.Code.ShouldBe("hosts-invalid");
        Request(2, busy: new HashSet<string> { "h0001" }).Rejection!.Code.ShouldBe("host-in-upgrade");
        Request(2, plan: UpgradePlan.Default with { Soak = TimeSpan.FromDays(-1) }).Rejection!.Code.ShouldBe("soak-invalid");
        Request(2, plan: UpgradePlan.Default with { Confirm = TimeSpan.Zero }).Rejection!.Code.ShouldBe("confirm-invalid");
        Request(2, plan: UpgradePlan.Default with { Patience = TimeSpan.Zero }).Rejection!.Code.ShouldBe("patience-invalid");
        Request(2, plan: UpgradePlan.Default with { MaxFailuresPct = double.NaN }).Rejection!.Code.ShouldBe("max-failures-invalid");
    }

    [Fact]
    public void a_stage_begins_only_when_the_one_before_is_wholly_done_and_has_been_well_for_the_soak_time()
    {
        var x = Begun(200);
        x = After(x, Succeed(x, "h0000"));
        x.State.ShouldBe(UpgradeState.Soaking);
        UpgradeDecisions.EndSoak(x, 2, 0, [], []).Events.ShouldBeEmpty("a timer of another stage");
        UpgradeDecisions.EndSoak(x, 1, 1, [], []).Events.ShouldBeEmpty("a timer of another round");
        x = After(x, UpgradeDecisions.EndSoak(x, 1, 0, [], ["h0003"]));
        (x.State, x.Stage, x.Waiting.Count).ShouldBe((UpgradeState.Running, 2, 9));
        x.UnwellBefore.ShouldBe(["h0003"]);

        x = After(x, Succeed(x, Names(1, 9)));
        x.State.ShouldBe(UpgradeState.Running, "h0009 is not done");
        UpgradeDecisions.EndSoak(x, 2, 0, [], []).Events.ShouldBeEmpty();
        x = After(x, Succeed(x, "h0009"));
        x.State.ShouldBe(UpgradeState.Soaking);
        x = After(x, UpgradeDecisions.EndSoak(x, 2, 0, [], []));
        x = After(x, Succeed(x, Names(10, 50)));
        x = After(x, UpgradeDecisions.EndSoak(x, 3, 0, [], []));
        x = After(x, Succeed(x, Names(50, 200)));
        x.State.ShouldBe(UpgradeState.Soaking);
        x = After(x, UpgradeDecisions.EndSoak(x, 4, 0, [], []));
        x.State.ShouldBe(UpgradeState.Completed);
        x.Upgraded.Count.ShouldBe(200);
    }

    [Fact]
    public void hosts_that_end_together_are_one_event_and_count_once()
    {
        var x = Begun(200, ["100%"]);
        var decision = UpgradeDecisions.HostsEnded(x, Done(Names(0, 100)), [], []);
        decision.Events.ShouldHaveSingleItem().ShouldBeOfType<HostsUpgraded>().Hosts.Count.ShouldBe(100);
        x = After(x, decision);
        Succeed(x, Names(0, 100)).Events.ShouldBeEmpty();
        Fail(x, "h0000").Events.ShouldBeEmpty("it has ended well already");
        Succeed(x, "stranger").Events.ShouldBeEmpty();
    }

    [Fact]
    public void more_failures_than_allowed_hold_the_upgrade()
    {
        var x = Begun(100, ["100%"], UpgradePlan.Default with { MaxFailures = 2 });
        x = After(x, Fail(x, Names(0, 2)));
        x.State.ShouldBe(UpgradeState.Running);
        var decision = Fail(x, "h0002");
        decision.Events[^1].ShouldBeOfType<UpgradeHeld>().Detail.ShouldContain("3 of 100 hosts failed, 2 may: h0000: upgrade-not-confirmed");
        x = After(x, decision);

        var late = Succeed(x, "h0003");
        late.Events.ShouldHaveSingleItem().ShouldBeOfType<HostsUpgraded>();
        x = After(x, late);
        x = After(x, UpgradeDecisions.Resume(x));
        (x.State, x.Round).ShouldBe((UpgradeState.Running, 1));
        x = After(x, Succeed(x, Names(4, 100)));
        x.State.ShouldBe(UpgradeState.Soaking, "what failed before somebody resumed is forgiven");
    }

    [Fact]
    public void a_share_of_failures_is_a_share_of_the_hosts_asked_so_far()
    {
        var plan = UpgradePlan.Default with { MaxFailuresPct = 10 };
        var x = Begun(100, ["20", "100%"], plan);
        x = After(x, Fail(x, Names(0, 2)));
        x.State.ShouldBe(UpgradeState.Running);
        After(x, Fail(x, "h0002")).State.ShouldBe(UpgradeState.Held);
    }

    [Fact]
    public void where_it_was_asked_for_too_many_failures_return_every_host_that_was_asked()
    {
        var x = Begun(10, ["5", "100%"], UpgradePlan.Default with { RollsBack = true });
        x = After(x, Succeed(x, "h0000"));
        var decision = Fail(x, "h0001");
        decision.Events[^1].ShouldBeOfType<UpgradeRollbackRequested>().Cause.ShouldBe(UpgradeCause.Failures);
        x = After(x, decision);
        x.Waiting.ShouldBe(Names(0, 5));
        UpgradeTasks.For(x, "h0000").Desired.Upgrade!.Direction.ShouldBe(UpgradeDirection.Return);

        x = After(x, Succeed(x, "h0000", "h0001", "h0002"));
        x = After(x, UpgradeDecisions.HostsEnded(x, [], [], ["h0003"]));
        x.State.ShouldBe(UpgradeState.RollingBack);
        x = After(x, Fail(x, "h0004"));
        x.State.ShouldBe(UpgradeState.RolledBack);
        x.Returned.ShouldBe(["h0000", "h0001", "h0002"]);
        x.Failed["h0003"].ShouldStartWith("host-silent");
    }

    [Fact]
    public void hosts_that_never_called_in_are_no_failures_but_a_stage_of_them_proves_nothing()
    {
        var x = Begun(10, ["2", "100%"]);
        var mixed = After(x, UpgradeDecisions.HostsEnded(x, Done("h0000"), [], ["h0001"]));
        (mixed.State, mixed.Failed.Count).ShouldBe((UpgradeState.Soaking, 0));

        var silent = UpgradeDecisions.HostsEnded(x, [], [], ["h0000", "h0001"]);
        silent.Events[^1].ShouldBeOfType<UpgradeHeld>().Cause.ShouldBe(UpgradeCause.NothingProved);
        var held = After(x, silent);
        held = After(held, UpgradeDecisions.Resume(held));
        held.State.ShouldBe(UpgradeState.Soaking);
        After(held, UpgradeDecisions.EndSoak(held, 1, 1, [], [])).Stage.ShouldBe(2);
    }

    [Fact]
    public void a_host_that_is_unwell_after_the_soak_time_counts_as_failed_and_returns_with_the_others()
    {
        var x = Begun(10, ["2", "100%"]);
        x = After(x, Succeed(x, "h0000", "h0001"));
        var decision = UpgradeDecisions.EndSoak(x, 1, 0, [new("h0001", "silent-after-upgrade"), new("h0009", "not upgraded by this")], []);
        decision.Events[0].ShouldBeOfType<HostUpgradesFailed>().Hosts.ShouldHaveSingleItem().HostId.ShouldBe("h0001");
        x = After(x, decision);
        x.State.ShouldBe(UpgradeState.Held);
        x = After(x, UpgradeDecisions.Resume(x));
        var again = UpgradeDecisions.EndSoak(x, 1, 1, [new("h0001", "silent-after-upgrade")], []);
        again.Events.ShouldHaveSingleItem().ShouldBeOfType<UpgradeStageStarted>("it is known and was forgiven");
        x = After(x, UpgradeDecisions.RollBack(x, "no"));
        x.Waiting.ShouldContain("h0001");
    }

    [Fact]
    public void pause_resume_abort_and_roll_back_are_guarded_and_repeatable()
    {
        var x = Begun(10);
        UpgradeDecisions.Resume(x).Rejection!.Code.ShouldBe("illegal-transition");
        var held = After(x, UpgradeDecisions.Pause(x, "lunch"));
        UpgradeDecisions.Pause(held, null).Events.ShouldBeEmpty();
        UpgradeDecisions.EndSoak(held, 1, 0, [], []).Events.ShouldBeEmpty("a timer that comes while it is held");
        UpgradeTasks.Id(held.Id, held.Round, "h0000").ShouldNotBe(UpgradeTasks.Id(held.Id, After(held, UpgradeDecisions.Resume(held)).Round, "h0000"));

        var aborted = After(held, UpgradeDecisions.Abort(held));
        aborted.IsOpen.ShouldBeFalse();
        UpgradeDecisions.Abort(aborted).Events.ShouldBeEmpty();
        UpgradeDecisions.Resume(aborted).Rejection!.Code.ShouldBe("illegal-transition");
        Succeed(aborted, "h0000").Events.ShouldBeEmpty();
        var back = After(aborted, UpgradeDecisions.RollBack(aborted, "after all"));
        UpgradeDecisions.RollBack(back, "again").Events.ShouldBeEmpty();
        UpgradeDecisions.Abort(back).Rejection!.Code.ShouldBe("illegal-transition");
        UpgradeDecisions.RollBack(After(back, Succeed(back, "h0000")), null).Rejection!.Code.ShouldBe("illegal-transition");
    }

    /// <summary>In whatever order hosts end, and however often it is told: every host ends once, and no stage begins while one of the last is open.</summary>
    [Fact]
    public void no_order_of_messages_loses_a_host_or_overtakes_a_stage() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 5], Gen.Int[0, 1_000_000].Array[150]).Sample((hosts, allowed, choices) =>
        {
            var x = Begun(hosts, plan: UpgradePlan.Default with { MaxFailures = allowed });
            foreach (var choice in choices)
            {
                var host = $"h{choice / 10 % hosts:0000}";
                var before = x;
                x = After(x, (choice % 10) switch
                {
                    < 4 => Succeed(x, host),
                    4 => Fail(x, host),
                    5 => UpgradeDecisions.HostsEnded(x, [], [], [host]),
                    6 => UpgradeDecisions.EndSoak(x, x.Stage, x.Round, [], []),
                    7 => x.State == UpgradeState.Held ? UpgradeDecisions.Resume(x) : Decision.Nothing,
                    8 => UpgradeDecisions.EndSoak(x, Math.Max(1, x.Stage - 1), x.Round, Bad(host), []),
                    _ => Succeed(x, x.Waiting.Take(3)),
                });
                if (x.Stage > before.Stage) before.Waiting.ShouldBeEmpty();
                x.Hosts.Take(x.Begun).All(h => x.Waiting.Contains(h) || x.Upgraded.ContainsKey(h) || x.Failed.ContainsKey(h) || x.Unreached.Contains(h)).ShouldBeTrue();
                x.Hosts.Skip(x.Begun).Any(h => x.Waiting.Contains(h) || x.Upgraded.ContainsKey(h)).ShouldBeFalse();
                if (x.State is UpgradeState.Running) (x.Failed.Count - x.Forgiven).ShouldBeLessThanOrEqualTo(allowed);
                if (x.State == UpgradeState.Completed) (x.Begun, x.Waiting.Count).ShouldBe((hosts, 0));
            }
        });

    [Fact]
    public void the_state_survives_being_stored()
    {
        var x = Begun(10, ["5", "100%"], UpgradePlan.Default with { MaxFailures = 5 });
        x = After(x, UpgradeDecisions.HostsEnded(x, Done("h0000"), Bad("h0001"), ["h0002"]));
        var read = JsonSerializer.Deserialize<Upgrade>(JsonSerializer.Serialize(x))!;
        read.Waiting.ShouldBe(x.Waiting);
        read.Upgraded.ShouldBe(x.Upgraded);
        read.Failed.ShouldBe(x.Failed);
        read.Unreached.ShouldBe(x.Unreached);
        UpgradeTasks.For(read, "h0003").Desired.Upgrade!.Programs.ShouldBe(Programs);
    }
}
