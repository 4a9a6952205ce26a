namespace Phoenix.Domain.Pricing;

/// <summary>What a vendor counts. How each is computed from what was measured is in <see cref="Meters"/>.</summary>
public enum PriceMeter
{
    /// <summary>Samples ingested in the month (classic Prometheus).</summary>
    Samples,

    /// <summary>Samples that the month's queries read.</summary>
    QuerySamples,

    /// <summary>GB-months stored, a GB being 2³⁰ bytes.</summary>
    StoredGigabyteMonths,

    /// <summary>Mean over the month's hours of the distinct series of an hour, histograms and distributions multiplied.</summary>
    MeanHourlySeries,

    /// <summary>The greater of the 95th percentile of active series and that of points per minute ÷ the points that a series includes.</summary>
    PercentileSeriesOrPoints,

    /// <summary>GB sent in the month, a GB being 10⁹ bytes.</summary>
    Gigabytes,

    /// <summary>Months of metrics, prorated by the hour: a metric that is there for half of the month is a half.</summary>
    MetricMonths,

    /// <summary>Metric names with more than <see cref="Meters.BillableNamePoints"/> indexed points in the month.</summary>
    MetricNames,

    /// <summary>Indexed points of the month beyond <see cref="Meters.IncludedPointsPerName"/> of each name.</summary>
    IndexedPointsBeyond,

    /// <summary>Ingested points of the month beyond <see cref="Meters.IncludedIngestRatio"/> times the indexed ones.</summary>
    IngestedPointsBeyond,

    /// <summary>Points a second that are kept, mean over the month.</summary>
    PersistedPointsPerSecond,

    /// <summary>GB (10⁹ bytes) that samples take on own disks over their retention, every replica counted.</summary>
    OwnStorageGigabytes,

    /// <summary>GB (10⁹ bytes) of own memory for the most series that were active at a time, every replica counted.</summary>
    OwnMemoryGigabytes,

    /// <summary>Own CPU cores for the mean rate of samples, every replica counted.</summary>
    OwnCores,
}

/// <summary>As how many series a vendor counts one series of each kind.</summary>
/// <param name="DistributionWithPercentiles">A distribution for which percentiles are switched on.</param>
public sealed record SeriesMultipliers(double Histogram, double Distribution, double DistributionWithPercentiles)
{
    public static readonly SeriesMultipliers One = new(1, 1, 1);

    public double Count(SeriesByKind series) =>
        series.Plain + Histogram * series.Histogram + Distribution * series.Distribution +
        DistributionWithPercentiles * series.DistributionWithPercentiles;
}
