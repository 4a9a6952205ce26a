namespace Phoenix.Telemetry;

/// <summary>What a reducer does with a metric, decided once per metric identity.</summary>
internal readonly record struct MetricPlan(UInt128 Identity, PassReason? Pass, FoldKind Kind, GaugeFold Fold)
{
    public static MetricPlan For(scoped in BatchReader reader, UInt128 identity, TopKOptions options)
    {
        if (!options.Metrics.Matches(reader.MetricName))
            return Passing(identity, PassReason.NotSelected);
        if (options.Protected.Matches(reader.MetricName))
            return Passing(identity, PassReason.Protected);
        switch (reader.Type)
        {
            case MetricType.Gauge:
                return GaugeRule.For(options.Gauges, reader.MetricName) is { } rule
                    ? new MetricPlan(identity, null, FoldKind.Level, rule.Fold)
                    : Passing(identity, PassReason.GaugeWithoutFunction);
            case MetricType.Sum or MetricType.Histogram when reader.Temporality != Temporality.Cumulative:
                return Passing(identity, reader.Temporality == Temporality.Delta ? PassReason.Delta : PassReason.UnspecifiedTemporality);
            case MetricType.Sum:
                return new MetricPlan(identity, null, reader.Monotonic ? FoldKind.Counter : FoldKind.Level, GaugeFold.Sum);
            case MetricType.Histogram:
                return new MetricPlan(identity, null, FoldKind.Histogram, GaugeFold.Sum);
            case MetricType.ExponentialHistogram:
                return Passing(identity, PassReason.ExponentialHistogram);
            case MetricType.Summary:
                return Passing(identity, PassReason.Summary);
            default:
                return Passing(identity, PassReason.NotSelected);
        }
    }

    private static MetricPlan Passing(UInt128 identity, PassReason reason) => new(identity, reason, default, default);
}
