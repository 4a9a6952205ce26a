namespace Phoenix.Telemetry;

/// <summary>Options of <c>phoenix_adaptive</c>.</summary>
public sealed record AdaptiveOptions
{
    /// <summary>Component id from the configuration, such as <c>phoenix_adaptive/hosts</c>.</summary>
    public required string Name { get; init; }

    public required AdaptiveGoal Goal { get; init; }

    /// <summary>Metrics that may be folded. The others pass, and count against the budget.</summary>
    public MetricSelector Metrics { get; init; } = new(["*"]);

    /// <summary>Only metrics of these types may be folded; empty for all.</summary>
    public IReadOnlyList<MetricType> Types { get; init; } = [];

    /// <summary>Only streams for which all these conditions hold may be folded, in the language of the filter's data point conditions.</summary>
    public IReadOnlyList<string> Where { get; init; } = [];

    /// <summary>
    /// The only labels that may be folded: point attributes, and resource attributes of the same name. Null: every point
    /// attribute may, and no resource attribute.
    /// </summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Metrics that pass untouched.</summary>
    public MetricSelector Protected { get; init; } = MetricSelector.None;

    /// <summary>Labels that stay, such as those that dashboards and alerts ask for.</summary>
    public IReadOnlyList<KeptLabels> KeepLabels { get; init; } = [];

    /// <summary>Fold functions of gauges; a gauge without one passes.</summary>
    public IReadOnlyList<GaugeRule> Gauges { get; init; } = [];

    /// <inheritdoc cref="TopKOptions.HostId"/>
    public string? HostId { get; init; }

    /// <summary>
    /// The control interval: what counts as active, and how often the controller decides. At least twice the longest interval
    /// of the inputs, since else a series would seem to come and go.
    /// </summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(2);

    public AnomalyOptions Anomalies { get; init; } = new();

    /// <summary>When the first value of a cumulative stream counts.</summary>
    public FirstSample FirstSample { get; init; }

    /// <summary>A stream not seen for longer is stale.</summary>
    public double StalenessSeconds { get; init; } = 300;

    /// <summary>Streams tracked at most. Beyond it new streams pass unchanged and are counted.</summary>
    public int MaxStreams { get; init; } = 200_000;

    /// <exception cref="ArgumentException">An option is out of range; the message names it and the remedy.</exception>
    public void Check()
    {
        Goal.Check();
        if (Labels is { Count: 0 })
            throw new ArgumentException("labels is empty: name the labels that may be folded, or leave it out for every one.");
        if (Labels?.FirstOrDefault(AdaptiveTuning.NeverFolded.Contains) is { } label)
            throw new ArgumentException($"labels has {label}: it tells hosts, services or buckets apart and is never folded; take {label} out.");
        if (Interval <= TimeSpan.Zero)
            throw new ArgumentException($"interval is {Interval}: it has to be positive.");
        if (!(StalenessSeconds > 0) || StalenessSeconds > 1e6)
            throw new ArgumentException($"stalenessSeconds is {StalenessSeconds}: it has to be above 0 and at most 1000000.");
        if (MaxStreams < 1)
            throw new ArgumentException($"maxStreams is {MaxStreams}: it has to be at least 1.");
        Anomalies.Check();
    }

    /// <summary>Whether a label of a metric may ever be folded.</summary>
    internal bool MayFold(ReadOnlySpan<byte> metricName, string label, bool ofResource)
    {
        if (Labels is null ? ofResource : !Labels.Contains(label))
            return false;
        if (AdaptiveTuning.NeverFolded.Contains(label) || AdaptiveTuning.Of(Goal.Mode).Kept.Contains(label))
            return false;
        foreach (var kept in KeepLabels)
        {
            if (kept.Labels.Contains(label) && kept.Metrics.Matches(metricName))
                return false;
        }

        return true;
    }
}

/// <param name="Labels">Labels of these metrics that are not folded.</param>
public sealed record KeptLabels(MetricSelector Metrics, IReadOnlyList<string> Labels);

/// <summary>When a folded series is shown by itself because it left the range of its own history.</summary>
public sealed record AnomalyOptions
{
    /// <summary>How many standard deviations (1.4826 · MAD) around the median of its last twelve control intervals are in range; 0 switches the search off.</summary>
    public double Deviations { get; init; } = 6;

    /// <summary>How long a series is shown at least, counted from the last interval in which it was out of range.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Series shown at a time at most; more are told of and stay folded.</summary>
    public int MaxShown { get; init; } = 100;

    /// <summary>Folded series whose history is kept at most (56 bytes each); of what comes beyond no anomaly is found.</summary>
    public int MaxWatched { get; init; } = 50_000;

    internal void Check()
    {
        if (!(Deviations >= 0) || double.IsInfinity(Deviations))
            throw new ArgumentException($"anomalies.deviations is {Deviations}: it is a number of at least 0, and 0 switches the search off.");
        if (Hold < TimeSpan.Zero)
            throw new ArgumentException($"anomalies.hold is {Hold}: it cannot be negative.");
        if (MaxShown < 0 || MaxWatched < 0)
            throw new ArgumentException("anomalies.max_shown and anomalies.max_watched cannot be negative.");
    }
}
