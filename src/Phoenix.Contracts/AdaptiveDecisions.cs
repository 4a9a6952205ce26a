using System.Text.Json.Serialization;

namespace Phoenix.Contracts;

/// <summary>GET <see cref="CollectorControl.Decisions"/>: what the arm's adaptive processors decided, oldest first.</summary>
/// <param name="Dropped">Decisions of the epoch that are no longer kept.</param>
public sealed record CollectorDecisions(string Epoch, long Dropped, IReadOnlyList<AdaptiveDecisionRecord> Decisions);

/// <summary>What an arm's <c>phoenix_adaptive</c> decided within one window.</summary>
/// <param name="Decisions">At most <see cref="MaxDecisions"/>, the first of the window.</param>
/// <param name="Omitted">Decisions of the window that are not listed.</param>
public sealed record AdaptiveWindow(IReadOnlyList<AdaptiveDecisionRecord> Decisions, long Omitted)
{
    public const int MaxDecisions = 100;
}

/// <summary>One decision and what it rests on.</summary>
/// <param name="Number">1, 2, 3, … per epoch of the arm.</param>
/// <param name="Processor">The component that decided, such as <c>phoenix_adaptive</c>.</param>
/// <param name="Metric">Empty where the decision is about all metrics.</param>
/// <param name="Labels">What is folded or given back; empty where the decision is about none.</param>
/// <param name="SeriesBefore">Series of the metric (of all, where none is named) before it, as observed.</param>
/// <param name="SeriesExpected">What is expected after it.</param>
/// <param name="Total">Series of all metrics that left the processor.</param>
/// <param name="Budget">How many may.</param>
/// <param name="Reason">
/// Stable code: <c>over-budget</c>, <c>under-budget</c>, <c>no-gain</c>, <c>change-limit</c>, <c>recently-changed</c>,
/// <c>nothing-to-fold</c>, <c>incident</c>, <c>incident-over</c>, <c>anomaly</c>, <c>anomaly-over</c>, <c>anomaly-bound</c>.
/// </param>
/// <param name="Words">The reason as a sentence.</param>
/// <param name="Against">What it was weighed against: the next best, at most three.</param>
public sealed record AdaptiveDecisionRecord(
    long Number, DateTimeOffset At, string Processor, FoldAction Action, string Metric, IReadOnlyList<string> Labels, double SeriesBefore,
    double SeriesExpected, double Total, double Budget, string Reason, string Words, IReadOnlyList<WeighedAlternative> Against);

/// <param name="Series">Series that it would have saved (fold) or added (unfold).</param>
public sealed record WeighedAlternative(string Metric, IReadOnlyList<string> Labels, double Series);

[JsonConverter(typeof(CamelCaseEnum<FoldAction>))]
public enum FoldAction
{
    /// <summary>Labels are dropped and the series that differ in nothing else become one.</summary>
    Fold,

    /// <summary>Detail comes back.</summary>
    Unfold,

    /// <summary>Something was due and is not done.</summary>
    HoldOff,
}

/// <summary>POST <see cref="CollectorControl.Incident"/>: full detail for a while, then what was folded is folded again.</summary>
/// <param name="Minutes">0 ends it now; at most 1,440.</param>
/// <param name="Metrics">Names or patterns (<c>*</c>); null or empty is every metric.</param>
public sealed record IncidentCommand(double Minutes, IReadOnlyList<string>? Metrics = null);
