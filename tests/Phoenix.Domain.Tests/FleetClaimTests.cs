using CsCheck;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Tests;

public sealed class FleetClaimTests
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void the_capital_is_that_of_the_bets()
    {
        // Two values of 1 out of ten, against a mean of 0.5: the second is bet against (0.5 − 0.1) ÷ 0.9 = 4/9.
        // Fraction g gains 1 + g(1 ÷ 0.5 − 1) = 1 + g, then 1 + g(9/4 − 1) = 1 + 1.25g; over g = 0.1 … 1 the mean of (1 + g)(1 + 1.25g) is
        // 1 + 2.25 · 0.55 + 1.25 · 0.385 = 2.71875.
        DrawnUnit[] two = [new(1, 0.1), new(1, 0.1)];
        BettingSequence.Refuted(two, 0.5, 1 / 2.718).ShouldBeTrue();
        BettingSequence.Refuted(two, 0.5, 1 / 2.719).ShouldBeFalse();
    }

    [Fact]
    public void a_census_leaves_no_doubt() =>
        Gen.Double[0, 1].Array[1, 30].Sample(values =>
        {
            var interval = BettingSequence.Interval([.. values.Select(v => new DrawnUnit(v, 1.0 / values.Length))], 0.05);
            return Math.Abs(interval.Lower - values.Average()) < 1e-6 && Math.Abs(interval.Upper - values.Average()) < 1e-6;
        });

    [Fact]
    public void the_interval_is_between_all_zeros_and_all_ones_of_what_was_not_drawn() =>
        Gen.Select(Gen.Double[0, 1].Array[0, 20], Gen.Int[21, 100]).Sample((values, fleet) =>
        {
            var interval = BettingSequence.Interval([.. values.Select(v => new DrawnUnit(v, 1.0 / fleet))], 0.05);
            var (sum, left) = (values.Sum() / fleet, 1 - (double)values.Length / fleet);
            return interval.Lower >= sum - 1e-9 && interval.Upper <= sum + left + 1e-9 && interval.Lower <= interval.Upper;
        });

    [Fact]
    public void the_interval_turns_with_its_values() =>
        Gen.Double[0, 1].Array[1, 40].Sample(values =>
        {
            var interval = BettingSequence.Interval([.. values.Select(v => new DrawnUnit(v, 0.01))], 0.05);
            var mirrored = BettingSequence.Interval([.. values.Select(v => new DrawnUnit(1 - v, 0.01))], 0.05);
            return Math.Abs(interval.Lower - (1 - mirrored.Upper)) < 1e-6 && Math.Abs(interval.Upper - (1 - mirrored.Lower)) < 1e-6;
        });

    [Fact]
    public void zeros_and_ones_are_values_and_others_are_not()
    {
        BettingSequence.Interval([.. Enumerable.Repeat(new DrawnUnit(0, 0.001), 50)], 0.05).ShouldSatisfyAllConditions(
            i => i.Lower.ShouldBe(0), i => i.Upper.ShouldBeLessThan(0.2));
        BettingSequence.Interval([.. Enumerable.Repeat(new DrawnUnit(1, 0.001), 50)], 0.05).ShouldSatisfyAllConditions(
            i => i.Upper.ShouldBe(1), i => i.Lower.ShouldBeGreaterThan(0.8));
        Should.Throw<ArgumentException>(() => BettingSequence.Interval([new(double.NaN, 0.1)], 0.05));
        Should.Throw<ArgumentException>(() => BettingSequence.Interval([new(1.01, 0.1)], 0.05));
        Should.Throw<ArgumentException>(() => BettingSequence.Interval([new(0.5, 0.7), new(0.5, 0.7)], 0.05));
    }

    /// <summary>Looked at after every host: more than one experiment in twenty would be wrong only if the guarantee were.</summary>
    [Fact]
    public void the_mean_of_a_skewed_fleet_is_left_out_at_any_look_in_few_experiments()
    {
        var missed = Enumerable.Range(0, 400).Count(run =>
        {
            var random = new Random(run);
            // A twentieth of the hosts, and the heavy ones more often, save nothing at all.
            var fleet = Enumerable.Range(0, 60).Select(i => (Id: $"h{i:00}", Size: Math.Exp(2 * random.NextDouble()), Saves: random.NextDouble() < 0.05 ? 0.0 : 0.6)).ToList();
            var sample = FleetSample.Draw([.. fleet.Select(h => new FleetHost(h.Id, h.Size))], run);
            var saves = fleet.ToDictionary(h => h.Id, h => h.Saves);
            var truth = sample.Order.Sum(h => h.Weight * saves[h.HostId]);
            var units = sample.Order.Select(h => new DrawnUnit(saves[h.HostId], h.Weight)).ToList();
            return Enumerable.Range(1, 40).Any(n => !Widened(BettingSequence.Interval(units[..n], 0.05)).Contains(truth));
        });
        missed.ShouldBeLessThan(20);

        static Interval Widened(Interval i) => new(i.Lower - 1e-6, i.Upper + 1e-6);
    }

    [Fact]
    public void a_draw_takes_every_host_that_sends_once_and_weighs_the_whole() =>
        Gen.Select(Gen.Double[0, 1000].Array[1, 60], Gen.Int).Sample((sizes, seed) =>
        {
            FleetHost[] fleet = [.. sizes.Select((s, i) => new FleetHost($"h{i}", s))];
            var sample = FleetSample.Draw(fleet, seed);
            return sample.Order.Select(h => h.HostId).Order().SequenceEqual(fleet.Where(h => h.Size > 0).Select(h => h.HostId).Order()) &&
                sample.FleetSize == sample.Order.Length && Math.Abs(sample.Order.Sum(h => h.Weight) - (sample.FleetSize == 0 ? 0 : 1)) < 1e-9 &&
                FleetSample.Draw([.. fleet.Reverse()], seed).Order.SequenceEqual(sample.Order);
        });

    [Fact]
    public void heavy_classes_are_drawn_as_often_as_they_weigh()
    {
        // Ten hosts of 100 weigh 1,000, a hundred of 1 weigh 100: the first draw takes one of the heavy in ten of eleven.
        FleetHost[] fleet = [.. Enumerable.Range(0, 10).Select(i => new FleetHost($"big{i}", 100)), .. Enumerable.Range(0, 100).Select(i => new FleetHost($"small{i}", 1))];
        var heavy = Enumerable.Range(0, 2000).Count(seed => FleetSample.Draw(fleet, seed).Order[0].HostId.StartsWith("big", StringComparison.Ordinal));
        heavy.ShouldBeInRange(1750, 1886); // 1,818 ± 5 standard deviations
    }

    [Fact]
    public void a_fleet_that_makes_no_sense_is_refused()
    {
        Should.Throw<ArgumentException>(() => FleetSample.Draw([new("a", double.NaN)], 1)).Message.ShouldContain("host a");
        Should.Throw<ArgumentException>(() => FleetSample.Draw([new("a", 1), new("a", 2)], 1)).Message.ShouldContain("twice");
        FleetSample.Draw([], 1).Order.ShouldBeEmpty();
        FleetSample.Draw([new("idle", 0)], 1).FleetSize.ShouldBe(0);
    }

    [Theory]
    [InlineData(3, new[] { 3 })]
    [InlineData(4, new[] { 4 })]
    [InlineData(5, new[] { 4, 5 })]
    [InlineData(50, new[] { 4, 8, 16, 32, 50 })]
    public void looks_double_and_end_with_the_plan(int hosts, int[] expected) => FleetClaim.Looks(hosts).ShouldBe(expected);

    [Theory]
    [InlineData(1, 0.05)]
    [InlineData(2, 0.2236)]
    [InlineData(3, 0.3684)]
    public void few_hosts_give_no_verdict_but_say_what_they_prove(int hosts, double share)
    {
        var claim = Claim(new FleetPlan(hosts), 100, Outcomes(hosts, _ => 0.6, 100));
        var judgement = claim.Judge(0.3, Minute);
        judgement.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        judgement.Missing.ShouldHaveSingleItem().Text.ShouldContain($"{hosts} of {hosts} met 30 %, which proves it for at least {100 * share:0} % of the fleet");
        claim.Few!.ProvenShare(0.3, 0.05)!.Value.ShouldBe(share, 1e-4);
        claim.Few.ProvenShare(0.7, 0.05).ShouldBeNull();
        claim.Few.Say(0.7, 0.05).ShouldBe($"0 of {hosts} met 70 %");
    }

    [Fact]
    public void sixteen_hosts_of_a_fleet_promote_what_is_far_above_the_minimum_and_reject_what_is_far_below()
    {
        var claim = Claim(new FleetPlan(16), 1000, Outcomes(16, i => 0.6 + 0.01 * (i % 3), 1000));
        claim.ShouldSatisfyAllConditions(c => c.Look.ShouldBe(3), c => c.LookHosts.ShouldBe(16));
        claim.Judge(0.2, Minute).ShouldSatisfyAllConditions(
            j => j.Outcome.ShouldBe(VerdictOutcome.Promote),
            j => j.Scope.ShouldBe("the fleet of 1000 hosts, hours of the day (UTC): all day"));
        claim.Judge(0.95, Minute).Outcome.ShouldBe(VerdictOutcome.Reject);
        claim.Judge(0.55, Minute).Missing.ShouldHaveSingleItem().Kind.ShouldBe(ShortfallKind.Variance);
    }

    [Fact]
    public void outcomes_wait_frozen_for_the_next_look()
    {
        var seven = Claim(new FleetPlan(50), 1000, Outcomes(7, _ => 0.6, 1000));
        var four = Claim(new FleetPlan(50), 1000, Outcomes(4, _ => 0.6, 1000));
        seven.ShouldSatisfyAllConditions(c => c.LookHosts.ShouldBe(4), c => c.Interval.ShouldBe(four.Interval));
        seven.Judge(0.5, Minute).Missing.ShouldHaveSingleItem().Text.ShouldEndWith("the next look is at 8 hosts");
        Claim(new FleetPlan(50), 1000, Outcomes(3, _ => 0.6, 1000)).Judge(0.5, Minute).Missing.ShouldHaveSingleItem().Kind.ShouldBe(ShortfallKind.Hosts);
    }

    [Fact]
    public void a_host_beyond_the_bound_ends_the_claim_until_the_bound_is_lower()
    {
        var outcomes = Outcomes(64, i => i == 5 ? -0.4 : 0.6, 1000);
        var judgement = Claim(new FleetPlan(64), 1000, outcomes).Judge(0.2, Minute);
        judgement.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        judgement.Missing.ShouldHaveSingleItem().Text.ShouldStartWith("host host5 reduced by less than 0 %");
        Claim(new FleetPlan(64, LowestReduction: -1), 1000, outcomes).Judge(0.2, Minute).Outcome.ShouldBe(VerdictOutcome.Promote);
    }

    [Fact]
    public void a_drawn_host_that_fell_silent_counts_as_the_worst_on_either_side()
    {
        var all = Claim(new FleetPlan(16), 1000, Outcomes(16, _ => 0.6, 1000)).Interval!.Value;
        var outcomes = Outcomes(16, _ => 0.6, 1000);
        outcomes[3] = outcomes[3] with { Baseline = 0, Candidate = 0 };
        var silent = Claim(new FleetPlan(16), 1000, outcomes).Interval!.Value;
        silent.Lower.ShouldBeLessThan(all.Lower);
        silent.Upper.ShouldBeGreaterThan(all.Upper);
    }

    [Fact]
    public void hosts_prove_nothing_before_time_does()
    {
        var early = HostsClaim.Of(Enumerable.Repeat(new ArmSums(10, 4), 5).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.Of(3))), 16, 0.025);
        var claim = FleetClaim.Of(new(16), 1000, Outcomes(16, _ => 0.6, 1000), early);
        claim.Interval.ShouldBeNull();
        claim.Judge(0.2, Minute).Missing.ShouldHaveSingleItem().Kind.ShouldBe(ShortfallKind.Blocks);
        Should.Throw<ArgumentException>(() => FleetClaim.Of(new(16), 1000, [], HostsClaim.Of(TimeBlocks.None, 1)));
    }

    [Fact]
    public void every_criterion_is_needed_and_one_refuted_is_enough() =>
        Gen.Enum<VerdictOutcome>().Array[1, 6].Sample(outcomes =>
        {
            Judgement[] criteria = [.. outcomes.Select((o, i) => new Judgement(o, 0.1, 0.2, null, "these hosts",
                o == VerdictOutcome.Inconclusive ? [new(ShortfallKind.Blocks, $"{i}")] : []))];
            var (outcome, missing) = Judgement.Combine(criteria);
            return outcome == (outcomes.Contains(VerdictOutcome.Reject) ? VerdictOutcome.Reject
                    : outcomes.All(o => o == VerdictOutcome.Promote) ? VerdictOutcome.Promote : VerdictOutcome.Inconclusive) &&
                (outcome == VerdictOutcome.Inconclusive) == (missing.Count > 0);
        });

    [Fact]
    public void what_is_known_exactly_is_judged_at_once_and_what_was_not_seen_is_not()
    {
        Judgement.Exact(true, 1, 1, "protected series").Outcome.ShouldBe(VerdictOutcome.Promote);
        Judgement.Exact(false, 1, 0.9, "protected series").Outcome.ShouldBe(VerdictOutcome.Reject);
        Judgement.Exact(null, 1, null, "protected series").Missing.ShouldHaveSingleItem().Text.ShouldBe("nothing was observed: protected series");
    }

    [Fact]
    public void a_verdict_without_a_criterion_is_refused() => Should.Throw<ArgumentException>(() => Judgement.Combine([]));

    [Fact]
    public void power_grows_with_the_effect_and_an_expected_time_is_told()
    {
        var question = new PowerQuestion(Minute, 0.05, 19, 0.3, 0.32, TimeSpan.FromDays(3));
        var (small, great) = (PowerAnalysis.Hosts(question), PowerAnalysis.Hosts(question with { Expected = 0.4 }));
        small.WindowsPerBlock.ShouldBe(64); // at least 38
        small.PlannedBlocks.ShouldBe(67);
        small.BlockDeviation.ShouldBe(0.05 * Math.Sqrt(19.0 / 64), 1e-12);
        small.Earliest.ShouldBe(TimeSpan.FromMinutes(20 * 64));
        great.Power.ShouldBeGreaterThan(0.99);
        great.ExpectedBlocks.ShouldBe(20);
        small.Power.ShouldBeLessThan(great.Power);
        small.ExpectedDuration!.Value.ShouldBeGreaterThan(great.ExpectedDuration!.Value);
        PowerAnalysis.Hosts(question).ShouldBe(small, "a question has one answer");
    }

    [Fact]
    public void the_power_of_no_effect_is_the_error_that_is_allowed()
    {
        var answer = PowerAnalysis.Hosts(new(Minute, 0.05, 1, 0.3, 0.3, TimeSpan.FromHours(5)));
        answer.Power.ShouldBe(0, "neither verdict would be right");
        answer.ExpectedBlocks.ShouldBeNull();
        PowerAnalysis.Hosts(new(Minute, 0.05, 1, 0.3, 0.3 + 1e-9, TimeSpan.FromHours(5))).Power.ShouldBeLessThan(0.05);
        PowerAnalysis.Hosts(new(Minute, 0.05, 1, 0.3, 0.2, TimeSpan.FromHours(5))).Power.ShouldBeGreaterThan(0.95, "what is far below is rejected");
        PowerAnalysis.Hosts(new(Minute, 0, 1, 0.3, 0.4, TimeSpan.FromMinutes(159))).Power.ShouldBe(0, "nineteen blocks are no twenty");
        PowerAnalysis.Hosts(new(Minute, 0, 1, 0.3, 0.4, TimeSpan.FromMinutes(160))).Power.ShouldBe(1);
    }

    [Fact]
    public void a_pilot_gives_what_was_assumed()
    {
        var random = new Random(2);
        var pilot = TimeBlocks.None;
        var question = new PowerQuestion(Minute, 0.5, 100, 0.3, 0.4, TimeSpan.FromDays(1));
        question.FromPilot(pilot).ShouldBe(question);
        for (var i = 0; i < 1000; i++) pilot = pilot.Add(new(100, 50 + 20 * random.NextDouble()), HoursOfDay.All);
        question.FromPilot(pilot).WindowDeviation.ShouldBe(0.2 / Math.Sqrt(12), 0.004);
        question.FromPilot(pilot).AutocorrelationTime.ShouldBeInRange(1, 3);
    }

    [Fact]
    public void many_hosts_of_one_heavy_one_are_worth_one()
    {
        Pooled([1, 1, 1, 1], 0).ShouldBe(0.05, 1e-12);
        Pooled([1, 1, 1, 1], 1).ShouldBe(0.1, 1e-12);
        Pooled([1e9, 1, 1, 1], 0).ShouldBe(0.1, 1e-6);
        Pooled([7], 0.3).ShouldBe(0.1, 1e-12);
        Should.Throw<ArgumentException>(() => Pooled([0], 0));

        static double Pooled(double[] sizes, double shared) => PowerQuestion.Pooled(0.1, shared, sizes);
    }

    [Theory]
    [InlineData(double.NaN, 1, 0.3, 0.4)]
    [InlineData(0.1, 0.5, 0.3, 0.4)]
    [InlineData(0.1, 1, 1.2, 0.4)]
    [InlineData(0.1, 1, 0.3, double.PositiveInfinity)]
    public void a_power_question_of_nonsense_is_refused(double deviation, double time, double minimum, double expected)
    {
        var question = new PowerQuestion(Minute, deviation, time, minimum, expected, TimeSpan.FromHours(1));
        question.Refusal()!.Code.ShouldBe("power-question-invalid");
        Should.Throw<ArgumentException>(() => PowerAnalysis.Hosts(question));
    }

    [Fact]
    public void more_hosts_find_out_more_of_a_fleet()
    {
        double Power(int hosts) => PowerAnalysis.Fleet(new(hosts), 2000, 0.3, 0.5, 0.1).Power;
        Power(4).ShouldBe(0);
        Power(8).ShouldBeLessThan(Power(32));
        Power(64).ShouldBeGreaterThan(0.95);
        PowerAnalysis.Fleet(new(64), 2000, 0.3, 0.5, 0.1).Hosts!.Value.ShouldBeOneOf(16, 32);
        PowerAnalysis.Fleet(new(64), 2000, 0.5, 0.5, 0.1).Power.ShouldBeLessThan(0.05);
    }

    static HostOutcome[] Outcomes(int hosts, Func<int, double> reduction, int fleet) =>
        [.. Enumerable.Range(0, hosts).Select(i => new HostOutcome($"host{i}", 1.0 / fleet, 100, 100 * (1 - reduction(i))))];

    static FleetClaim Claim(FleetPlan plan, int fleet, HostOutcome[] outcomes) => FleetClaim.Of(plan, fleet, outcomes, HostsClaim.Of(
        Enumerable.Repeat(new ArmSums(10, 4), 400).Aggregate(TimeBlocks.None, (b, w) => b.Add(w, HoursOfDay.All)), outcomes.Length, plan.Alpha / 2));
}
