namespace Phoenix.Telemetry;

/// <summary>Type of a Prometheus metric family; the numbers are those of <c>MetricMetadata.MetricType</c> in remote write 1.0.</summary>
public enum PrometheusType
{
    Unknown = 0,
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
    GaugeHistogram = 4,
    Summary = 5,
    Info = 6,
    StateSet = 7,
}

/// <summary>The words for the types, as OpenMetrics and the metric metadata key <c>prometheus.type</c> write them.</summary>
internal static class PrometheusTypes
{
    public const string MetadataKey = "prometheus.type";

    public static ReadOnlySpan<byte> Word(PrometheusType type) => type switch
    {
        PrometheusType.Counter => "counter"u8,
        PrometheusType.Gauge => "gauge"u8,
        PrometheusType.Histogram => "histogram"u8,
        PrometheusType.GaugeHistogram => "gaugehistogram"u8,
        PrometheusType.Summary => "summary"u8,
        PrometheusType.Info => "info"u8,
        PrometheusType.StateSet => "stateset"u8,
        _ => "unknown"u8,
    };

    /// <summary>Also takes <c>untyped</c>, the word of text format 0.0.4 for unknown.</summary>
    public static bool TryRead(ReadOnlySpan<byte> word, out PrometheusType type)
    {
        for (type = PrometheusType.Unknown; type <= PrometheusType.StateSet; type++)
        {
            if (word.SequenceEqual(Word(type)))
                return true;
        }

        type = PrometheusType.Unknown;
        return word.SequenceEqual("untyped"u8);
    }
}
