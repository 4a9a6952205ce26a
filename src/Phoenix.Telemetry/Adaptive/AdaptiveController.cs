namespace Phoenix.Telemetry;

/// <summary>
/// Decides which labels to fold and which to give back: a pure function of goal, state, observation and time.
/// </summary>
/// <remarks>
/// <para>Over the budget it takes, of all sets of labels that may be folded, the one that saves most series for each label
/// lost, then the next best of another metric, until what is expected lies the mode's headroom below the budget. This order
/// does not depend on the budget, so that a smaller budget folds the same labels and more. The greedy choice is that of
/// Wolsey (1982) for covering at least cost; it is optimal where each metric has one label to fold.</para>
/// <para>Below the mode's leave share it gives back what costs fewest series, while the expectation stays below that share.
/// Between the two thresholds nothing changes.</para>
/// </remarks>
public static class AdaptiveController
{
    private const long Hour = 3_600_000_000_000;

    public static AdaptiveOutcome Decide(AdaptiveGoal goal, AdaptiveState state, AdaptiveObservation seen, long unixNanos)
    {
        ArgumentNullException.ThrowIfNull(goal);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(seen);
        var step = new AdaptiveStep(goal, seen, Remembered(goal, state, unixNanos), unixNanos);
        if (seen.SeriesNow > step.Budget)
            step.Fold();
        else
            step.GiveBack();
        return new AdaptiveOutcome(step.State, step.Decisions);
    }

    /// <summary>Without what is too old to matter.</summary>
    private static AdaptiveState Remembered(AdaptiveGoal goal, AdaptiveState state, long unixNanos)
    {
        var dwell = (long)(AdaptiveTuning.Of(goal.Mode).Dwell.TotalSeconds * 1e9);
        return state with
        {
            // A clock that was set back would otherwise keep changes of the future in the last hour for ever.
            Changes = [.. state.Changes.Where(at => unixNanos - at < Hour).Select(at => Math.Min(at, unixNanos))],
            Metrics = state.Metrics.RemoveRange(
                state.Metrics.Where(m => m.Value.Folded.IsEmpty && m.Value.ChangedAt.All(at => Math.Abs(unixNanos - at) >= dwell)).Select(m => m.Key)),
        };
    }
}
