namespace Phoenix.Telemetry;

/// <summary>Takes finished batches: the bytes of an OTLP <c>ExportMetricsServiceRequest</c>, valid only during the call.</summary>
public interface IBatchSink
{
    void Write(ReadOnlySpan<byte> batch);

    /// <summary>Takes a batch that is decoded already, so that the next component need not decode it again.</summary>
    void Write(scoped in DecodedBatch batch) => Write(batch.Bytes);
}

/// <summary>
/// One processor of a metrics pipeline. Not thread-safe: a pipeline calls its processors from one thread at a time.
/// </summary>
public interface IMetricProcessor
{
    /// <summary>Component id from the configuration, such as <c>phoenix_topk/services</c>.</summary>
    string Name { get; }

    /// <summary>Takes one batch; what passes at once goes to <paramref name="output"/>.</summary>
    /// <param name="unixNanos">When the batch arrived.</param>
    void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output);

    /// <summary>Emits what is folded: at each export interval and before each window cut.</summary>
    void Flush(long unixNanos, IBatchSink output);

    /// <summary>
    /// Emits what is folded and marks every output as ended: another configuration takes over, and what it emits are others.
    /// </summary>
    void Close(IBatchSink output)
    {
    }

    /// <summary>
    /// What <see cref="Flush"/> emits are its own counters, which began at zero at their start time: a reducer behind it counts
    /// them from their first point on (<see cref="DecodedBatch.IsFolded"/>). False where it only holds back what came in.
    /// </summary>
    bool EmitsFolded => false;

    /// <summary>Which labels of which metrics this may fold or select on. The ledger compares groups without them.</summary>
    IReadOnlyList<FoldRule> Folds { get; }

    /// <summary>Points dropped by named rule since the start.</summary>
    IReadOnlyList<DroppedPoints> Dropped { get; }

    ProcessorCounters Counters { get; }

    /// <summary>
    /// Whether a named rule drops the stream of the reader's current point, were it to come here as it is. The ledger
    /// excuses a group that never came out only where this is so of every stream that went into it.
    /// </summary>
    bool Drops(scoped in BatchReader reader) => false;
}

/// <summary>A processor whose outputs rest on what came before, so that it can be kept over a restart or a reload.</summary>
public interface IReducer : IMetricProcessor
{
    /// <summary>How long a silent stream is fresh. State that is older is of no use.</summary>
    TimeSpan Staleness { get; }

    /// <summary>Streams known from before a restart or a reload that have not come again.</summary>
    int Resuming { get; }

    /// <summary>
    /// Goes on before a meter that has not seen what this holds come about: every counter is written once more, with the next
    /// flush.
    /// </summary>
    void Resume();

    /// <summary>Writes what it holds. Right after a flush: the state then says what left and no more.</summary>
    void Save(StateWriter state);

    /// <summary>
    /// Goes on from what a reducer of the same configuration saved: counters from their totals under their start times, and with
    /// what each input added meanwhile. Only before the first batch; after an exception this reducer is of no use.
    /// </summary>
    /// <exception cref="StateFormatException">It is not what such a reducer writes.</exception>
    void Restore(StateReader state);
}

/// <summary>Labels that a processor may fold or select on.</summary>
/// <param name="Metrics">The metrics it concerns.</param>
/// <param name="Labels">Keys of point or resource attributes.</param>
public sealed record FoldRule(MetricSelector Metrics, IReadOnlyList<string> Labels)
{
    /// <summary><see cref="Labels"/> are what stays: every other point attribute may be folded.</summary>
    public bool KeepsLabels { get; init; }

    /// <summary>Labels of some of the metrics that are not folded all the same.</summary>
    public IReadOnlyList<KeptLabels> Kept { get; init; } = [];

    /// <summary>When the first value of a cumulative stream counts.</summary>
    public FirstSample FirstSample { get; init; }

    /// <summary>How gauges are folded: where by another function than <c>sum</c>, their sum is not kept and is not compared.</summary>
    public IReadOnlyList<GaugeRule> Gauges { get; init; } = [];

    /// <summary>The <c>host.id</c> that outputs get whose resource has none; null or empty where none is added.</summary>
    public string? HostId { get; init; }
}

/// <param name="Rule">The component and condition that dropped, as named in the configuration.</param>
public readonly record struct DroppedPoints(string Rule, long Points);
