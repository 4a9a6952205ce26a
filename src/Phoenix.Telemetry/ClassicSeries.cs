namespace Phoenix.Telemetry;

/// <summary>What OTLP is as classic Prometheus series (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility").</summary>
internal static class ClassicSeries
{
    /// <summary>A histogram has its buckets with +Inf, its sum and its count; a summary its quantiles, sum and count.</summary>
    public static int Of(MetricType type, scoped in PointFields point) => type switch
    {
        MetricType.Histogram => point.ExplicitBounds.Length / 8 + 3,
        MetricType.Summary => point.Quantiles + 2,
        _ => 1,
    };

    /// <summary>A resource becomes <c>target_info</c> where it says more than <c>job</c> and <c>instance</c>.</summary>
    public static bool HasTargetInfo(ReadOnlySpan<byte> resource)
    {
        var attributes = new Attributes(resource, Attributes.OfResource);
        while (attributes.Next())
        {
            var key = attributes.Current.Key;
            if (!key.SequenceEqual("service.name"u8) && !key.SequenceEqual("service.namespace"u8) && !key.SequenceEqual("service.instance.id"u8))
                return true;
        }

        return false;
    }
}
