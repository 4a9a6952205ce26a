using System.Collections.Immutable;
using System.Globalization;

namespace Phoenix.Telemetry;

/// <summary>One call of <see cref="AdaptiveController.Decide"/>: the state as it changes, and what was decided so far.</summary>
internal sealed class AdaptiveStep
{
    private const int NamedAlternatives = 3;

    // A gain or cost below this many standard errors of the estimates is noise.
    private const double SurelyMoreThanNoise = 2;
    private const long SameHoldOffAgain = 3_600_000_000_000;

    private readonly AdaptiveGoal goal;
    private readonly AdaptiveTuning tuning;
    private readonly AdaptiveObservation seen;
    private readonly double total;
    private readonly long now;
    private readonly List<AdaptiveDecision> decisions = [];
    private double expected;
    private bool recentlyChanged;

    public AdaptiveStep(AdaptiveGoal goal, AdaptiveObservation seen, AdaptiveState state, long unixNanos)
    {
        (this.goal, this.seen, now, State) = (goal, seen, unixNanos, state);
        tuning = AdaptiveTuning.Of(goal.Mode);
        total = expected = seen.SeriesNow;
        Budget = goal.Budget(seen.SeriesIn);
    }

    public AdaptiveState State { get; private set; }

    public double Budget { get; }

    public IReadOnlyList<AdaptiveDecision> Decisions => decisions;

    /// <summary>Folds the best first until the expectation is far enough below the budget.</summary>
    public void Fold()
    {
        var aim = Budget * (1 - tuning.Headroom);
        var options = Options(Gains);
        options.Sort(static (a, b) => Compare(a, b, best: b.PerLabel.CompareTo(a.PerLabel)));
        AdaptiveReason? obstacle = recentlyChanged ? AdaptiveReason.RecentlyChanged : AdaptiveReason.NothingToFold;
        var changed = new HashSet<UInt128>();
        for (var i = 0; i < options.Count && expected > aim; i++)
        {
            var option = options[i];
            if (changed.Contains(option.Metric.Metric))
                continue;
            if (changed.Count == tuning.MetricsPerStep)
            {
                obstacle = null;
                break;
            }

            if (option.Changed.Count > goal.MaxChangesPerHour - State.Changes.Length)
            {
                obstacle = AdaptiveReason.ChangeLimit;
                break;
            }

            changed.Add(option.Metric.Metric);
            expected -= option.Series;
            Take(option, AdaptiveAction.Fold, AdaptiveReason.OverBudget, options);
        }

        // With one metric changed, what its other labels save now is not known before the next interval.
        if (expected > Budget && obstacle is { } reason && (changed.Count == 0 || reason == AdaptiveReason.ChangeLimit))
            HoldOff(reason);
        else if (changed.Count > 0)
            State = State with { HoldOff = null };
    }

    /// <summary>Gives back what costs least first, while there stays room.</summary>
    public void GiveBack()
    {
        var leave = Budget * tuning.Leave;
        var options = Options(Costs);
        options.Sort(static (a, b) => Compare(a, b, best: a.PerLabel.CompareTo(b.PerLabel)));
        var changed = new HashSet<UInt128>();
        foreach (var option in options)
        {
            if (changed.Contains(option.Metric.Metric))
                continue;
            var isFree = option.Series <= Noise(option.Metric, option.Estimate);
            var fits = expected + option.Series <= leave;
            if (!fits && !(isFree && expected + option.Series <= Budget * (1 - tuning.Headroom)))
                break;
            if (changed.Count == tuning.MetricsPerStep)
                break;
            if (option.Changed.Count > goal.MaxChangesPerHour - State.Changes.Length)
            {
                HoldOff(AdaptiveReason.ChangeLimit);
                return;
            }

            changed.Add(option.Metric.Metric);
            expected += option.Series;
            Take(option, AdaptiveAction.Unfold, isFree && !fits ? AdaptiveReason.NoGain : AdaptiveReason.UnderBudget, options);
        }

        State = State with { HoldOff = null };
    }

    private List<Option> Options(Func<ObservedMetric, LabelSet, FoldEstimate, Option?> judge)
    {
        var options = new List<Option>();
        foreach (var metric in seen.Metrics)
        {
            var folded = State.FoldedOf(metric.Metric);
            foreach (var estimate in metric.Estimates)
            {
                if (judge(metric, folded, estimate) is not { } option)
                    continue;
                if (IsSettling(metric.Metric, option.Changed))
                    recentlyChanged = true;
                else
                    options.Add(option);
            }
        }

        return options;
    }

    private Option? Gains(ObservedMetric metric, LabelSet folded, FoldEstimate estimate)
    {
        var more = estimate.Folded.Without(folded);
        if (more.IsEmpty || !folded.IsWithin(estimate.Folded) || !more.IsWithin(metric.Foldable))
            return null;
        // Each label lost has to take its share of what the ones before it left.
        var gain = metric.SeriesNow - estimate.Series;
        var ofMetric = metric.SeriesNow * (1 - Math.Pow(1 - tuning.MinimumGain, more.Count));
        var least = Math.Max(Math.Max(1, ofMetric), more.Count * tuning.MinimumShare * total);
        return gain >= least && gain > Noise(metric, estimate) ? new Option(metric, estimate, more, gain) : null;
    }

    private static Option? Costs(ObservedMetric metric, LabelSet folded, FoldEstimate estimate)
    {
        var back = folded.Without(estimate.Folded);
        return back.IsEmpty || !estimate.Folded.IsWithin(folded) ? null : new Option(metric, estimate, back, Math.Max(0, estimate.Series - metric.SeriesNow));
    }

    /// <summary>What the estimates' errors alone may show as a difference; 0 where both were counted.</summary>
    private static double Noise(ObservedMetric metric, FoldEstimate estimate)
    {
        var (ofNow, ofEstimate) = (metric.Error * metric.SeriesNow, estimate.Error * estimate.Series);
        return SurelyMoreThanNoise * Math.Sqrt(ofNow * ofNow + ofEstimate * ofEstimate);
    }

    private bool IsSettling(UInt128 metric, LabelSet labels)
    {
        if (!State.Metrics.TryGetValue(metric, out var folds))
            return false;
        var dwell = (long)(tuning.Dwell.TotalSeconds * 1e9);
        for (var label = 0; label < folds.ChangedAt.Length; label++)
        {
            if (labels.Has(label) && folds.ChangedAt[label] != 0 && Math.Abs(now - folds.ChangedAt[label]) < dwell)
                return true;
        }

        return false;
    }

    private void Take(Option option, AdaptiveAction action, AdaptiveReason reason, List<Option> options)
    {
        var metric = option.Metric;
        var names = option.Changed.Names(metric.Labels);
        var against = options.Where(other => other != option).Take(NamedAlternatives)
            .Select(other => new AdaptiveAlternative(other.Metric.Name, other.Changed.Names(other.Metric.Labels), other.Series)).ToList();
        decisions.Add(new AdaptiveDecision(
            now, action, metric.Name, names, metric.SeriesNow, option.Estimate.Series, total, Budget, reason, Words(option, action, reason, names), against));
        var changedAt = State.Metrics.TryGetValue(metric.Metric, out var folds) ? folds.ChangedAt.ToArray() : [];
        Array.Resize(ref changedAt, LabelSet.Capacity);
        for (var label = 0; label < LabelSet.Capacity; label++)
        {
            if (option.Changed.Has(label))
                changedAt[label] = now;
        }

        State = State with
        {
            Metrics = State.Metrics.SetItem(metric.Metric, new MetricFolds(option.Estimate.Folded, ImmutableArray.Create(changedAt))),
            Changes = [.. State.Changes, .. Enumerable.Repeat(now, option.Changed.Count)],
        };
    }

    private string Words(Option option, AdaptiveAction action, AdaptiveReason reason, IReadOnlyList<string> names)
    {
        var labels = string.Join(", ", names);
        var metric = option.Metric;
        return (action, reason) switch
        {
            (AdaptiveAction.Fold, _) => string.Create(
                CultureInfo.InvariantCulture,
                $"{total:F0} series go out and {Budget:F0} may: without {labels}, {metric.Name} has {option.Estimate.Series:F0} series instead of {metric.SeriesNow:F0}, {option.PerLabel:F0} fewer for each label lost"),
            (_, AdaptiveReason.NoGain) => string.Create(
                CultureInfo.InvariantCulture,
                $"{labels} of {metric.Name} can come back at no cost: other labels tell its {metric.SeriesNow:F0} series apart as well"),
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"{total:F0} series go out and {Budget:F0} may: with {labels}, {metric.Name} has {option.Estimate.Series:F0} series instead of {metric.SeriesNow:F0}, which leaves the total at {100 * expected / Budget:F0} % of the budget"),
        };
    }

    private void HoldOff(AdaptiveReason reason)
    {
        if (State.HoldOff is { } last && last.Reason == reason && Math.Abs(now - last.UnixNanos) < SameHoldOffAgain)
            return;
        State = State with { HoldOff = (reason, now) };
        var obstacle = reason switch
        {
            AdaptiveReason.ChangeLimit => $"{State.Changes.Length} labels were changed in the last 60 minutes, and {goal.MaxChangesPerHour} may be",
            AdaptiveReason.RecentlyChanged => $"what would help was changed less than {tuning.Dwell.TotalMinutes:F0} minutes ago",
            _ => $"no label that may be folded saves {tuning.MinimumGain:P0} of its metric's series",
        };
        decisions.Add(new AdaptiveDecision(
            now, AdaptiveAction.HoldOff, "", [], total, expected, total, Budget, reason,
            string.Create(CultureInfo.InvariantCulture, $"{expected:F0} series are expected and {Budget:F0} may go out: {obstacle}"), []));
    }

    private static int Compare(Option a, Option b, int best)
    {
        if (best != 0)
            return best;
        var fewest = a.Changed.Count.CompareTo(b.Changed.Count);
        if (fewest != 0)
            return fewest;
        var metric = a.Metric.Metric.CompareTo(b.Metric.Metric);
        return metric != 0 ? metric : a.Estimate.Folded.Bits.CompareTo(b.Estimate.Folded.Bits);
    }

    /// <param name="Changed">Labels folded or given back by it.</param>
    /// <param name="Series">Series saved (fold) or added (giving back).</param>
    private sealed record Option(ObservedMetric Metric, FoldEstimate Estimate, LabelSet Changed, double Series)
    {
        public double PerLabel => Series / Changed.Count;
    }
}
