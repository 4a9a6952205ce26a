namespace Phoenix.Telemetry;

/// <summary>
/// <c>phoenix_adaptive</c>: folds, metric by metric, the labels that a controller chooses so that the series that go out stay
/// within a budget, and gives detail back where there is room, where a series turns anomalous and during an incident.
/// </summary>
/// <remarks>
/// <para>Every stream that has a label to fold is written by the reducer, also while nothing of it is folded. When a label is
/// folded or given back, each stream moves with its next point: increments up to then stay where they went, and later ones go
/// to the new output, so that the increments out equal the increments in at all times. An output that nothing goes into any more
/// is marked as ended; a counter that begins above zero says first that it began at zero.</para>
/// <para>Types are folded as by every reducer, see <see cref="FoldEngine"/>. All else passes at once, byte for byte, counted by
/// reason, and counts against the budget.</para>
/// </remarks>
public sealed class AdaptiveReducer : IReducer
{
    private readonly AdaptiveControl control;
    private readonly FoldEngine engine;

    /// <exception cref="ArgumentException">An option is out of range; the message names it and the remedy.</exception>
    /// <exception cref="FormatException">A condition cannot be read; the message quotes it and names the position.</exception>
    public AdaptiveReducer(AdaptiveOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        Name = options.Name;
        control = new AdaptiveControl(options);
        engine = new FoldEngine(
            new AdaptivePolicy(options, control),
            new FoldEngineOptions
            {
                StalenessSeconds = options.StalenessSeconds, MaxStreams = options.MaxStreams, FirstSample = options.FirstSample, TellsBeginAndEnd = true,
            },
            Counters);
        IReadOnlyList<string> untouched = [.. AdaptiveTuning.NeverFolded, .. AdaptiveTuning.Of(options.Goal.Mode).Kept];
        Folds =
        [
            new FoldRule(options.Metrics, options.Labels is null ? untouched : [.. options.Labels.Except(untouched)])
            {
                KeepsLabels = options.Labels is null, Kept = options.KeepLabels, Gauges = options.Gauges, HostId = options.HostId,
                FirstSample = options.FirstSample,
            },
        ];
    }

    public string Name { get; }

    public IReadOnlyList<FoldRule> Folds { get; }

    public bool EmitsFolded => true;

    /// <summary>Empty: nothing is dropped.</summary>
    public IReadOnlyList<DroppedPoints> Dropped => [];

    public ProcessorCounters Counters { get; } = new();

    /// <summary>What was decided, and why. May be read from any thread.</summary>
    public AdaptiveDecisionLog Decisions => control.Log;

    /// <summary>Points of folded series that are searched for no anomaly, since too many are followed already.</summary>
    public long UnwatchedPoints => control.Unwatched;

    /// <summary>
    /// Goes on from where another one stands, such as that of the configuration before: with its folds as far as they are allowed
    /// here, the changes that count against the limit, and its incident. To be called before the first batch.
    /// </summary>
    public void GoOnFrom(AdaptiveReducer previous)
    {
        ArgumentNullException.ThrowIfNull(previous);
        control.GoOnFrom(previous.control);
    }

    /// <summary>Full detail with the next export, for a while; a later call replaces an earlier one.</summary>
    /// <param name="minutes">For how long; 0 ends it now.</param>
    /// <param name="metrics">Names and patterns; empty is every metric.</param>
    /// <exception cref="ArgumentException">A pattern is empty.</exception>
    public void DeclareIncident(double minutes, IReadOnlyList<string> metrics, long unixNanos)
    {
        control.DeclareIncident(minutes, metrics, unixNanos);
        Move();
    }

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output)
    {
        control.Begin(unixNanos);
        var reader = batch.Read();
        while (reader.NextResource())
        {
            while (reader.NextScope())
            {
                while (reader.NextMetric())
                    Observe(ref reader, unixNanos);
            }
        }

        engine.Process(batch, unixNanos, output);
    }

    public void Flush(long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        control.Tick(unixNanos);
        Move();
        engine.WeighLevels();
        engine.Flush(unixNanos, output);
    }

    public void Close(IBatchSink output) => engine.Close(output);

    public TimeSpan Staleness => engine.Staleness;

    public int Resuming => engine.Resuming;

    public void Resume() => engine.Resume();

    public void Save(StateWriter state) => engine.Save(state);

    public void Restore(StateReader state) => engine.Restore(state);

    private void Observe(ref BatchReader reader, long unixNanos)
    {
        var metric = control.Metric(reader);
        var isWatched = !metric.Folded.IsEmpty && control.Watches;
        while (reader.NextPoint())
        {
            control.Observe(metric, reader);

            // Only what is really folded: past the bound on streams a new one passes as it is.
            if (isWatched && engine.Find(reader.StreamIdentity) is >= 0 and var stream && control.Watch(metric, reader, unixNanos))
                engine.Reroute(stream);
        }
    }

    /// <summary>Has the streams of metrics whose folds changed asked again where they belong.</summary>
    private void Move()
    {
        if (!control.TakeMoves())
            return;
        for (var stream = 0; stream < engine.End; stream++)
        {
            if (engine.IsInUse(stream) && engine.PlanOf(stream).State is AdaptiveMetric { Moves: true })
                engine.Reroute(stream);
        }

        control.EndMoves();
    }
}
