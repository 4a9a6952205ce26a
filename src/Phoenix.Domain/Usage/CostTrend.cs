namespace Phoenix.Domain.Usage;

/// <summary>One day's value: a cost, or live series.</summary>
public sealed record DayValue(DateOnly Day, double Value);

/// <summary>
/// How a value of days changes: the median of the slopes between all pairs of days, which a few odd days do not move (H. Theil, 1950; P. K. Sen,
/// <i>Estimates of the regression coefficient based on Kendall's tau</i>, JASA 63, 1968), with Sen's interval.
/// </summary>
/// <param name="Level">Median of the days.</param>
/// <param name="Centre">Days since the first at which the level stands.</param>
/// <param name="PerDay">Change a day.</param>
/// <param name="Lower">Of the 95 % interval, which takes days for independent of each other: a weekly rhythm makes it too narrow over few weeks.</param>
/// <param name="Days">That it rests on.</param>
public sealed record CostTrend(DateOnly First, double Level, double Centre, double PerDay, double Lower, double Upper, int Days)
{
    /// <summary>A week, so that every day of the week is in it.</summary>
    public const int LeastDays = 7;

    const double Normal95 = 1.959964;

    /// <param name="days">Each once, in any order.</param>
    /// <returns>Or what is missing.</returns>
    public static (CostTrend? Trend, string? Missing) Of(IReadOnlyList<DayValue> days)
    {
        if (days.Count < LeastDays) return (null, $"{days.Count} of {LeastDays} days that are added up");
        var ordered = days.OrderBy(d => d.Day).ToList();
        var n = ordered.Count;
        List<double> slopes = [];
        for (var i = 0; i < n; i++)
            for (var j = i + 1; j < n; j++)
                slopes.Add((ordered[j].Value - ordered[i].Value) / (ordered[j].Day.DayNumber - ordered[i].Day.DayNumber));
        slopes.Sort();
        // By Kendall's S, whose standard deviation without ties in time is known.
        var spread = Normal95 * Math.Sqrt(n * (n - 1) * (2 * n + 5) / 18.0);
        var (lower, upper) = ((int)Math.Floor((slopes.Count - spread) / 2) - 1, (int)Math.Ceiling((slopes.Count + spread) / 2));
        return (new(ordered[0].Day, Median([.. ordered.Select(d => d.Value)]), Median([.. ordered.Select(d => (double)(d.Day.DayNumber - ordered[0].Day.DayNumber))]),
            Median(slopes), slopes[Math.Max(0, lower)], slopes[Math.Min(slopes.Count - 1, upper)], n), null);
    }

    internal double At(DateOnly day, double perDay) => Level + perDay * (day.DayNumber - First.DayNumber - Centre);

    static double Median(List<double> values)
    {
        values.Sort();
        return values.Count % 2 == 1 ? values[values.Count / 2] : (values[values.Count / 2 - 1] + values[values.Count / 2]) / 2;
    }
}

/// <summary>What a month will have cost at its end, if it goes on like the days before.</summary>
/// <param name="Lower">
/// As if the trend were that of its lower bound and every day to come as far below it as the lowest of the days was. Wide on purpose: days of one month are
/// not independent. It knows nothing of what never happened before.
/// </param>
/// <param name="Days">That it rests on.</param>
/// <param name="DaysToCome">Days of the month that are not added up.</param>
public sealed record MonthForecast(DateOnly Month, double Estimate, double Lower, double Upper, int Days, int DaysToCome)
{
    /// <summary>How far back it looks.</summary>
    public const int LooksBack = 28;

    /// <param name="days">The last days that are added up, of the month and before it; at most <see cref="LooksBack"/> are used.</param>
    /// <param name="spent">What the month's days that are added up came to.</param>
    /// <param name="through">The last day that is added up.</param>
    /// <returns>Or what is missing.</returns>
    public static (MonthForecast? Forecast, string? Missing) Of(DateOnly month, IReadOnlyList<DayValue> days, double spent, DateOnly through)
    {
        var recent = days.Where(d => d.Day <= through && d.Day > through.AddDays(-LooksBack)).ToList();
        var (trend, missing) = CostTrend.Of(recent);
        if (trend is null) return (null, missing);
        var residuals = recent.Select(d => d.Value - trend.At(d.Day, trend.PerDay)).ToList();
        var (least, most) = (Math.Min(0, residuals.Min()), Math.Max(0, residuals.Max()));
        var (estimate, lower, upper, toCome) = (spent, spent, spent, 0);
        for (var day = through.AddDays(1); day < month.AddMonths(1); day = day.AddDays(1))
        {
            var (a, b) = (trend.At(day, trend.Lower), trend.At(day, trend.Upper));
            estimate += Math.Max(0, trend.At(day, trend.PerDay));
            lower += Math.Max(0, Math.Min(a, b) + least);
            upper += Math.Max(0, Math.Max(a, b) + most);
            toCome++;
        }
        return (new(month, estimate, lower, upper, recent.Count, toCome), null);
    }
}

/// <summary>What a row of the ledger has to do with a change of the daily cost.</summary>
/// <param name="Before">Cost a day in the earlier days.</param>
/// <param name="After">Cost a day in the later days.</param>
/// <param name="SeriesChange">Of live series, mean of a day.</param>
public sealed record CostDriver(string Key, Guid? Id, decimal Before, decimal After, double SeriesChange)
{
    public decimal Change => After - Before;

    /// <summary>The rows that changed most first. Over a dimension whose rows do not overlap their changes add up to that of the whole.</summary>
    /// <param name="daysBefore">Days that were added up, which may have no cell of a row.</param>
    public static IReadOnlyList<CostDriver> Between(
        LedgerDimension dimension, IReadOnlyCollection<LedgerCell> before, int daysBefore, IReadOnlyCollection<LedgerCell> after, int daysAfter)
    {
        if (daysBefore < 1 || daysAfter < 1) return [];
        var earlier = LedgerTotals.By(dimension, before).ToDictionary(r => (r.Key, r.Id));
        var later = LedgerTotals.By(dimension, after).ToDictionary(r => (r.Key, r.Id));
        return
        [
            .. earlier.Keys.Union(later.Keys).Select(key =>
            {
                var (b, a) = (earlier.GetValueOrDefault(key), later.GetValueOrDefault(key));
                return new CostDriver(key.Key, key.Id, (b?.Cost ?? 0) / daysBefore, (a?.Cost ?? 0) / daysAfter, (a?.After.Series ?? 0) / daysAfter - (b?.After.Series ?? 0) / daysBefore);
            }).OrderByDescending(d => Math.Abs(d.Change)).ThenBy(d => d.Key, StringComparer.Ordinal),
        ];
    }
}
