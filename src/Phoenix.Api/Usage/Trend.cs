using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain.Usage;
using Wolverine.Http;

namespace Phoenix.Api.Usage;

/// <param name="Missing">What the trend or the forecast lacks, where they are null.</param>
/// <param name="Cost">Of the daily cost of everything in the ledger.</param>
/// <param name="Series">Of live series that left, mean of a day.</param>
/// <param name="MonthEnd">What this month (UTC) will have cost; null where no day of it is added up.</param>
/// <param name="Drivers">What changed most between the earlier and the later half of the days.</param>
public sealed record TrendView(
    string Price, string? Currency, DateOnly From, DateOnly To, int Days, string? Missing, CostTrend? Cost, CostTrend? Series, MonthForecast? MonthEnd,
    LedgerDimension By, bool Overlapping, IReadOnlyList<CostDriver> Drivers);

public static class TrendEndpoint
{
    const int MostDays = 365;

    /// <summary>
    /// How the daily cost and the live series change, what drives the change, and what the month will have cost at its end. Below
    /// <see cref="CostTrend.LeastDays"/> days it says what is missing instead of a figure.
    /// </summary>
    /// <param name="days">How many days back, the last one that was added up included; 28 where left out.</param>
    /// <param name="by">What a driver is; pipelines where left out.</param>
    /// <param name="price">Id of a price entry. May be left out where every experiment in the ledger was valued by the same one.</param>
    [WolverineGet("/api/v2/savings/trend"), Tags("Savings"), ProducesResponseType<TrendView>(200), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(IQuerySession session, TimeProvider clock, int? days, LedgerDimension? by, string? price, CancellationToken cancellation)
    {
        if (days is < CostTrend.LeastDays or > MostDays) return Problems.Of(422, "days-invalid", $"A trend is of {CostTrend.LeastDays} to {MostDays} days.", "days");
        var (entry, unclear) = await LedgerEndpoint.Entry(price, session, cancellation);
        if (unclear is not null) return unclear.ToProblem();
        var today = clock.Today();
        var to = await LedgerEndpoint.LastDay(session, cancellation) ?? today;
        var from = to.AddDays(1 - (days ?? MonthForecast.LooksBack));
        var month = new DateOnly(today.Year, today.Month, 1);
        var begin = from < month ? from : month;
        var recorded = await session.Query<UsageDay>().Where(d => d.Day >= begin).ToListAsync(cancellation);
        var (cells, currency, wrong) = LedgerEndpoint.Priced(recorded, entry!, await session.PriceBook(cancellation));
        if (wrong is not null) return wrong.ToProblem();
        var asked = cells.Where(c => c.Day >= from).ToList();
        var costs = Daily(asked, c => (double)c.Cost);
        var (cost, missing) = CostTrend.Of(costs);
        var thisMonth = cells.Where(c => c.Day >= month).ToList();
        var forecast = to < month ? null : MonthForecast.Of(month, Daily(cells, c => (double)c.Cost), (double)thisMonth.Sum(c => c.Cost), to).Forecast;
        var middle = from.AddDays((to.DayNumber - from.DayNumber + 1) / 2);
        var (earlier, later) = (asked.Where(c => c.Day < middle).ToList(), asked.Where(c => c.Day >= middle).ToList());
        var dimension = by ?? LedgerDimension.Pipeline;
        return TypedResults.Ok(new TrendView(
            entry!, currency, from, to, costs.Count, missing, cost, CostTrend.Of(Daily(asked, c => c.After.Series)).Trend, forecast, dimension, dimension == LedgerDimension.Group,
            CostDriver.Between(dimension, earlier, DaysOf(earlier), later, DaysOf(later))));
    }

    static List<DayValue> Daily(IEnumerable<LedgerCell> cells, Func<LedgerCell, double> value) =>
        [.. cells.GroupBy(c => c.Day, (day, all) => new DayValue(day, all.Sum(value)))];

    static int DaysOf(IEnumerable<LedgerCell> cells) => cells.Select(c => c.Day).Distinct().Count();
}
