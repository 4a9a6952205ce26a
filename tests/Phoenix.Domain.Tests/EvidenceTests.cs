using CsCheck;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Tests;

public sealed class EvidenceTests
{
    [Fact]
    public void reductions_are_of_sums_over_windows_and_distinct_counts_are_the_latest()
    {
        var e = Evidence.None.Add(Given.Window(1, candidateSeries: 500)).Add(Given.Window(2, candidateSeries: 100)).Summary();
        e.LiveSeriesReductionPct.ShouldBe(100 * (1 - 600.0 / 2000), 1e-9);
        e.BaselineSeries.ShouldBe(1002);
        e.CandidateSeries.ShouldBe(102);
        e.SeriesReductionPct.ShouldBe(100 * (1 - 102.0 / 1002), 1e-9);
        e.MeasuredMinutes.ShouldBe(10.0 / 60, 1e-9);
    }

    [Fact]
    public void equal_arms_show_no_reduction() =>
        Gen.Int[1, 100_000].Sample(n =>
            Evidence.None.Add(Given.Window(1) with { Baseline = Arm(n), Candidate = Arm(n) }).Summary() is
                { SeriesReductionPct: 0, LiveSeriesReductionPct: 0, PointsReductionPct: 0, BytesReductionPct: 0 });

    [Fact]
    public void increments_of_a_restarted_candidate_are_added_to_those_before()
    {
        var e = Evidence.None.Add(Given.Window(1)).Add(Given.Window(2)); // 1,000 then 2,000 in the first epoch
        e = e.Add(Given.Window(1, epoch: "e2"));                         // 1,000 in the next
        e.Summary().IncrementsChecked.ShouldBe(3000);
    }

    [Fact]
    public void windows_that_overtake_each_other_do_not_count_increments_twice()
    {
        var e = Evidence.None.Add(Given.Window(5)).Add(Given.Window(4)).Add(Given.Window(6));
        e.Summary().IncrementsChecked.ShouldBe(6000);
    }

    [Fact]
    public void the_worst_error_of_any_window_stays() =>
        Evidence.None.Add(Given.Window(1, worstErrorPct: 4)).Add(Given.Window(2)).Summary().WorstGroupErrorPct.ShouldBe(4);

    [Fact]
    public void too_few_windows_are_inconclusive_and_say_what_is_missing()
    {
        var verdict = Verdicts.Reach(Given.Running().And(Given.Window(1), Given.Window(2)), null);
        verdict.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        verdict.Reasons.ShouldHaveSingleItem().ShouldBe("1 of 3 valid windows");
    }

    [Fact]
    public void a_verdict_over_two_hosts_needs_a_window_that_measured_both()
    {
        var x = Given.Running(hosts: 2, windows: 1).And(Given.Window(1), Given.Window(2), Given.Window(3));
        Verdicts.Reach(x, null).Reasons.ShouldContain(r => r.Contains("at most 1 of 2"));
        Verdicts.Reach(x.And(Given.Window(4) with { Hosts = 2 }), null).Outcome.ShouldBe(VerdictOutcome.Promote);
    }

    [Fact]
    public void windows_that_are_closed_late_take_their_place_in_time() =>
        Gen.Select(Gen.Int[0, 1000].Array[1, 200], Gen.Int[0, 1000]).Sample((series, seed) =>
        {
            // Each overtakes at most as many as wait for their turn.
            var random = new Random(seed);
            var order = Enumerable.Range(0, series.Length).OrderBy(n => n + random.Next(8)).ThenBy(n => n);
            WindowMeasured Of(int n) => Given.Window(n + 1, series[n]) with { HoursUtc = [n / 3 % 24] };
            var late = order.Aggregate(Evidence.None, (e, n) => e.Add(Of(n)));
            var straight = Enumerable.Range(0, series.Length).Aggregate(Evidence.None, (e, n) => e.Add(Of(n)));
            return late.OverTime() == straight.OverTime();
        });

    [Fact]
    public void what_these_hosts_will_do_takes_more_windows_than_what_they_did()
    {
        var asked = SuccessCriteria.Default with { MinSeriesReductionPct = 20 };
        var x = Given.Running(windows: HostsClaim.LeastWindows) with { Criteria = asked };
        var windows = Enumerable.Range(1, HostsClaim.LeastWindows + 1).Select(n => (object)(Given.Window(n, 290 + n % 20) with { HoursUtc = [12] })).ToArray();
        var early = x.And(windows[..^9]);
        Verdicts.Claims(early).Select(c => (c.Claim, c.Outcome)).ShouldBe([(VerdictClaim.Observed, VerdictOutcome.Promote), (VerdictClaim.Hosts, VerdictOutcome.Inconclusive)]);
        Verdicts.Claims(early)[1].Missing.ShouldHaveSingleItem().ShouldContain("blocks");

        var verdict = Verdicts.Reach(x.And(windows), null);
        verdict.Outcome.ShouldBe(VerdictOutcome.Promote);
        verdict.Scope.ShouldBe("this host, hours of the day (UTC): 12");
        var claim = verdict.Claims!.Single(c => c.Claim == VerdictClaim.Hosts);
        claim.LowerPct!.Value.ShouldBeInRange(60, claim.ReductionPct!.Value);
        claim.UpperPct!.Value.ShouldBeGreaterThan(claim.ReductionPct.Value);
        verdict.Reasons[0].ShouldStartWith($"met: live series reduced by {claim.ReductionPct:0.##} % ({claim.LowerPct:0.##} to {claim.UpperPct:0.##} %)");

        // A minimum inside of the interval is open, one above it is refuted; what was observed says yes or no at once.
        var near = Verdicts.Reach((x with { Criteria = asked with { MinSeriesReductionPct = claim.ReductionPct.Value } }).And(windows), null);
        near.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        near.Reasons[0].ShouldStartWith("open: ");
        Verdicts.Reach((x with { Criteria = asked with { MinSeriesReductionPct = 90 } }).And(windows), null).Outcome.ShouldBe(VerdictOutcome.Reject);
        // What fails exactly is not saved by what is open.
        Verdicts.Reach((x with { Criteria = asked with { MinSeriesReductionPct = claim.ReductionPct.Value } }).And([.. windows[..^1], Given.Window(windows.Length, retained: 4)]), null)
            .Outcome.ShouldBe(VerdictOutcome.Reject);
    }

    [Fact]
    public void what_is_open_at_the_planned_end_goes_on_until_it_is_decided_or_the_deadline()
    {
        // Far above and far below the minimum by turns of ten windows: the interval holds it for long.
        var criteria = SuccessCriteria.Default with { MinSeriesReductionPct = 40 };
        var x = Given.Running(windows: HostsClaim.LeastWindows) with { Criteria = criteria };
        var n = 0;
        Experiment Next(long series)
        {
            n++;
            return x.And(ExperimentDecisions.Record(x, Given.Window(n, series), [], null));
        }
        while (x.Evidence.Windows < HostsClaim.LeastWindows + 40) x = Next(n / 20 % 2 == 0 ? 300 : 800);
        x.State.ShouldBe(ExperimentState.Running);
        Verdicts.Claims(x).Single(c => c.Claim == VerdictClaim.Hosts).Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        x.And(ExperimentDecisions.EndRun(x, null, Given.Now.AddDays(1))).Verdict!.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        for (var i = 0; i < 20_000 && x.State == ExperimentState.Running; i++) x = Next(900);
        x.Verdict!.Outcome.ShouldBe(VerdictOutcome.Reject);
    }

    [Fact]
    public void a_claim_says_where_not_every_window_had_every_host()
    {
        var x = Given.Running(hosts: 3, windows: 2).And(Given.Window(1) with { Hosts = 3 }, Given.Window(2) with { Hosts = 2 }, Given.Window(3) with { Hosts = 3 });
        Verdicts.Claims(x)[1].Scope.ShouldEndWith("of which 2 or more were measured in every window");
    }

    [Fact]
    public void recorded_windows_are_kept_small_and_whole() =>
        Gen.Int[1, 60].Array[0, 80].Sample(numbers =>
        {
            var recorded = numbers.Aggregate(WindowNumbers.None, (set, n) => set.Add(n));
            return Enumerable.Range(1, 60).All(n => recorded.Contains(n) == numbers.Contains(n)) &&
                recorded.Highest == (numbers.Length == 0 ? 0 : numbers.Max()) && !recorded.Beyond.Contains(recorded.Through + 1);
        });

    [Theory]
    [InlineData(300, 0, 5, VerdictOutcome.Promote)]
    [InlineData(900, 0, 5, VerdictOutcome.Reject)]
    [InlineData(300, 0.2, 5, VerdictOutcome.Reject)]
    [InlineData(300, 0, 4, VerdictOutcome.Reject)]
    public void promotion_needs_every_criterion(long series, double errorPct, long retained, VerdictOutcome expected)
    {
        var x = Given.Running(windows: 1).And(Given.Window(1), Given.Window(2, series, errorPct, retained));
        Verdicts.Reach(x, null).Outcome.ShouldBe(expected);
    }

    [Fact]
    public void what_was_never_seen_is_not_proved()
    {
        Verdicts.Reach(Given.Running(windows: 1).And(Given.Window(1), Given.Window(2, increments: 0)), null).Reasons.ShouldContain(r => r.Contains("increment"));
        var unseen = Given.Window(2) with { Retention = new(0, 0, []) };
        Verdicts.Reach(Given.Running(windows: 1).And(Given.Window(1), unseen), null).Outcome.ShouldBe(VerdictOutcome.Inconclusive);
    }

    [Theory]
    [InlineData(0.2, 5, 50, 0, Guardrail.Conservation)]
    [InlineData(0, 4, 50, 0, Guardrail.ProtectedRetention)]
    [InlineData(0, 5, 50, 1, Guardrail.DataLoss)]
    [InlineData(0, 5, 2600, 0, Guardrail.CandidateCpu)]
    public void each_guardrail_names_itself(double errorPct, long retained, double cpuMs, long lost, Guardrail expected)
    {
        var x = Given.Running();
        var decision = ExperimentDecisions.Record(x, Given.Window(1, worstErrorPct: errorPct, retained: retained, cpuMs: cpuMs, lost: lost), [], null);
        decision.Events.OfType<GuardrailBreached>().ShouldHaveSingleItem().Guardrail.ShouldBe(expected);
        x.And(decision).State.ShouldBe(ExperimentState.RollingBack);
        x.And(decision).Verdict!.Outcome.ShouldBe(VerdictOutcome.Reject);
    }

    static ArmTotals Arm(long n) => new(n, n, n, n, n, n, 1, 1, 0);
}
