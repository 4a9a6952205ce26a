namespace Phoenix.Domain.Pricing;

/// <summary>How little a monthly figure rests on.</summary>
/// <param name="MeasuredMinutes">Of the month's minutes.</param>
public sealed record Extrapolation(double MeasuredMinutes, double MonthMinutes)
{
    public static Extrapolation Of(MeterUsage usage) => new(usage.Covered.TotalMinutes, usage.Month.TotalMinutes);

    public double Share => MeasuredMinutes / MonthMinutes;

    public bool IsWholeMonth => MeasuredMinutes >= MonthMinutes;

    public override string ToString() =>
        IsWholeMonth ? "measured over the whole month" : FormattableString.Invariant($"extrapolated from {MeasuredMinutes:0.#} minutes ({100 * Share:0.###} % of the month)");
}

/// <summary>A month's quantity in the vendor's units.</summary>
/// <param name="Remark">What the figure cannot tell because too little was measured; null where it is as the vendor's.</param>
public sealed record Quantity(double Units, string? Remark = null);

/// <summary>Computes the month's quantity of each meter the way its vendor does.</summary>
public static class Meters
{
    /// <summary>Datadog Metric Name pricing: a name with more indexed points in a month than this is billed.</summary>
    public const double BillableNamePoints = 100;

    /// <summary>Datadog Metric Name pricing: indexed points of a month that each name includes.</summary>
    public const double IncludedPointsPerName = 10e6;

    /// <summary>Datadog Metric Name pricing: ingested points that each indexed point includes.</summary>
    public const double IncludedIngestRatio = 5;

    public static readonly TimeSpan Step = TimeSpan.FromMinutes(20);

    const double Gibibyte = 1L << 30, Gigabyte = 1e9, HoursPerDay = 24;

    /// <summary>Null where the usage does not have what the meter counts, or there are no figures of an own database.</summary>
    public static Quantity? Of(Charge charge, MeterUsage usage, SelfHostedFigures? own = null)
    {
        var month = usage.MonthsPerCovered;
        return Scaled(charge.Meter switch
        {
            PriceMeter.Samples => Amount(usage.Samples * month),
            PriceMeter.QuerySamples => Amount(usage.QuerySamples * month),
            PriceMeter.StoredGigabyteMonths => Amount(usage.StoredBytes / Gibibyte),
            PriceMeter.MeanHourlySeries => Mean(usage, charge.Multipliers ?? SeriesMultipliers.One),
            PriceMeter.MetricMonths => Mean(usage, SeriesMultipliers.One),
            PriceMeter.PercentileSeriesOrPoints => SeriesOrPoints(usage, charge.PointsPerSeries),
            PriceMeter.Gigabytes => Amount(usage.WireBytes * month / Gigabyte),
            PriceMeter.MetricNames => Amount(usage.Names?.Count(n => n.IndexedPoints * month > BillableNamePoints)),
            PriceMeter.IndexedPointsBeyond => Amount(usage.Names?.Sum(n => Math.Max(0, n.IndexedPoints * month - IncludedPointsPerName))),
            PriceMeter.IngestedPointsBeyond => Amount(
                usage.Names is null ? null : Math.Max(0, usage.Names.Sum(n => n.IngestedPoints) - IncludedIngestRatio * usage.Names.Sum(n => n.IndexedPoints)) * month),
            PriceMeter.PersistedPointsPerSecond => Amount(usage.Samples / usage.Covered.TotalSeconds),
            PriceMeter.OwnStorageGigabytes => own is null ? null : Amount(
                usage.Samples / (usage.Covered.TotalHours / HoursPerDay) * own.RetentionDays * own.BytesPerSample * own.Replicas / Gigabyte),
            PriceMeter.OwnMemoryGigabytes => own is null ? null : Amount(usage.ActiveSeries?.Max() * own.MemoryBytesPerSeries * own.Replicas / Gigabyte),
            PriceMeter.OwnCores => own is null ? null : Amount(usage.Samples / usage.Covered.TotalSeconds / 1e6 * own.CoresPerMillionSamplesPerSecond * own.Replicas),
            _ => throw new ArgumentOutOfRangeException(nameof(charge), charge.Meter, "unknown meter"),
        }, charge.Scale);
    }

    /// <summary>
    /// The value that 95 % of the steps do not exceed (nearest rank): of a month of 30 days in steps of 20 minutes the 108 highest,
    /// 36 hours, are forgiven.
    /// </summary>
    public static double Percentile95(IReadOnlyList<double> steps)
    {
        // In whole numbers, since 0.95 · n is not exact: rank ⌈95 n ÷ 100⌉.
        var rank = (95L * steps.Count + 99) / 100;
        return steps.Order().ElementAt((int)rank - 1);
    }

    /// <summary>Below this many steps a 95th percentile is the highest of them and forgives nothing.</summary>
    public const int StepsOfAPercentile = 20;

    static Quantity? SeriesOrPoints(MeterUsage usage, double pointsPerSeries)
    {
        if (usage.ActiveSeries is null && usage.PointsPerMinute is null) return null;
        var series = usage.ActiveSeries is { } active ? Percentile95(active) : 0;
        var points = usage.PointsPerMinute is { } rate ? Percentile95(rate) / pointsPerSeries : 0;
        List<string> remarks = [];
        if (usage.ActiveSeries is null) remarks.Add("active series were not measured");
        if (usage.PointsPerMinute is null) remarks.Add("points per minute were not measured");
        if (Math.Max(usage.ActiveSeries?.Count ?? 0, usage.PointsPerMinute?.Count ?? 0) is > 0 and < StepsOfAPercentile)
            remarks.Add("too few steps for a 95th percentile, so the highest stands for it");
        return new(Math.Max(series, points), remarks.Count == 0 ? null : string.Join("; ", remarks));
    }

    static Quantity? Mean(MeterUsage usage, SeriesMultipliers multipliers) =>
        usage.HourlySeries is { } hours ? new(hours.Average(multipliers.Count), hours.Count == 1 ? "one figure stands for every hour" : null) : null;

    static Quantity? Amount(double? units) => units is { } known ? new(known) : null;

    static Quantity? Scaled(Quantity? quantity, double scale) => quantity is null ? null : quantity with { Units = quantity.Units * scale };
}
