namespace Phoenix.Telemetry;

/// <summary>How OTLP becomes an exposition.</summary>
public sealed record ExpositionStoreOptions
{
    public PrometheusLabelOptions Labels { get; init; } = new();

    /// <summary>Units and <c>_total</c> are added to metric names.</summary>
    public bool MetricSuffixes { get; init; } = true;

    /// <summary>Stands before every metric name, with <c>_</c> between; empty for none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>A point that is not renewed for so long is shown no more.</summary>
    public TimeSpan Expiration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Points are shown with their timestamps.</summary>
    public bool Timestamps { get; init; }

    /// <summary>
    /// In OpenMetrics, counters, histograms and summaries whose start is known are shown with <c>_created</c>. A Prometheus
    /// before 3 stores that as one more series for each.
    /// </summary>
    public bool Created { get; init; }

    /// <summary>Points that are held; a new one beyond is refused until others expire.</summary>
    public int MaxPoints { get; init; } = 1_000_000;
}
