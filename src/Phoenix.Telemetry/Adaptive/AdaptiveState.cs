using System.Collections.Immutable;

namespace Phoenix.Telemetry;

/// <summary>What the controller knows between two decisions.</summary>
public sealed record AdaptiveState
{
    public static AdaptiveState Initial { get; } = new();

    /// <summary>Metrics that have or had a label folded.</summary>
    public ImmutableDictionary<UInt128, MetricFolds> Metrics { get; init; } = ImmutableDictionary<UInt128, MetricFolds>.Empty;

    /// <summary>Times of the label changes in the last 60 minutes, oldest first, one entry a label.</summary>
    public ImmutableArray<long> Changes { get; init; } = [];

    /// <summary>The last hold-off told, so that the same one is not told at every interval.</summary>
    public (AdaptiveReason Reason, long UnixNanos)? HoldOff { get; init; }

    public LabelSet FoldedOf(UInt128 metric) => Metrics.TryGetValue(metric, out var folds) ? folds.Folded : LabelSet.Empty;
}

/// <param name="Folded">Labels folded now.</param>
/// <param name="ChangedAt">When each label was last folded or given back, Unix nanoseconds by label number; 0 where never.</param>
public sealed record MetricFolds(LabelSet Folded, ImmutableArray<long> ChangedAt);

/// <param name="State">What to hand to the next call.</param>
/// <param name="Decisions">What was decided, in order.</param>
public sealed record AdaptiveOutcome(AdaptiveState State, IReadOnlyList<AdaptiveDecision> Decisions);
