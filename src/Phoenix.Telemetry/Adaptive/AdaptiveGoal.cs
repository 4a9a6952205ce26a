namespace Phoenix.Telemetry;

/// <summary>What the controller steers to: either a share to take off or a number to stay at, and how fast it may change.</summary>
public sealed record AdaptiveGoal
{
    /// <summary>Share of the series coming in that shall not go out, above 0 and below 1; null where <see cref="SeriesBudget"/> says it.</summary>
    public double? TargetReduction { get; init; }

    /// <summary>Series (Prometheus classic, active in a control interval) that may go out; null where <see cref="TargetReduction"/> says it.</summary>
    public long? SeriesBudget { get; init; }

    public AdaptiveMode Mode { get; init; } = AdaptiveMode.Balanced;

    /// <summary>Labels folded or given back at most in any 60 minutes. An incident command and single anomalous series are outside of it.</summary>
    public int MaxChangesPerHour { get; init; } = 12;

    /// <summary>Series that may go out while this many come in.</summary>
    public double Budget(double seriesIn) => SeriesBudget ?? (1 - (TargetReduction ?? 0)) * seriesIn;

    /// <exception cref="ArgumentException">A figure is out of range; the message names it and the remedy.</exception>
    public void Check()
    {
        if (TargetReduction is null == SeriesBudget is null)
            throw new ArgumentException("Either target_reduction or series_budget says what to steer to: set one of the two.");
        if (TargetReduction is { } target && !(target > 0 && target < 1))
            throw new ArgumentException($"target_reduction is {target}: it is a share above 0 and below 1.");
        if (SeriesBudget is < 1)
            throw new ArgumentException($"series_budget is {SeriesBudget}: it has to be at least 1.");
        if (MaxChangesPerHour < 1)
            throw new ArgumentException($"max_changes_per_hour is {MaxChangesPerHour}: it has to be at least 1.");
    }
}
