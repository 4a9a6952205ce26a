namespace Phoenix.Domain.Pricing;

/// <summary>Distinct streams of one hour by kind, before a vendor's multipliers.</summary>
public sealed record SeriesByKind(double Plain, double Histogram = 0, double Distribution = 0, double DistributionWithPercentiles = 0)
{
    public static SeriesByKind operator +(SeriesByKind a, SeriesByKind b) => new(
        a.Plain + b.Plain, a.Histogram + b.Histogram, a.Distribution + b.Distribution, a.DistributionWithPercentiles + b.DistributionWithPercentiles);

    public static SeriesByKind operator *(SeriesByKind a, double factor) => new(
        a.Plain * factor, a.Histogram * factor, a.Distribution * factor, a.DistributionWithPercentiles * factor);

    internal IEnumerable<double> Numbers => [Plain, Histogram, Distribution, DistributionWithPercentiles];
}

/// <summary>Points of one metric name over the covered time. Points are ingested; those that can be queried are indexed.</summary>
public sealed record MetricNameUsage(string Name, double IndexedPoints, double IngestedPoints);

/// <summary>
/// What was sent in a part of a month, in everything that a vendor may count. What is null was not measured, which is something else
/// than none. A list with one item stands for all of its kind in the month.
/// </summary>
public sealed record MeterUsage
{
    /// <summary>Hours of the billing month that vendors use (365 · 24 ÷ 12).</summary>
    public const double HoursPerMonth = 730;

    /// <summary>Past this no quantity is believed, and money stays within what <see cref="decimal"/> holds.</summary>
    public const double MaxQuantity = 1e18;

    /// <summary>The time that the totals are of.</summary>
    public required TimeSpan Covered { get; init; }

    /// <summary>The month that is billed.</summary>
    public TimeSpan Month { get; init; } = TimeSpan.FromHours(HoursPerMonth);

    /// <summary>Hosts for which the vendor grants an allowance.</summary>
    public int Hosts { get; init; }

    /// <summary>Distinct streams of each clock hour.</summary>
    public IReadOnlyList<SeriesByKind>? HourlySeries { get; init; }

    /// <summary>Classic Prometheus series active in the last 20 minutes, at every 20th minute.</summary>
    public IReadOnlyList<double>? ActiveSeries { get; init; }

    /// <summary>Mean points per minute of the same 20 minutes.</summary>
    public IReadOnlyList<double>? PointsPerMinute { get; init; }

    /// <summary>Classic Prometheus samples sent.</summary>
    public double? Samples { get; init; }

    /// <summary>Bytes as they went over the wire, compressed.</summary>
    public double? WireBytes { get; init; }

    /// <summary>Bytes that lie in the vendor's storage, mean over the covered time: a level, no total.</summary>
    public double? StoredBytes { get; init; }

    /// <summary>Samples that queries read.</summary>
    public double? QuerySamples { get; init; }

    /// <summary>Each name once.</summary>
    public IReadOnlyList<MetricNameUsage>? Names { get; init; }

    /// <summary>What was sent in a time that stands for every time of the month, with one figure of series for every hour and step.</summary>
    /// <param name="series">Active classic Prometheus series.</param>
    /// <param name="samples">Classic samples in the covered time.</param>
    /// <param name="wireBytes">Null where bytes were not measured.</param>
    public static MeterUsage Steady(TimeSpan covered, int hosts, double series, double samples, double? wireBytes) => new()
    {
        Covered = covered, Hosts = hosts, HourlySeries = [new(series)], ActiveSeries = [series], PointsPerMinute = [samples / covered.TotalMinutes],
        Samples = samples, WireBytes = wireBytes,
    };

    /// <summary>How many times the covered time goes into the month.</summary>
    public double MonthsPerCovered => Month / Covered;

    /// <summary>What is wrong with it; null where nothing is.</summary>
    public Rejection? Problem()
    {
        if (Covered <= TimeSpan.Zero) return Wrong("covered", "The covered time is more than nothing.");
        if (Month < TimeSpan.FromDays(28) || Month > TimeSpan.FromDays(31)) return Wrong("month", "A month has 28 to 31 days.");
        if (Covered > Month) return Wrong("covered", "The covered time is at most the month; price each month for itself.");
        if (Hosts < 0) return Wrong("hosts", "Hosts are counted from 0.");
        if (HourlySeries is { Count: 0 } || ActiveSeries is { Count: 0 } || PointsPerMinute is { Count: 0 })
            return Wrong("series", "A list of steps is not empty; leave out what was not measured.");
        if (Names?.GroupBy(n => n.Name).FirstOrDefault(g => g.Count() > 1) is { } twice) return Wrong("names", $"Metric '{twice.Key}' is there twice.");
        (string Field, IEnumerable<double?> Numbers)[] numbers =
        [
            ("hourlySeries", HourlySeries?.SelectMany(s => s.Numbers).Cast<double?>() ?? []), ("activeSeries", ActiveSeries?.Cast<double?>() ?? []),
            ("pointsPerMinute", PointsPerMinute?.Cast<double?>() ?? []), ("samples", [Samples]), ("wireBytes", [WireBytes]),
            ("storedBytes", [StoredBytes]), ("querySamples", [QuerySamples]),
            ("names", Names?.SelectMany(n => new double?[] { n.IndexedPoints, n.IngestedPoints }) ?? []),
        ];
        foreach (var (field, values) in numbers)
            if (values.Any(v => v is not null and not (>= 0 and <= MaxQuantity)))
                return Wrong(field, $"Quantities are numbers from 0 to {MaxQuantity:0e+0}.");
        return null;
    }

    /// <summary>
    /// Both together, over this one's covered time. Steps are added one by one where there are as many of them, which says that they
    /// were measured together; a single step is added to each of the other's. Anything else would make up an order in time.
    /// </summary>
    public (MeterUsage? Sum, Rejection? Rejection) Plus(MeterUsage other)
    {
        if (Problem() is { } mine) return (null, mine);
        if (other.Problem() is { } theirs) return (null, theirs);
        if (Month != other.Month) return (null, Wrong("month", "Only usage of months of the same length can be added."));
        if (!Fit(HourlySeries, other.HourlySeries) || !Fit(ActiveSeries, other.ActiveSeries) || !Fit(PointsPerMinute, other.PointsPerMinute))
            return (null, Wrong("steps", "Series of steps can be added where there are as many of them, or one that stands for the month."));
        var share = Covered / other.Covered;
        return (this with
        {
            Hosts = Hosts + other.Hosts,
            HourlySeries = Steps(HourlySeries, other.HourlySeries, (a, b) => a + b),
            ActiveSeries = Steps(ActiveSeries, other.ActiveSeries, (a, b) => a + b),
            PointsPerMinute = Steps(PointsPerMinute, other.PointsPerMinute, (a, b) => a + b),
            Samples = Total(Samples, other.Samples * share), WireBytes = Total(WireBytes, other.WireBytes * share),
            StoredBytes = Total(StoredBytes, other.StoredBytes), QuerySamples = Total(QuerySamples, other.QuerySamples * share),
            Names = Names is null && other.Names is null ? null :
            [
                .. (Names ?? []).Concat((other.Names ?? []).Select(n => n with { IndexedPoints = n.IndexedPoints * share, IngestedPoints = n.IngestedPoints * share }))
                    .GroupBy(n => n.Name, (name, all) => new MetricNameUsage(name, all.Sum(n => n.IndexedPoints), all.Sum(n => n.IngestedPoints))),
            ],
        }, null);
    }

    /// <summary>All together, of which there is at least one, over the shortest covered time: each counts by its own rate.</summary>
    public static (MeterUsage? Sum, Rejection? Rejection) Together(IReadOnlyCollection<MeterUsage> all)
    {
        MeterUsage? sum = null;
        foreach (var one in all.OrderBy(u => u.Covered))
        {
            var (both, rejection) = sum is null ? (one, one.Problem()) : sum.Plus(one);
            if (rejection is not null) return (null, rejection);
            sum = both;
        }
        return (sum ?? throw new ArgumentException("There is nothing to be added.", nameof(all)), null);
    }

    /// <summary>The same with so much of the series, samples and bytes. What queries read stays.</summary>
    public MeterUsage Times(double series, double samples, double bytes) => this with
    {
        HourlySeries = HourlySeries?.Select(s => s * series).ToList(),
        ActiveSeries = ActiveSeries?.Select(s => s * series).ToList(),
        PointsPerMinute = PointsPerMinute?.Select(p => p * samples).ToList(),
        Samples = Samples * samples,
        WireBytes = WireBytes * bytes,
        // What a vendor stores of a sample depends on the sample, not on how it came over the wire.
        StoredBytes = StoredBytes * samples,
        Names = Names?.Select(n => n with { IndexedPoints = n.IndexedPoints * samples, IngestedPoints = n.IngestedPoints * samples }).ToList(),
    };

    static bool Fit<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b) => a is null || b is null || a.Count == b.Count || a.Count == 1 || b.Count == 1;

    static IReadOnlyList<T>? Steps<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b, Func<T, T, T> add) =>
        a is null ? b : b is null ? a : [.. Enumerable.Range(0, Math.Max(a.Count, b.Count)).Select(i => add(a[i % a.Count], b[i % b.Count]))];

    static double? Total(double? a, double? b) => a is null ? b : b is null ? a : a + b;

    static Rejection Wrong(string field, string detail) => Rejection.Invalid("usage-invalid", field, detail);
}
