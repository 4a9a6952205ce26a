namespace Phoenix.Telemetry;

/// <summary>The two text formats that Prometheus scrapes.</summary>
public enum ExpositionFormat
{
    /// <summary>Text format 0.0.4: timestamps in milliseconds, counters named as they are declared.</summary>
    Text,

    /// <summary>OpenMetrics 1.0: timestamps in seconds, <c>_total</c>, <c>_created</c>, exemplars, ends with <c># EOF</c>.</summary>
    OpenMetrics,
}
