namespace Phoenix.Telemetry;

/// <summary>What OTLP is as series of a backend (OpenTelemetry specification, "Prometheus and OpenMetrics compatibility").</summary>
internal static class SeriesProjection
{
    public static SeriesShape ShapeOf(MetricType type) => type switch
    {
        MetricType.Histogram or MetricType.ExponentialHistogram => SeriesShape.Histogram,
        MetricType.Summary => SeriesShape.Summary,
        _ => SeriesShape.Number,
    };

    /// <summary>Classic series of one point: a histogram has its buckets with +Inf, its count and, where it says one, its sum; a summary its quantiles, sum and count.</summary>
    public static int Classic(MetricType type, scoped in PointFields point) => type switch
    {
        MetricType.Histogram => (point.ExplicitBounds.Length / 8) + (point.HasSum ? 3 : 2),
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
