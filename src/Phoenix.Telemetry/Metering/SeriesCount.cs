namespace Phoenix.Telemetry;

/// <summary>Streams, and the series that backends store of them.</summary>
/// <param name="Streams">OTLP identities: resource, scope, metric, attributes.</param>
/// <param name="Classic">Prometheus without native histograms: a histogram of n bounds is n + 3 series, a summary of n quantiles n + 2, and each resource with attributes beyond job and instance adds its <c>target_info</c>.</param>
/// <param name="Native">Prometheus with native histograms, explicit bounds as custom buckets: a histogram is one series.</param>
/// <param name="Datadog">Tag sets per metric name: a histogram is one, a summary its quantiles, sum and count. What a vendor multiplies them by belongs to the price.</param>
public readonly record struct SeriesCount(long Streams, long Classic, long Native, long Datadog)
{
    public static SeriesCount operator +(SeriesCount a, SeriesCount b) => Add(a, b);

    public static SeriesCount operator -(SeriesCount a, SeriesCount b) => Subtract(a, b);

    public static SeriesCount Add(SeriesCount a, SeriesCount b) =>
        new(a.Streams + b.Streams, a.Classic + b.Classic, a.Native + b.Native, a.Datadog + b.Datadog);

    public static SeriesCount Subtract(SeriesCount a, SeriesCount b) =>
        new(a.Streams - b.Streams, a.Classic - b.Classic, a.Native - b.Native, a.Datadog - b.Datadog);

    /// <summary>What one stream counts for.</summary>
    internal static SeriesCount Of(SeriesShape shape, int classic) => shape switch
    {
        SeriesShape.Summary => new SeriesCount(1, classic, classic, classic),
        SeriesShape.TargetInfo => new SeriesCount(0, 1, 1, 0),
        _ => new SeriesCount(1, classic, 1, 1),
    };
}
