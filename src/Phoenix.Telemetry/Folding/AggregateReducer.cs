namespace Phoenix.Telemetry;

/// <summary>
/// <c>phoenix_aggregate</c>: folds labels away, by ordered rules. Streams that become equal become one: sums and histograms add
/// up, gauges by the function that is named for them.
/// </summary>
/// <remarks>
/// A stream that a rule takes is written by the reducer even where it has none of the labels, since others may become what it
/// is. What else holds of every reducer is said at <see cref="FoldEngine"/>.
/// </remarks>
public sealed class AggregateReducer : IReducer
{
    private readonly FoldEngine engine;

    /// <exception cref="ArgumentException">An option is out of range; the message names it and the remedy.</exception>
    /// <exception cref="FormatException">A condition cannot be read; the message quotes it and names the position.</exception>
    public AggregateReducer(AggregateOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        Name = options.Name;
        engine = new FoldEngine(
            new AggregatePolicy(options),
            new FoldEngineOptions { StalenessSeconds = options.StalenessSeconds, MaxStreams = options.MaxStreams, FirstSample = options.FirstSample },
            Counters);
        var hostId = options.Gateway ? null : options.HostId;
        Folds =
        [
            .. options.Rules.Select(rule => new FoldRule(rule.Metrics, rule.Keep ?? rule.Drop)
            {
                KeepsLabels = rule.Keep is not null, Gauges = options.Gauges, HostId = hostId, FirstSample = options.FirstSample,
            }),
        ];
    }

    public string Name { get; }

    public IReadOnlyList<FoldRule> Folds { get; }

    public bool EmitsFolded => true;

    /// <summary>Empty: nothing is dropped.</summary>
    public IReadOnlyList<DroppedPoints> Dropped => [];

    public ProcessorCounters Counters { get; } = new();

    public void Process(scoped in DecodedBatch batch, long unixNanos, IBatchSink output) => engine.Process(batch, unixNanos, output);

    public void Flush(long unixNanos, IBatchSink output)
    {
        ArgumentNullException.ThrowIfNull(output);
        engine.WeighLevels();
        engine.Flush(unixNanos, output);
    }

    public void Close(IBatchSink output) => engine.Close(output);

    public TimeSpan Staleness => engine.Staleness;

    public int Resuming => engine.Resuming;

    public void Resume() => engine.Resume();

    public void Save(StateWriter state) => engine.Save(state);

    public void Restore(StateReader state) => engine.Restore(state);

    private static void Check(AggregateOptions options)
    {
        if (options.Rules.Count == 0)
            throw new ArgumentException("rules is empty: name at least one, or remove the processor.", nameof(options));
        for (var i = 0; i < options.Rules.Count; i++)
        {
            var rule = options.Rules[i];
            if (rule.Keep is null == (rule.Drop.Count == 0))
                throw new ArgumentException($"rule {i + 1} has to say either what to drop or what to keep.", nameof(options));
            if (!options.Gateway && rule.Drop.FirstOrDefault(label => label is "host.id" or "host.name") is { } host)
            {
                throw new ArgumentException(
                    $"rule {i + 1} drops {host}: two hosts would write the same stream; take {host} out, or set gateway where the streams of all hosts meet.",
                    nameof(options));
            }
        }

        if (!(options.StalenessSeconds > 0) || options.StalenessSeconds > 1e6)
            throw new ArgumentException($"stalenessSeconds is {options.StalenessSeconds}: it has to be above 0 and at most 1000000.", nameof(options));
        if (options.MaxStreams < 1)
            throw new ArgumentException($"maxStreams is {options.MaxStreams}: it has to be at least 1.", nameof(options));
    }
}
