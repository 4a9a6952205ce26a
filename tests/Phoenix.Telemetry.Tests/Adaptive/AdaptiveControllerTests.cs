using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class AdaptiveControllerTests
{
    private const long Minute = 60_000_000_000;
    private const long Noon = 1_700_000_000_000_000_000;

    private static readonly Gen<AdaptiveMode> Modes = Gen.Int[0, 2].Select(mode => (AdaptiveMode)mode);

    [Fact]
    public void with_one_label_a_metric_no_other_choice_reaches_the_budget_with_fewer_labels() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 8], Gen.Double[0.2, 0.95]).Sample((sizes, share) =>
        {
            var world = new World([.. sizes.Select((size, i) => new World.Metric((UInt128)(i + 1), [.. Enumerable.Range(0, size).Select(v => new[] { v })]))]);
            var goal = Goal(AdaptiveMode.Aggressive, (long)Math.Max(1, share * world.SeriesIn));
            var folded = Settle(goal, world, AdaptiveState.Initial, Noon).State;
            // Aggressive folds to 10 % below the budget: that is the target to hit with as few labels as possible.
            if (Fewest(world, goal.SeriesBudget!.Value * 0.9) is not { } fewest)
                return;
            world.Series(folded).ShouldBeLessThanOrEqualTo(goal.SeriesBudget!.Value * 0.9);
            Lost(folded).ShouldBe(world.SeriesIn <= goal.SeriesBudget ? 0 : fewest);
        });

    [Fact]
    public void with_several_labels_a_metric_the_greedy_choice_is_close_to_the_best_one()
    {
        var (cases, atOptimum) = (0, 0);
        Gen.Select(World.Small, Gen.Double[0.2, 0.9]).Sample(
            (world, share) =>
            {
                var goal = Goal(AdaptiveMode.Aggressive, (long)Math.Max(1, share * world.SeriesIn));
                var folded = Settle(goal, world, AdaptiveState.Initial, Noon).State;
                if (world.SeriesIn <= goal.SeriesBudget || Fewest(world, goal.SeriesBudget!.Value * 0.9) is not { } fewest)
                    return;

                // Wolsey's bound for covering a submodular demand: 1 + ln of the largest step.
                var bound = 1 + Math.Log(world.SeriesIn);
                ((double)Lost(folded)).ShouldBeLessThanOrEqualTo(bound * fewest);
                world.Series(folded).ShouldBeLessThanOrEqualTo(goal.SeriesBudget!.Value);
                Interlocked.Increment(ref cases);
                if (Lost(folded) <= fewest)
                    Interlocked.Increment(ref atOptimum);
            },
            iter: 2000);
        cases.ShouldBeGreaterThan(500);
        ((double)atOptimum / cases).ShouldBeGreaterThan(0.8);
    }

    [Fact]
    public void a_smaller_budget_folds_the_same_labels_and_more() =>
        Gen.Select(World.Small, Gen.Int[1, 150], Gen.Int[1, 150], Modes, Gen.Int[1, 6]).Sample((world, one, other, mode, limit) =>
        {
            var before = Settle(Goal(mode, one), world, AdaptiveState.Initial, Noon).State;
            var now = Noon + 300 * Minute;
            var seen = world.Observe(before);
            var tight = AdaptiveController.Decide(Goal(mode, Math.Min(one, other)) with { MaxChangesPerHour = limit }, before, seen, now).State;
            var wide = AdaptiveController.Decide(Goal(mode, Math.Max(one, other)) with { MaxChangesPerHour = limit }, before, seen, now).State;
            foreach (var metric in world.Metrics)
                wide.FoldedOf(metric.Id).IsWithin(tight.FoldedOf(metric.Id)).ShouldBeTrue();
        });

    [Fact]
    public void no_hour_sees_more_changes_than_allowed_and_no_label_comes_and_goes_within_its_dwell_time() =>
        Gen.Select(World.Small.Array[2, 6], Gen.Int[0, 5].Array[20, 120], Gen.Int[20, 60], Modes, Gen.Int[1, 5], Gen.Int[20, 600]).Sample(
            (worlds, walk, budget, mode, limit, seconds) =>
            {
                var goal = Goal(mode, budget) with { MaxChangesPerHour = limit };
                var state = AdaptiveState.Initial;
                var changes = new List<(long At, string Label)>();
                var now = Noon;
                var at = 0;
                foreach (var step in walk)
                {
                    now += seconds * 1_000_000_000L;
                    at = (at + step) % worlds.Length;
                    var outcome = AdaptiveController.Decide(goal, state, worlds[at].Observe(state), now);
                    foreach (var decision in outcome.Decisions.Where(d => d.Action != AdaptiveAction.HoldOff))
                        changes.AddRange(decision.Labels.Select(label => (now, $"{decision.Metric}.{label}")));
                    state = outcome.State;
                }

                foreach (var (end, _) in changes)
                    changes.Count(c => c.At <= end && c.At > end - 60 * Minute).ShouldBeLessThanOrEqualTo(limit);
                var dwell = AdaptiveTuning.Of(mode).Dwell.TotalSeconds * 1e9;
                foreach (var label in changes.GroupBy(c => c.Label))
                {
                    var times = label.Select(c => c.At).ToList();
                    for (var i = 1; i < times.Count; i++)
                        ((double)(times[i] - times[i - 1])).ShouldBeGreaterThanOrEqualTo(dwell);
                }
            });

    [Fact]
    public void a_load_that_wavers_between_the_thresholds_changes_nothing() =>
        Gen.Select(Gen.Double[0, 1].Array[10, 100], Modes).Sample((walk, mode) =>
        {
            var goal = Goal(mode, 1000);
            var tuning = AdaptiveTuning.Of(mode);
            var metric = new ObservedMetric(1, "requests", ["customer"], LabelSet.Of(0), 5000, 0, 0, []);
            var state = AdaptiveController.Decide(goal, AdaptiveState.Initial, See(AdaptiveState.Initial, 1), Noon).State;
            state.FoldedOf(1).ShouldBe(LabelSet.Of(0));
            var now = Noon;
            foreach (var step in walk)
            {
                var outcome = AdaptiveController.Decide(goal, state, See(state, step), now += 10 * Minute);
                outcome.Decisions.ShouldBeEmpty();
                state = outcome.State;
            }

            // Detail that just does not fit below the leave threshold, and a load that just stays within the budget.
            AdaptiveObservation See(AdaptiveState state, double at)
            {
                var others = tuning.Leave * 1000 - 200 + 1 + at * (1 - tuning.Leave) * 1000;
                return state.FoldedOf(1).IsEmpty
                    ? new AdaptiveObservation([metric with { SeriesNow = 5000, Estimates = [new FoldEstimate(LabelSet.Of(0), 100, 0)] }], others)
                    : new AdaptiveObservation([metric with { SeriesIn = 300, SeriesNow = 100, Estimates = [new FoldEstimate(LabelSet.Empty, 300, 0)] }], others);
            }
        });

    [Fact]
    public void labels_that_only_go_together_are_folded_together()
    {
        // Pod and address say the same, so that neither saves anything alone; the route does, but less than the two together.
        var tuples = Enumerable.Range(0, 40).Select(i => new[] { i, i, 0 }).Concat(Enumerable.Range(0, 10).Select(i => new[] { i, i, 1 })).ToArray();
        var world = new World([new World.Metric(1, tuples)]);
        var state = Settle(Goal(AdaptiveMode.Aggressive, 10), world, AdaptiveState.Initial, Noon).State;
        state.FoldedOf(1).ShouldBe(new LabelSet(0b011));
        world.Series(state).ShouldBe(2);
    }

    [Fact]
    public void a_label_that_no_longer_tells_anything_apart_comes_back_without_room()
    {
        var goal = Goal(AdaptiveMode.Balanced, 100);
        var state = Fold(goal, out var now);
        var seen = new AdaptiveObservation(
            [new ObservedMetric(1, "m", ["a", "b"], new LabelSet(3), 1000, 90, 0, [new FoldEstimate(LabelSet.Of(1), 90, 0), new FoldEstimate(LabelSet.Of(0), 500, 0)])], 0);
        var decision = AdaptiveController.Decide(goal, state, seen, now + 60 * Minute).Decisions.ShouldHaveSingleItem();
        (decision.Action, decision.Reason, decision.Labels.Single()).ShouldBe((AdaptiveAction.Unfold, AdaptiveReason.NoGain, "a"));
    }

    [Fact]
    public void a_difference_within_the_error_of_the_estimates_folds_nothing()
    {
        var metric = new ObservedMetric(1, "m", ["a"], LabelSet.Of(0), 10_000, 10_000, 0.02, [new FoldEstimate(LabelSet.Of(0), 9_700, 0.02)]);
        AdaptiveController.Decide(Goal(AdaptiveMode.Aggressive, 9_000), AdaptiveState.Initial, new AdaptiveObservation([metric], 0), Noon)
            .Decisions.ShouldHaveSingleItem().Reason.ShouldBe(AdaptiveReason.NothingToFold);
        metric = metric with { Estimates = [new FoldEstimate(LabelSet.Of(0), 9_000, 0.02)] };
        AdaptiveController.Decide(Goal(AdaptiveMode.Aggressive, 9_500), AdaptiveState.Initial, new AdaptiveObservation([metric], 0), Noon)
            .Decisions.ShouldHaveSingleItem().Action.ShouldBe(AdaptiveAction.Fold);
    }

    [Fact]
    public void a_label_that_may_not_be_folded_is_not_even_as_part_of_a_set() =>
        Gen.Select(World.Small, Gen.Int[1, 40], Gen.UInt[0, 7]).Sample((world, budget, foldable) =>
        {
            var state = AdaptiveState.Initial;
            for (var i = 0; i < 20; i++)
            {
                var seen = world.Observe(state);
                seen = seen with { Metrics = [.. seen.Metrics.Select(m => m with { Foldable = new LabelSet(foldable) })] };
                state = AdaptiveController.Decide(Goal(AdaptiveMode.Aggressive, budget), state, seen, Noon + i * Minute).State;
            }

            world.Metrics.ShouldAllBe(m => state.FoldedOf(m.Id).IsWithin(new LabelSet(foldable)));
        });

    [Fact]
    public void a_hold_off_is_told_once_and_says_what_stands_in_the_way()
    {
        var goal = Goal(AdaptiveMode.Balanced, 10) with { MaxChangesPerHour = 1 };
        var metrics = Enumerable.Range(1, 3).Select(i => new World.Metric((UInt128)i, [.. Enumerable.Range(0, 50).Select(v => new[] { v })])).ToArray();
        var world = new World(metrics);
        var first = AdaptiveController.Decide(goal, AdaptiveState.Initial, world.Observe(AdaptiveState.Initial), Noon);
        first.Decisions.Select(d => (d.Action, d.Reason)).ShouldBe(
            [(AdaptiveAction.Fold, AdaptiveReason.OverBudget), (AdaptiveAction.HoldOff, AdaptiveReason.ChangeLimit)]);
        first.Decisions[0].Against.Count.ShouldBe(2);
        first.Decisions[0].SeriesBefore.ShouldBe(50);
        first.Decisions[0].SeriesExpected.ShouldBe(1);
        first.Decisions[1].Words.ShouldContain("1 labels were changed in the last 60 minutes");
        AdaptiveController.Decide(goal, first.State, world.Observe(first.State), Noon + Minute).Decisions.ShouldBeEmpty();
        AdaptiveController.Decide(goal, first.State, world.Observe(first.State), Noon + 60 * Minute).Decisions[0].Action.ShouldBe(AdaptiveAction.Fold);
    }

    [Fact]
    public void a_target_is_a_share_of_what_comes_in_what_may_not_be_folded_included()
    {
        var goal = new AdaptiveGoal { TargetReduction = 0.7, Mode = AdaptiveMode.Balanced };
        goal.Budget(1000).ShouldBe(300, 1e-9);
        new AdaptiveObservation([], 40).SeriesIn.ShouldBe(40);
    }

    [Theory]
    [InlineData(null, null, 1, "target_reduction or series_budget")]
    [InlineData(0.5, 10L, 1, "target_reduction or series_budget")]
    [InlineData(1.0, null, 1, "target_reduction is 1")]
    [InlineData(null, 0L, 1, "series_budget is 0")]
    [InlineData(0.5, null, 0, "max_changes_per_hour is 0")]
    public void a_goal_out_of_range_is_refused_by_name(double? target, long? budget, int changes, string told) =>
        Should.Throw<ArgumentException>(() => new AdaptiveGoal { TargetReduction = target, SeriesBudget = budget, MaxChangesPerHour = changes }.Check())
            .Message.ShouldContain(told);

    private static AdaptiveGoal Goal(AdaptiveMode mode, long budget) => new() { SeriesBudget = budget, Mode = mode, MaxChangesPerHour = 1000 };

    private static AdaptiveState Fold(AdaptiveGoal goal, out long now)
    {
        now = Noon;
        var seen = new AdaptiveObservation([new ObservedMetric(1, "m", ["a", "b"], new LabelSet(3), 1000, 1000, 0, [new FoldEstimate(new LabelSet(3), 90, 0)])], 0);
        return AdaptiveController.Decide(goal, AdaptiveState.Initial, seen, now).State;
    }

    /// <summary>Runs until nothing changes any more.</summary>
    private static (AdaptiveState State, int Steps) Settle(AdaptiveGoal goal, World world, AdaptiveState state, long now)
    {
        for (var steps = 0; steps < 100; steps++)
        {
            var outcome = AdaptiveController.Decide(goal, state, world.Observe(state), now += Minute);
            state = outcome.State;
            if (outcome.Decisions.All(d => d.Action == AdaptiveAction.HoldOff))
                return (state, steps);
        }

        throw new InvalidOperationException("The controller does not come to rest.");
    }

    private static int Lost(AdaptiveState state) => state.Metrics.Values.Sum(m => m.Folded.Count);

    /// <summary>The fewest labels with which some choice of sets, tried all, stays within the budget.</summary>
    private static int? Fewest(World world, double budget)
    {
        int? best = null;
        Try(0, world.Others, 0);
        return best;

        void Try(int metric, int series, int lost)
        {
            if (series > budget || lost >= best)
                return;
            if (metric == world.Metrics.Count)
            {
                best = lost;
                return;
            }

            foreach (var set in world.Metrics[metric].Sets)
                Try(metric + 1, series + world.Metrics[metric].Count(set), lost + set.Count);
        }
    }
}
