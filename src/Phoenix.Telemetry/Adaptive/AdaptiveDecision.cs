namespace Phoenix.Telemetry;

public enum AdaptiveAction
{
    /// <summary>Labels are dropped from now on, and the series that differ in nothing else are added up.</summary>
    Fold,

    /// <summary>Detail comes back.</summary>
    Unfold,

    /// <summary>Something was due and is not done.</summary>
    HoldOff,
}

/// <summary>Why the controller did something, as a stable code.</summary>
public enum AdaptiveReason
{
    /// <summary>More series than the budget: this fold saves most for what it takes away.</summary>
    OverBudget,

    /// <summary>The detail fits into the budget with room to spare.</summary>
    UnderBudget,

    /// <summary>The label can come back at no cost: other labels tell the same series apart.</summary>
    NoGain,

    /// <summary>As many labels were changed in the last 60 minutes as may be.</summary>
    ChangeLimit,

    /// <summary>What would help was changed a short while ago.</summary>
    RecentlyChanged,

    /// <summary>Over the budget, and no fold that is allowed saves enough.</summary>
    NothingToFold,

    /// <summary>An incident was declared: full detail.</summary>
    Incident,

    /// <summary>The incident is over: folds hold again.</summary>
    IncidentOver,

    /// <summary>A series left the range of its own history and is shown by itself.</summary>
    Anomaly,

    /// <summary>The series has been in its range again for long enough and is folded again.</summary>
    AnomalyOver,

    /// <summary>As many anomalous series are shown by themselves as may be.</summary>
    AnomalyBound,
}

/// <summary>One decision and everything it rests on.</summary>
/// <param name="UnixNanos">When.</param>
/// <param name="Metric">Name of the metric; empty where the decision is about all of them.</param>
/// <param name="Labels">What is folded or given back.</param>
/// <param name="SeriesBefore">Series of the metric (of all, where none is named) before the change, as observed.</param>
/// <param name="SeriesExpected">What is expected after it.</param>
/// <param name="Total">Series of all metrics that go out, as observed.</param>
/// <param name="Budget">How many may.</param>
/// <param name="Words">The reason as a sentence for a person.</param>
/// <param name="Against">What it was weighed against: the next best.</param>
public sealed record AdaptiveDecision(
    long UnixNanos, AdaptiveAction Action, string Metric, IReadOnlyList<string> Labels, double SeriesBefore, double SeriesExpected,
    double Total, double Budget, AdaptiveReason Reason, string Words, IReadOnlyList<AdaptiveAlternative> Against);

/// <summary>What else could have been done.</summary>
/// <param name="Series">Series saved (fold) or added (unfold) by it.</param>
public sealed record AdaptiveAlternative(string Metric, IReadOnlyList<string> Labels, double Series);
