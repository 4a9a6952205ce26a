
namespace Phoenix.Telemetry;

/// <summary>What came out of one exposition.</summary>
/// <param name="Samples">Sample lines taken.</param>
/// <param name="Malformed">Lines that could not be read and were left out.</param>
/// <param name="FirstError">The first of them with its line number and reason; null where there was none.</param>
public sealed record ScrapeResult(long Samples, long Malformed, string? FirstError);

/// <summary>
/// Reads the Prometheus text exposition format 0.0.4, and of OpenMetrics what it shares with it (<c>_total</c> names,
/// <c># UNIT</c>, <c># EOF</c>, exemplars, which are not carried on).
/// </summary>
/// <remarks>
/// The mapping is the OpenTelemetry one ("Prometheus and OpenMetrics compatibility"): counters become cumulative monotonic
/// sums under their name as written, histograms and summaries one point a label set, everything else gauges. Start times are
/// unknown (0). A label with an empty value is no label. Timestamps of samples are honoured (milliseconds, as in 0.0.4).
/// </remarks>
public static class PrometheusText
{
    [ThreadStatic]
    private static ExpositionParser? parser;

    /// <summary>
    /// Appends the exposition as one scope to the resource that the caller has begun (and ends):
    /// <c>BeginResource</c>, <c>ResourceAttribute</c>…, <c>Parse</c>, <c>EndResource</c>.
    /// </summary>
    public static ScrapeResult Parse(ReadOnlySpan<byte> exposition, ulong unixNanos, OtlpWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        parser ??= new ExpositionParser();
        writer.BeginScope("prometheus", "");
        var result = parser.Parse(exposition, unixNanos, writer);
        writer.EndScope();
        return result;
    }
}
