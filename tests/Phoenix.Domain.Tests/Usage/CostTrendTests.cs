using CsCheck;
using Phoenix.Domain.Usage;

namespace Phoenix.Domain.Tests.Usage;

public sealed class CostTrendTests
{
    static readonly DateOnly November = new(2026, 11, 1), Through = new(2026, 11, 20);

    static List<DayValue> Days(int count, Func<int, double> value) => [.. Enumerable.Range(0, count).Select(i => new DayValue(Through.AddDays(i + 1 - count), value(i)))];

    [Fact]
    public void fewer_than_a_week_is_no_trend_and_no_forecast()
    {
        CostTrend.Of(Days(6, _ => 1)).Missing.ShouldBe("6 of 7 days that are added up");
        var (forecast, missing) = MonthForecast.Of(November, Days(6, _ => 1), 6, Through);
        forecast.ShouldBeNull();
        missing.ShouldBe("6 of 7 days that are added up");
    }

    [Fact]
    public void a_straight_line_is_found_exactly_and_goes_on() => Gen.Select(Gen.Double[-2, 5], Gen.Int[7, 28]).Sample((slope, count) =>
    {
        var days = Days(count, i => 100 + slope * i);
        var trend = CostTrend.Of(days).Trend!;
        trend.PerDay.ShouldBe(slope, 1e-9);
        (trend.Lower <= trend.PerDay && trend.PerDay <= trend.Upper).ShouldBeTrue();
        var spent = days.Where(d => d.Day >= November).Sum(d => d.Value);
        var forecast = MonthForecast.Of(November, days, spent, Through).Forecast!;
        forecast.DaysToCome.ShouldBe(10);
        forecast.Estimate.ShouldBe(spent + Enumerable.Range(count, 10).Sum(i => 100 + slope * i), 1e-6);
    });

    [Fact]
    public void a_day_that_is_a_thousand_times_too_dear_does_not_make_a_trend()
    {
        var trend = CostTrend.Of(Days(28, i => i == 20 ? 100_000 : 100 + i)).Trend!;
        trend.PerDay.ShouldBe(1, 0.1);
        trend.Level.ShouldBe(113, 2);
    }

    [Fact]
    public void the_order_of_days_does_not_matter_and_bounds_hold_the_estimate() => Gen.Select(Gen.Double[0, 1e6].Array[7, 40], Gen.Int).Sample((values, seed) =>
    {
        var days = Days(values.Length, i => values[i]);
        var shuffled = days.ToArray();
        new Random(seed).Shuffle(shuffled);
        CostTrend.Of(shuffled).ShouldBe(CostTrend.Of(days));
        var forecast = MonthForecast.Of(November, days, 5, Through).Forecast!;
        forecast.Lower.ShouldBeLessThanOrEqualTo(forecast.Estimate);
        forecast.Estimate.ShouldBeLessThanOrEqualTo(forecast.Upper);
        forecast.Lower.ShouldBeGreaterThanOrEqualTo(5);
    });

    [Fact]
    public void a_month_that_is_over_has_cost_what_it_has_cost()
    {
        var end = new DateOnly(2026, 11, 30);
        var forecast = MonthForecast.Of(November, [.. Enumerable.Range(0, 20).Select(i => new DayValue(end.AddDays(-i), i))], 123, end).Forecast!;
        (forecast.Lower, forecast.Estimate, forecast.Upper, forecast.DaysToCome).ShouldBe((123, 123, 123, 0));
    }

    [Fact]
    public void of_months_that_go_on_as_before_the_interval_holds_nearly_all()
    {
        // Ten days to come after 28, a slope, a weekly rhythm and noise that lasts from day to day.
        var (random, held) = (new Random(7), 0);
        const int Months = 500;
        for (var m = 0; m < Months; m++)
        {
            var (noise, slope) = (0.0, random.NextDouble() * 2 - 1);
            var values = Enumerable.Range(0, 38).Select(i =>
            {
                noise = 0.5 * noise + 5 * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5);
                return 200 + slope * i + (i % 7 >= 5 ? -15 : 0) + noise;
            }).ToList();
            var days = Days(28, i => values[i]);
            var spent = days.Where(d => d.Day >= November).Sum(d => d.Value);
            var forecast = MonthForecast.Of(November, days, spent, Through).Forecast!;
            if (spent + values.Skip(28).Sum() is var truth && forecast.Lower <= truth && truth <= forecast.Upper) held++;
        }
        held.ShouldBeGreaterThanOrEqualTo(Months * 95 / 100);
    }

    static LedgerCell Cell(DateOnly day, string team, decimal cost) => new(
        day, new(null, 1, "p", "h"), new(null, team, "s", [], 1, 1, 0, UsageTotals.Zero, UsageTotals.Zero, 0, null), Sent.Nothing, Sent.Nothing, cost, 0);

    [Fact]
    public void drivers_add_up_to_the_change_of_the_daily_cost_with_those_that_came_and_went() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, 1000]).Array[1, 30].Sample(all =>
        {
            var cells = all.Select(c => Cell(November.AddDays(c.Item1), $"t{c.Item2}", c.Item3)).ToList();
            var (before, after) = (cells.Where(c => c.Day.Day <= 2).ToList(), cells.Where(c => c.Day.Day > 2).ToList());
            var drivers = CostDriver.Between(LedgerDimension.Team, before, 2, after, 3);
            drivers.Sum(d => d.Change).ShouldBe(after.Sum(c => c.Cost) / 3 - before.Sum(c => c.Cost) / 2, 1e-9m);
            drivers.Select(d => Math.Abs(d.Change)).ShouldBeInOrder(SortDirection.Descending);
        });
}
