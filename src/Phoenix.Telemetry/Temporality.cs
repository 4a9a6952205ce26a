namespace Phoenix.Telemetry;

/// <summary>OTLP <c>AggregationTemporality</c>, with its numbers on the wire.</summary>
public enum Temporality
{
    Unspecified = 0,
    Delta = 1,
    Cumulative = 2,
}

/// <summary>Type of an OTLP metric; the numbers are the fields of <c>Metric.data</c>.</summary>
public enum MetricType
{
    /// <summary>No data, or of a type that is not known.</summary>
    None = 0,
    Gauge = 5,
    Sum = 7,
    Histogram = 9,
    ExponentialHistogram = 10,
    Summary = 11,
}
