using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Tests;

public sealed class ExperimentDecisionTests
{
    [Fact]
    public void a_draft_starts_on_its_hosts_with_a_dead_mans_switch_behind_the_deadline()
    {
        var started = ExperimentDecisions.Start(Given.Experiment(Given.Draft()), Given.NothingLive, Given.Now, MetricProtection.None).Events.ShouldHaveSingleItem().ShouldBeOfType<ExperimentStarted>();
        started.Hosts.ShouldBe(["h1"]);
        // Ten minutes for the hosts, 5 s warm-up, twice 15 s and a minute to the deadline, five minutes of grace.
        started.CandidateExpiresAt.ShouldBe(Given.Now.AddSeconds(600 + 5 + 30 + 60 + 300));
    }

    [Fact]
    public void starting_is_refused_where_another_pipeline_is_live() =>
        ExperimentDecisions.Start(Given.Experiment(Given.Draft()), new Dictionary<string, string> { ["h1"] = "other" }, Given.Now, MetricProtection.None).Rejection!.Code.ShouldBe("baseline-not-live");

    [Fact]
    public void what_another_experiment_has_made_live_is_neither_promoted_over_nor_rolled_back()
    {
        var elsewhere = new Dictionary<string, string> { ["h1"] = "other" };
        var decided = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2));
        decided = decided.And(ExperimentDecisions.EndRun(decided, null, Given.Now.AddDays(1))).And(new CandidateRemoved(["h1"]), new ExperimentCompleted());
        ExperimentDecisions.Promote(decided, elsewhere, Given.Deployment).Rejection!.Code.ShouldBe("baseline-not-live");
        var promoted = decided.And(ExperimentDecisions.Promote(decided, Given.NothingLive, Given.Deployment)).And(new VariantPromoted(["h1"]), new ExperimentPromoted());
        ExperimentDecisions.RollBack(promoted, elsewhere).Rejection!.Code.ShouldBe("candidate-not-live");
    }

    [Fact]
    public void reports_of_the_warm_up_that_come_late_do_not_count()
    {
        // Six windows of warm-up were cut but none had arrived when the timer ended it.
        var draft = Given.Draft() with { Plan = new(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(5)) };
        var x = Given.Experiment(draft, new ExperimentStarted(["h1"], Given.Now), new VariantsApplied(["h1"]), new WarmUpEnded());
        x.And(Given.Window(5), Given.Window(6)).Evidence.Windows.ShouldBe(0);
        x.And(Given.Window(7)).Evidence.Windows.ShouldBe(1);
    }

    [Fact]
    public void starting_is_fine_where_the_baseline_is_live() =>
        ExperimentDecisions.Start(Given.Experiment(Given.Draft()), new Dictionary<string, string> { ["h1"] = Given.Baseline.ConfigurationHash }, Given.Now, MetricProtection.None).Rejection.ShouldBeNull();

    [Fact]
    public void every_command_in_every_state_is_either_legal_or_refused_with_the_state()
    {
        // One experiment in each state, reached by events.
        var running = Given.Running();
        var decided = running.And(ExperimentDecisions.EndRun(running, null, Given.Now.AddDays(1)));
        var promotable = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2));
        promotable = promotable.And(ExperimentDecisions.EndRun(promotable, null, Given.Now.AddDays(1))).And(new CandidateRemoved(["h1"]), new ExperimentCompleted());
        var promoting = promotable.And(ExperimentDecisions.Promote(promotable, Given.NothingLive, Given.Deployment));
        var promoted = promoting.And(ExperimentDecisions.PromotionProgressed(promoting, Given.Deployment, ["h1"]));
        promoted = promoted.And(ExperimentDecisions.PromotionEnded(promoted, Given.Deployment, PromotionOutcome.Promoted, "", []));
        var rollingBack = promoted.And(ExperimentDecisions.RollBack(promoted, Given.NothingLive));
        Experiment[] states =
        [
            Given.Experiment(Given.Draft()), Given.Experiment(Given.Draft(), new ExperimentStarted(["h1"], Given.Now)),
            Given.Experiment(Given.Draft(), new ExperimentStarted(["h1"], Given.Now), new VariantsApplied(["h1"])), running, decided, promotable,
            promoting, promoted, rollingBack, rollingBack.And(ExperimentDecisions.HostsEnded(rollingBack, ["h1"], [])), running.And(new StopRequested()),
            running.And(new StopRequested(), new CandidateRemoved(["h1"]), new ExperimentStopped()),
        ];
        states.Select(s => s.State).ShouldBe(Enum.GetValues<ExperimentState>(), ignoreOrder: true);

        ShouldAllow(x => ExperimentDecisions.Start(x, Given.NothingLive, Given.Now, MetricProtection.None), ExperimentState.Draft);
        ShouldAllow(x => DraftExperiment.Edit(x, Decision.Of(Given.Draft())), ExperimentState.Draft);
        ShouldAllow(ExperimentDecisions.Archive, ExperimentState.Draft, ExperimentState.Completed, ExperimentState.Promoted, ExperimentState.RolledBack, ExperimentState.Stopped);
        ShouldAllow(x => ExperimentDecisions.Extend(x, TimeSpan.FromHours(1)), ExperimentState.WarmingUp, ExperimentState.Running);
        ShouldAllow(x => ExperimentDecisions.Keep(x, Given.NothingLive), [.. Enum.GetValues<ExperimentState>().Except([ExperimentState.Draft])]);
        ShouldAllow(ExperimentDecisions.Stop, ExperimentState.Starting, ExperimentState.WarmingUp, ExperimentState.Running);
        ShouldAllow(x => ExperimentDecisions.Promote(x, Given.NothingLive, Given.Deployment), ExperimentState.Completed, ExperimentState.RolledBack);
        ShouldAllow(x => ExperimentDecisions.RollBack(x, Given.NothingLive),
            ExperimentState.Starting, ExperimentState.WarmingUp, ExperimentState.Running, ExperimentState.Promoting, ExperimentState.Promoted);

        void ShouldAllow(Func<Experiment, Decision> command, params ExperimentState[] legal)
        {
            foreach (var x in states)
            {
                var rejection = command(x).Rejection;
                if (legal.Contains(x.State)) rejection.ShouldBeNull($"in {x.State}");
                else rejection.ShouldNotBeNull($"in {x.State}").Detail.ShouldContain(x.State.ToString(), Case.Insensitive);
            }
        }
    }

    [Fact]
    public void what_is_archived_is_not_promoted_and_comes_back_into_sight_when_it_is_rolled_back()
    {
        var decided = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2));
        decided = decided.And(ExperimentDecisions.EndRun(decided, null, Given.Now.AddDays(1))).And(new CandidateRemoved(["h1"]), new ExperimentCompleted());
        var archived = decided.And(ExperimentDecisions.Archive(decided));
        ExperimentDecisions.Promote(archived, Given.NothingLive, Given.Deployment).Rejection!.Code.ShouldBe("experiment-archived");
        ExperimentDecisions.Archive(archived).Events.ShouldBeEmpty();
        var promoted = decided.And(ExperimentDecisions.Promote(decided, Given.NothingLive, Given.Deployment)).And(new VariantPromoted(["h1"]), new ExperimentPromoted());
        promoted = promoted.And(ExperimentDecisions.Archive(promoted));
        var returning = promoted.And(ExperimentDecisions.RollBack(promoted, Given.NothingLive));
        (returning.State, returning.Archived).ShouldBe((ExperimentState.RollingBack, false));
    }

    [Fact]
    public void a_timer_that_comes_too_late_is_silent()
    {
        ExperimentDecisions.EndWarmUp(Given.Running()).Events.ShouldBeEmpty();
        ExperimentDecisions.EndRun(Given.Experiment(Given.Draft()), null, Given.Now.AddDays(1)).Events.ShouldBeEmpty();
        var stopped = Given.Running().And(new StopRequested());
        ExperimentDecisions.EndRun(stopped, null, Given.Now.AddDays(1)).Events.ShouldBeEmpty();
        ExperimentDecisions.Record(stopped, Given.Window(1), [], null).Events.ShouldBeEmpty();
    }

    [Fact]
    public void the_last_host_moves_the_experiment_on_and_a_repeated_one_does_nothing()
    {
        var x = Given.Running(hosts: 2).And(new StopRequested());
        var first = ExperimentDecisions.HostsEnded(x, ["h1"], []);
        first.Events.ShouldHaveSingleItem().ShouldBeOfType<CandidateRemoved>().Hosts.ShouldBe(["h1"]);
        x = x.And(first);
        ExperimentDecisions.HostsEnded(x, ["h1"], []).Events.ShouldBeEmpty();
        x = x.And(ExperimentDecisions.HostsEnded(x, ["h2"], []));
        x.State.ShouldBe(ExperimentState.Stopped);
    }

    [Fact]
    public void a_host_that_gives_up_while_starting_sends_all_back()
    {
        var x = Given.Experiment(Given.Draft(hosts: 2), new ExperimentStarted(["h1", "h2"], Given.Now));
        x = x.And(ExperimentDecisions.HostsEnded(x, [], [new("h2", "ApplyVariants", "configuration-invalid: line 3")]));
        x.State.ShouldBe(ExperimentState.RollingBack);
        x.Waiting.ShouldBe(["h1", "h2"]);
        x.FailedHosts.ShouldHaveSingleItem().Error.ShouldContain("line 3");
    }

    [Fact]
    public void windows_count_only_after_the_one_that_was_open_when_the_warm_up_ended()
    {
        var x = Given.Experiment(Given.Draft(), new ExperimentStarted(["h1"], Given.Now), new VariantsApplied(["h1"]), Given.Window(1), new WarmUpEnded());
        x.And(Given.Window(2)).Evidence.Windows.ShouldBe(0);
        x.And(Given.Window(2), Given.Window(3)).Evidence.Windows.ShouldBe(1);
    }

    [Fact]
    public void a_window_is_recorded_once()
    {
        var x = Given.Running().And(Given.Window(1));
        ExperimentDecisions.Record(x, Given.Window(1), [], null).Events.ShouldBeEmpty();
    }

    [Fact]
    public void the_verdict_comes_with_the_last_window_it_needs()
    {
        var x = Given.Running(windows: 2).And(Given.Window(1), Given.Window(2));
        var events = ExperimentDecisions.Record(x, Given.Window(3), [], null).Events;
        events[^1].ShouldBeOfType<VerdictReached>().Outcome.ShouldBe(VerdictOutcome.Promote);
    }

    [Fact]
    public void tasks_of_a_state_have_the_same_ids_however_often_they_are_asked_for_and_others_in_the_next_round()
    {
        var x = Given.Running().And(new RollbackRequested(RollbackCause.Operator, "", 1, ["h1"]));
        var ids = ExperimentTasks.For(x, x.Hosts).Select(t => t.Id).ToList();
        ExperimentTasks.For(x, x.Hosts).Select(t => t.Id).ShouldBe(ids);
        ExperimentTasks.For(x.And(new RollbackRequested(RollbackCause.Operator, "", 2, ["h1"])), x.Hosts).Select(t => t.Id).ShouldNotBe(ids);
    }

    [Fact]
    public void an_extension_moves_the_deadline_and_the_dead_mans_switch_and_asks_every_host_again()
    {
        var x = Given.Running(hosts: 2);
        var before = ExperimentTasks.For(x, x.Hosts).Select(t => t.Id).ToHashSet();
        var extended = x.And(ExperimentDecisions.Extend(x, TimeSpan.FromSeconds(45)));
        // Of 15 s and 45 s more; a deadline is twice that and a minute.
        extended.Plan.RequiredWindows.ShouldBe(12);
        extended.RunEndsAt.ShouldBe(Given.Now.AddSeconds(2 * 60 + 60));
        extended.CandidateExpiresAt.ShouldBe(x.CandidateExpiresAt!.Value.AddSeconds(90));
        (extended.State, extended.Waiting.Count).ShouldBe((ExperimentState.Running, 2));
        var renewals = ExperimentTasks.For(extended, extended.Waiting).ToList();
        renewals.ShouldAllBe(t => !before.Contains(t.Id) && t.Task.Desired.Collectors.Any(c => c.ExpiresAt == extended.CandidateExpiresAt));

        ExperimentDecisions.EndRun(extended, null, Given.Now.AddSeconds(2 * 15 + 60)).Events.ShouldBeEmpty();
        // One host does not take it: it is named, and nothing goes back.
        var renewed = extended.And(ExperimentDecisions.HostsEnded(extended, ["h1"], [new("h2", "ApplyVariants", "host-silent")]));
        (renewed.State, renewed.Waiting.Count).ShouldBe((ExperimentState.Running, 0));
        renewed.FailedHosts.ShouldHaveSingleItem().HostId.ShouldBe("h2");
        ExperimentDecisions.EndRun(renewed, null, renewed.RunEndsAt!.Value).Events.ShouldHaveSingleItem().ShouldBeOfType<VerdictReached>();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-5)]
    [InlineData(91 * 86_400)]
    public void an_extension_is_a_window_at_least_and_stays_within_the_longest_duration(double seconds) =>
        ExperimentDecisions.Extend(Given.Running(), TimeSpan.FromSeconds(seconds)).Rejection!.Code.ShouldBe("duration-invalid");

    [Fact]
    public void a_few_silent_hosts_are_left_out_at_the_start_and_the_experiment_speaks_of_the_others()
    {
        var hosts = Enumerable.Range(1, 20).Select(n => $"h{n}").ToArray();
        var x = Given.Experiment(Given.Draft(hosts: 20), new ExperimentStarted(hosts, Given.Now), new VariantsApplied(hosts[2..]));
        x = x.And(ExperimentDecisions.LeaveOut(x, ["h1"]));
        x.State.ShouldBe(ExperimentState.Starting);
        x = x.And(ExperimentDecisions.LeaveOut(x, ["h2", "h3"]));
        x.State.ShouldBe(ExperimentState.WarmingUp);
        x.LeftOut.ShouldBe(["h1", "h2"]);
        x.Hosts.ShouldBe(hosts[2..]);
        ExperimentDecisions.LeaveOut(x, ["h4"]).Events.ShouldBeEmpty();
    }

    [Fact]
    public void where_more_than_a_tenth_is_silent_all_go_back()
    {
        var hosts = Enumerable.Range(1, 20).Select(n => $"h{n}").ToArray();
        var x = Given.Experiment(Given.Draft(hosts: 20), new ExperimentStarted(hosts, Given.Now), new VariantsApplied(hosts[3..]));
        x = x.And(ExperimentDecisions.LeaveOut(x, ["h1", "h2", "h3"]));
        x.State.ShouldBe(ExperimentState.RollingBack);
        x.LeftOut.ShouldBeEmpty();
    }

    [Fact]
    public void keeping_the_baseline_ends_what_runs_and_is_undone_by_a_promotion()
    {
        var running = Given.Running();
        var kept = running.And(ExperimentDecisions.Keep(running, Given.NothingLive));
        (kept.State, kept.BaselineKept).ShouldBe((ExperimentState.Stopping, true));
        ExperimentDecisions.Keep(kept, Given.NothingLive).Events.ShouldBeEmpty();

        var decided = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2));
        decided = decided.And(ExperimentDecisions.EndRun(decided, null, Given.Now.AddDays(1))).And(new CandidateRemoved(["h1"]), new ExperimentCompleted());
        var keeps = decided.And(ExperimentDecisions.Keep(decided, Given.NothingLive));
        (keeps.State, keeps.BaselineKept).ShouldBe((ExperimentState.Completed, true));
        keeps.And(ExperimentDecisions.Promote(keeps, Given.NothingLive, Given.Deployment)).BaselineKept.ShouldBeFalse();

        var promoted = decided.And(ExperimentDecisions.Promote(decided, Given.NothingLive, Given.Deployment)).And(new VariantPromoted(["h1"]), new ExperimentPromoted());
        promoted.And(ExperimentDecisions.Keep(promoted, Given.NothingLive)).State.ShouldBe(ExperimentState.RollingBack);
    }

    [Fact]
    public void without_a_verdict_for_it_only_force_promotes_and_the_event_says_what_was_gone_over()
    {
        var running = Given.Running();
        ExperimentDecisions.Promote(running, Given.NothingLive, Given.Deployment, forced: true).Rejection!.Code.ShouldBe("illegal-transition");
        var stopped = running.And(new StopRequested(), new CandidateRemoved(["h1"]), new ExperimentStopped());
        ExperimentDecisions.Promote(stopped, Given.NothingLive, Given.Deployment).Rejection!.Code.ShouldBe("illegal-transition");
        var forced = ExperimentDecisions.Promote(stopped, Given.NothingLive, Given.Deployment, forced: true);
        forced.Events.ShouldHaveSingleItem().ShouldBeOfType<PromotionRequested>().Overrides.ShouldBe("there is no verdict");

        var rejected = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2, candidateSeries: 990));
        rejected = rejected.And(ExperimentDecisions.EndRun(rejected, null, Given.Now.AddDays(1))).And(new CandidateRemoved(["h1"]), new ExperimentCompleted());
        ExperimentDecisions.Promote(rejected, Given.NothingLive, Given.Deployment).Rejection!.Code.ShouldBe("verdict-not-promote");
        ExperimentDecisions.Promote(rejected, Given.NothingLive, Given.Deployment, forced: true).Events.ShouldHaveSingleItem()
            .ShouldBeOfType<PromotionRequested>().Overrides!.ShouldContain("the verdict is reject: ");
    }

    [Fact]
    public void a_promotion_ends_as_its_deployment_does_and_another_ones_end_moves_nothing()
    {
        var completed = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2));
        completed = completed.And(ExperimentDecisions.EndRun(completed, null, Given.Now.AddDays(1))).And(new CandidateRemoved(["h1"]), new ExperimentCompleted());
        var promoting = completed.And(ExperimentDecisions.Promote(completed, Given.NothingLive, Given.Deployment));
        ExperimentTasks.For(promoting, promoting.Hosts).ShouldBeEmpty();
        ExperimentDecisions.PromotionEnded(promoting, Guid.NewGuid(), PromotionOutcome.Promoted, "", []).Events.ShouldBeEmpty();
        ExperimentDecisions.PromotionProgressed(promoting, Guid.NewGuid(), ["h1"]).Events.ShouldBeEmpty();

        var withdrawn = promoting.And(ExperimentDecisions.PromotionEnded(promoting, Given.Deployment, PromotionOutcome.Withdrawn, "rejected", []));
        (withdrawn.State, withdrawn.Waiting.Count).ShouldBe((ExperimentState.Completed, 0));
        var back = promoting.And(ExperimentDecisions.PromotionEnded(promoting, Given.Deployment, PromotionOutcome.TakenBack, "no data leaves", []));
        (back.State, back.Waiting.Count).ShouldBe((ExperimentState.RollingBack, 1));
        // A host that does not run it where the others do is named.
        var promoted = promoting.And(ExperimentDecisions.PromotionEnded(promoting, Given.Deployment, PromotionOutcome.Promoted, "", [new("h1", "Deploy", "silent")]));
        promoted.State.ShouldBe(ExperimentState.Promoted);
        promoted.FailedHosts.ShouldHaveSingleItem().Error.ShouldBe("silent");
    }

    [Fact]
    public void failing_exports_and_points_that_leave_too_late_are_breaches()
    {
        var w = Given.Window(2);
        // Once may be an accident: the window before was like this one, or it is none.
        WindowMeasured Bad(int number) => Given.Window(number) with { Candidate = w.Candidate with { ExportErrors = 3, MaxDelayMs = 61_500 }, Baseline = w.Baseline with { ExportErrors = 2, MaxDelayMs = 1_000 } };
        ExperimentDecisions.Record(Given.Running(), Bad(1), [], null).Events.ShouldNotContain(e => e is GuardrailBreached);
        var between = Given.Running().And(ExperimentDecisions.Record(Given.Running(), Bad(1), [], null)).And(Given.Window(2));
        ExperimentDecisions.Record(between, Bad(3), [], null).Events.ShouldNotContain(e => e is GuardrailBreached);
        var x = Given.Running().And(Bad(1));
        var failing = ExperimentDecisions.Record(x, w with { Candidate = w.Candidate with { ExportErrors = 3 }, Baseline = w.Baseline with { ExportErrors = 2 } }, [], null);
        failing.Events.OfType<GuardrailBreached>().ShouldHaveSingleItem().Guardrail.ShouldBe(Guardrail.ExportErrors);
        // A backend that is away fails both arms.
        ExperimentDecisions.Record(x, w with { Candidate = w.Candidate with { ExportErrors = 3 }, Baseline = w.Baseline with { ExportErrors = 3 } }, [], null).Events.ShouldNotContain(e => e is GuardrailBreached);
        var late = ExperimentDecisions.Record(x, w with { Candidate = w.Candidate with { MaxDelayMs = 61_500 }, Baseline = w.Baseline with { MaxDelayMs = 1_000 } }, [], null);
        var breach = late.Events.OfType<GuardrailBreached>().ShouldHaveSingleItem();
        (breach.Guardrail, breach.Measured, breach.Limit).ShouldBe((Guardrail.AddedDelay, 60.5, 60));
    }

    [Fact]
    public void arms_that_do_not_see_the_same_input_are_void_once_and_a_breach_the_second_time_in_a_row()
    {
        var x = Given.Running(hosts: 3);
        x = Recorded(x, null, 2, "h1", "h2", "h3");
        x.State.ShouldBe(ExperimentState.Running);
        // One host alone, while the others count, is no breach.
        x = Recorded(x, Given.Window(3) with { Hosts = 2 }, 3, "h1");
        x = Recorded(x, null, 4, "h1", "h2", "h3");
        x.State.ShouldBe(ExperimentState.Running);
        // Not in a row: the window between is not known.
        Recorded(x, null, 6, "h1", "h2", "h3").State.ShouldBe(ExperimentState.Running);
        x = Recorded(x, Given.Window(5) with { Hosts = 1 }, 5, "h2", "h3");
        (x.State, x.Breach!.Guardrail, x.Verdict!.Outcome).ShouldBe((ExperimentState.RollingBack, Guardrail.InputMismatch, VerdictOutcome.Reject));
        x.Breach.Detail.ShouldContain("windows 4 and 5");

        static Experiment Recorded(Experiment x, WindowMeasured? measured, int number, params string[] mismatched) =>
            x.And(ExperimentDecisions.Record(x, measured, [.. mismatched.Select(h => new WindowVoided(number, h, "input-mismatch"))], null));
    }
}
