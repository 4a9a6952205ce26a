namespace Phoenix.Telemetry;

/// <summary>Says of which type metrics are that come without metadata.</summary>
public sealed record RemoteWriteTypeRule(MetricSelector Metrics, PrometheusType Type);

/// <summary>How remote write requests become OTLP.</summary>
public sealed record RemoteWriteDecoderOptions
{
    /// <summary>Bytes that a request may have uncompressed.</summary>
    public int MaxRequestBytes { get; init; } = 32 << 20;

    /// <summary>Bytes that the OTLP made of one request may have. Sparse native histograms grow on the way.</summary>
    public int MaxBatchBytes { get; init; } = 128 << 20;

    /// <summary>
    /// Types of metrics that no metadata is known of; the first rule that matches the series name holds. Metadata goes before.
    /// </summary>
    public IReadOnlyList<RemoteWriteTypeRule> Types { get; init; } = [];

    /// <summary>
    /// Takes the type from the name where neither metadata nor <see cref="Types"/> say it: <c>_total</c> is a counter,
    /// <c>_bucket</c> with <c>le</c> belongs to a histogram, and so do <c>_sum</c> and <c>_count</c> beside such a bucket. What
    /// is still unknown passes as a gauge with <c>prometheus.type = unknown</c>, which no reducer folds by itself.
    /// </summary>
    public bool TypesFromNames { get; init; } = true;

    /// <summary>Bytes of names, units and help texts that are remembered from metadata.</summary>
    public int MaxMetadataBytes { get; init; } = 16 << 20;
}

/// <summary>What came out of one remote write request.</summary>
/// <param name="Points">OTLP points made: one a sample and one a native histogram.</param>
/// <param name="Refused">
/// Samples and histograms that were left out because they or their series are invalid. The specification asks to answer 400
/// where there are any, with the rest taken.
/// </param>
/// <param name="FirstProblem">Why the first of them was refused, and where; null where none was.</param>
/// <param name="UntypedPoints">Points that pass as gauges because nothing says of which type they are.</param>
/// <param name="Exemplars">Exemplars taken.</param>
/// <param name="StrayExemplars">Exemplars without a sample of their series in the same request: OTLP has no place for them.</param>
public readonly record struct RemoteWriteIntake(int Points, int Refused, string? FirstProblem, int UntypedPoints, int Exemplars, int StrayExemplars);
