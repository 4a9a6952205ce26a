namespace Phoenix.Telemetry;

/// <summary>How OTLP becomes remote write requests.</summary>
public sealed record RemoteWriteEncoderOptions
{
    /// <summary>Uncompressed bytes that a request may have. A series that is larger by itself is refused.</summary>
    public int MaxRequestBytes { get; init; } = 1 << 20;

    /// <summary>Units and <c>_total</c> are added to metric names.</summary>
    public bool MetricSuffixes { get; init; } = true;

    /// <summary>Stands before every metric name, with <c>_</c> between; empty for none.</summary>
    public string Namespace { get; init; } = "";

    public PrometheusLabelOptions Labels { get; init; } = new();

    /// <summary>
    /// How often <c>target_info</c> is sent of a resource that says more than <c>job</c> and <c>instance</c>; null for never. It
    /// must be well below the 5 minutes after which a Prometheus forgets a series.
    /// </summary>
    public TimeSpan? TargetInfoInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often type, unit and help of a metric are sent; null for never.</summary>
    public TimeSpan? MetadataInterval { get; init; }
}

/// <summary>One remote write request.</summary>
/// <param name="Points">OTLP points whose last sample is in it.</param>
/// <param name="Samples">Samples and native histograms in it.</param>
/// <param name="UncompressedBytes">Size before snappy.</param>
public readonly record struct RemoteWriteRequest(int Points, int Samples, int UncompressedBytes);

/// <summary>Takes requests: the snappy-compressed body, valid only during the call.</summary>
public interface IRemoteWriteSink
{
    void Write(ReadOnlySpan<byte> snappyBody, RemoteWriteRequest request);
}
