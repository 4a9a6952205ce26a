namespace Phoenix.Telemetry;

/// <summary>
/// <c>phoenix_topk</c>: keeps the K heaviest groups of label values per metric and folds the others into one group of the
/// same shape whose labels say <c>__other__</c>.
/// </summary>
/// <remarks>
/// Folded are sums and histograms of both temporalities by increments, UpDownCounters and gauges with a named function by the
/// values of fresh inputs. All else passes at once, byte for byte, counted by reason. Kept streams are written from own
/// counters too, so that an output never falls when its group moves: only increments after the move move with it. What else
/// holds of every reducer is said at <see cref="FoldEngine"/>.
/// </remarks>
public sealed class TopKReducer : IReducer
{
    private readonly TopKOptions options;
    private readonly TopKPolicy policy;
    private readonly FoldEngine engine;

    /// <exception cref="ArgumentException">An option is out of range; the message names it and the remedy.</exception>
    public TopKReducer(TopKOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        this.options = options;
        policy = new TopKPolicy(options, Counters);
        engine = new FoldEngine(
            policy,
            new FoldEngineOptions { StalenessSeconds = options.StalenessSeconds, MaxStreams = options.MaxStreams, FirstSample = options.FirstSample },
            Counters);
        Folds = [new FoldRule(options.Metrics, options.Labels) { Gauges = options.Gauges, HostId = options.HostId, FirstSample = options.FirstSample }];
    }

    public string Name => options.Name;

    public IReadOnlyList<FoldRule> Folds { get; }

    public bool EmitsFolded => true;

    /// <summary>Empty: nothing is dropped.</summary>
    public IReadOnlyList<DroppedPoints> Dropped => [];

    public ProcessorCounters Counters { get; } = new();

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output) => engine.Process(batch, unixNanos, output);

    public void Flush(long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        policy.Decide(engine, unixNanos);
        engine.Flush(unixNanos, output);
    }

    public void Close(IBatchSink output) => engine.Close(output);

    public TimeSpan Staleness => engine.Staleness;

    public int Resuming => engine.Resuming;

    public void Resume() => engine.Resume();

    public void Save(StateWriter state) => engine.Save(state);

    public void Restore(StateReader state) => engine.Restore(state);

    private static void Check(TopKOptions options)
    {
        if (options.K < 1)
            throw new ArgumentException($"k is {options.K}: at least 1 group has to be kept.", nameof(options));
        if (options.Labels.Count == 0)
            throw new ArgumentException("labels is empty: name at least one label to fold.", nameof(options));
        if (options.Labels.FirstOrDefault(label => label is "host.id" or "host.name") is { } host)
            throw new ArgumentException($"labels has {host}: a host's streams are never folded into another's; take {host} out.", nameof(options));
        if (!(options.Enter > 0 && options.Enter <= 1))
            throw new ArgumentException($"enter is {options.Enter}: it is a share of k above 0 and up to 1.", nameof(options));
        if (!(options.Leave >= 1) || double.IsInfinity(options.Leave))
            throw new ArgumentException($"leave is {options.Leave}: it is a multiple of k of at least 1.", nameof(options));
        if (string.IsNullOrEmpty(options.Other))
            throw new ArgumentException("other is empty: the folded rest needs a name.", nameof(options));
        if (options.Window <= TimeSpan.Zero)
            throw new ArgumentException($"window is {options.Window}: it has to be positive.", nameof(options));
        if (!(options.StalenessSeconds > 0) || options.StalenessSeconds > 1e6)
            throw new ArgumentException($"stalenessSeconds is {options.StalenessSeconds}: it has to be above 0 and at most 1000000.", nameof(options));
        if (options.MaxStreams < 1)
            throw new ArgumentException($"maxStreams is {options.MaxStreams}: it has to be at least 1.", nameof(options));
    }
}
