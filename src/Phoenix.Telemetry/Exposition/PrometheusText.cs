namespace Phoenix.Telemetry;

/// <summary>What came out of one exposition.</summary>
/// <param name="Samples">Sample lines taken.</param>
/// <param name="Malformed">Lines that could not be read and were left out.</param>
/// <param name="FirstError">The first of them with its line, column and reason; null where there was none.</param>
public sealed record ScrapeResult(long Samples, long Malformed, string? FirstError)
{
    /// <summary>Whether <c># EOF</c> was read, without which an OpenMetrics exposition is cut off.</summary>
    public bool Ended { get; init; }
}

/// <summary>Reads the Prometheus text exposition format 0.0.4 and OpenMetrics 1.0.</summary>
/// <remarks>
/// <para>
/// The mapping is the OpenTelemetry one ("Prometheus and OpenMetrics compatibility"): counters become cumulative monotonic
/// sums under the name of their series, histograms and summaries one point a label set, info and state sets non-monotonic
/// sums, everything else gauges; <c>prometheus.type</c> in the metric's metadata says what it was. Exemplars come along. A
/// label with an empty value is no label. Metric and label names in quotes may hold any UTF-8. Native histograms are in
/// neither format.
/// </para>
/// <para>
/// A start is known where an OpenMetrics family has <c>_created</c>. Otherwise than that mapping asks, a gauge histogram is
/// not dropped: its series are gauges.
/// </para>
/// </remarks>
public static class PrometheusText
{
    [ThreadStatic]
    private static ExpositionParser? parser;

    /// <summary>
    /// Appends the exposition as one scope to the resource that the caller has begun (and ends):
    /// <c>BeginResource</c>, <c>ResourceAttribute</c>…, <c>Parse</c>, <c>EndResource</c>.
    /// </summary>
    /// <param name="unixNanos">Time of the samples that have no timestamp.</param>
    public static ScrapeResult Parse(ReadOnlySpan<byte> exposition, ExpositionFormat format, ulong unixNanos, OtlpWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        parser ??= new ExpositionParser();
        writer.BeginScope(PrometheusNames.Scope, "");
        var result = parser.Parse(exposition, format, unixNanos, writer);
        writer.EndScope();
        return result;
    }

    /// <summary>Reads text format 0.0.4.</summary>
    public static ScrapeResult Parse(ReadOnlySpan<byte> exposition, ulong unixNanos, OtlpWriter writer) =>
        Parse(exposition, ExpositionFormat.Text, unixNanos, writer);
}
