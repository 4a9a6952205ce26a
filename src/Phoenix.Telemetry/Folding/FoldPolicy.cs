namespace Phoenix.Telemetry;

/// <summary>
/// What makes one reducer another one: which metrics it takes, and which output each stream belongs to. All else (increments,
/// resets, staleness, late points, memory) is the <see cref="FoldEngine"/>'s.
/// </summary>
/// <remarks>
/// The engine keeps no attributes of streams. It asks <see cref="Route"/> when a stream is new, and again with the next point
/// after <see cref="FoldEngine.Reroute(int)"/>: from that point on its increments go to the new output, so that both outputs
/// stay monotonic.
/// </remarks>
internal interface IFoldPolicy
{
    /// <summary>
    /// Whether streams go back to the fold of their group by <see cref="FoldEngine.MoveToFold"/>, without a point at hand. Their
    /// fold is then made with the stream and lives as long; until it takes an increment it is not written.
    /// </summary>
    bool HoldsFold { get; }

    /// <summary>What becomes of the current metric. Asked once per metric identity.</summary>
    FoldPlan PlanOf(scoped in BatchReader reader);

    /// <summary>Where the stream of the current point belongs.</summary>
    /// <param name="stream">Its number; -1 for a new one.</param>
    /// <returns>Null, or why the point passes untracked instead (new streams only).</returns>
    PassReason? Route(scoped in BatchReader reader, FoldPlan plan, int stream, out FoldRoute route);

    /// <summary>Writes the current <c>ResourceMetrics</c> without its scopes, as it is around the output.</summary>
    /// <param name="own">For an output of the stream's own, with all its labels; else for a fold.</param>
    void WriteResource(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own);

    /// <summary>Writes the attributes of the current point, as the output has them.</summary>
    void WritePoint(ProtoBuffer target, scoped in BatchReader reader, FoldPlan plan, bool own);

    /// <summary>A stream is tracked from now on.</summary>
    void Admitted(int stream, FoldPlan plan, in FoldRoute route);

    /// <summary>A stream for which a route was found has no place: what was made for the route alone is to go.</summary>
    void NotAdmitted(in FoldRoute route)
    {
    }

    /// <summary>A stream is forgotten; its number will be used again.</summary>
    void Forgotten(int stream);

    /// <summary>A counter or histogram of the stream grew: by its value, or by its number of observations.</summary>
    void Grew(int stream, double increment, long unixNanos);

    /// <summary>At a flush: the current value of a fresh level.</summary>
    void Weigh(int stream, double level);

    /// <summary>Writes what the policy knows beside the engine.</summary>
    void Save(StateWriter state);

    /// <summary>Takes on what was saved, before the engine does.</summary>
    void Restore(StateReader state);
}

/// <summary>Where a stream belongs.</summary>
internal struct FoldRoute
{
    /// <summary>
    /// Identity without every label that the policy may ever fold: the group within which freshness is told. The outputs of
    /// one group refine it.
    /// </summary>
    public UInt128 Group;

    /// <summary>Identity of the output it is folded into.</summary>
    public UInt128 Fold;

    /// <summary>Identity of an output of its own, with all its labels; the same as <see cref="Fold"/> where nothing is folded.</summary>
    public UInt128 Own;

    /// <summary>It goes to its own output, not to the fold.</summary>
    public bool IsKept;

    /// <summary>For <see cref="IFoldPolicy.Admitted"/>: what the policy knows of it.</summary>
    public int Tag;
}

/// <summary>What a reducer does with a metric.</summary>
internal sealed class FoldPlan
{
    /// <summary>Why all its points pass; null where they are folded.</summary>
    public PassReason? Pass { get; init; }

    public FoldKind Kind { get; init; }

    /// <summary>How levels become one.</summary>
    public GaugeFold Function { get; init; } = GaugeFold.Sum;

    public UInt128 Identity { get; init; }

    /// <summary>What the policy keeps with it.</summary>
    public object? State { get; init; }

    /// <summary>How a metric is folded by its type, whatever the policy.</summary>
    /// <param name="gauges">Functions of gauges; a gauge without one passes.</param>
    public static FoldPlan ByType(scoped in BatchReader reader, IReadOnlyList<GaugeRule> gauges, object? state = null)
    {
        var (kind, reason) = (reader.Type, reader.Temporality) switch
        {
            (MetricType.Gauge, _) => (FoldKind.Level, (PassReason?)null),
            (MetricType.Summary, _) => (default, PassReason.Summary),
            (MetricType.None, _) => (default, PassReason.NotSelected),
            (_, Temporality.Unspecified) => (default, PassReason.UnspecifiedTemporality),
            (MetricType.Sum, Temporality.Delta) => (FoldKind.DeltaSum, null),
            (MetricType.Sum, _) => (reader.Monotonic ? FoldKind.Counter : FoldKind.Level, null),
            (MetricType.Histogram, Temporality.Delta) => (FoldKind.DeltaHistogram, null),
            (MetricType.Histogram, _) => (FoldKind.Histogram, null),
            (_, Temporality.Delta) => (FoldKind.DeltaExponentialHistogram, null),
            _ => (FoldKind.ExponentialHistogram, null),
        };
        var function = GaugeFold.Sum;
        if (reader.Type == MetricType.Gauge)
        {
            if (GaugeRule.For(gauges, reader.MetricName) is { } rule)
                function = rule.Fold;
            else
                reason = PassReason.GaugeWithoutFunction;
        }

        return new FoldPlan { Pass = reason, Kind = kind, Function = function, Identity = reader.MetricIdentity, State = state };
    }

    public static FoldPlan Passing(scoped in BatchReader reader, PassReason reason) => new() { Pass = reason, Identity = reader.MetricIdentity };
}

internal enum FoldKind : byte
{
    /// <summary>Cumulative monotonic sum: increments add up.</summary>
    Counter,

    /// <summary>UpDownCounter or gauge: a function of the fresh inputs.</summary>
    Level,

    /// <summary>Cumulative explicit histogram: increments of buckets add up.</summary>
    Histogram,

    /// <summary>Cumulative exponential histogram, likewise, at the lowest scale and the widest zero bucket met.</summary>
    ExponentialHistogram,

    /// <summary>Delta sum, monotonic or not: what came since the last flush adds up.</summary>
    DeltaSum,
    DeltaHistogram,
    DeltaExponentialHistogram,
}

internal static class FoldKinds
{
    public static bool IsDelta(this FoldKind kind) => kind >= FoldKind.DeltaSum;

    public static bool IsNumber(this FoldKind kind) => kind is FoldKind.Counter or FoldKind.Level or FoldKind.DeltaSum;

    public static bool IsExplicit(this FoldKind kind) => kind is FoldKind.Histogram or FoldKind.DeltaHistogram;
}
