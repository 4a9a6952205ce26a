using CsCheck;

namespace Phoenix.Telemetry.Tests;

public class SeriesHistoryTests
{
    private const double Deviations = 6;

    [Fact]
    public void a_steady_series_with_the_chance_of_its_kind_stays_in_range()
    {
        var random = new Random(1);
        var (judged, outside) = (0, 0);
        for (var series = 0; series < 400; series++)
        {
            var history = new SeriesHistory();
            var mean = Math.Pow(10, random.NextDouble() * 4);
            for (var interval = 0; interval < 100; interval++)
            {
                var value = Poisson(random, mean);
                judged += history.IsKnown ? 1 : 0;
                outside += history.IsOutOfRange(value, Deviations, isCount: true, 0, out _, out _) ? 1 : 0;
                history.Add(value);
            }
        }

        judged.ShouldBeGreaterThan(30_000);
        ((double)outside / judged).ShouldBeLessThan(1e-3);
    }

    [Fact]
    public void a_series_that_leaves_its_range_is_seen_in_the_very_next_interval_also_after_earlier_outliers() =>
        Gen.Select(Gen.Double[-1e6, 1e6], Gen.Double[0.01, 100].Array[12], Gen.Int[0, 3], Gen.Bool).Sample((level, noise, outliers, up) =>
        {
            var history = new SeriesHistory();
            for (var i = 0; i < 12; i++)
                history.Add(level + (i < outliers ? 1e9 : noise[i]));
            history.IsOutOfRange(level + noise.Average(), Deviations, false, 100, out _, out _).ShouldBeFalse();
            history.IsOutOfRange(level + (up ? 1 : -1) * (2000 + Math.Abs(level)), Deviations, false, 0, out var median, out var range).ShouldBeTrue();
            median.ShouldBeInRange(level - 0.5, level + 101);
            range.ShouldBeGreaterThan(0);
        });

    [Fact]
    public void nothing_is_said_before_there_is_a_history_and_a_change_that_does_not_matter_is_none()
    {
        var history = new SeriesHistory();
        for (var i = 0; i < SeriesHistory.Enough; i++)
        {
            history.IsOutOfRange(1e9, Deviations, false, 0, out _, out _).ShouldBeFalse();
            history.Add(0);
        }

        history.IsOutOfRange(3, Deviations, false, leastChange: 5, out _, out _).ShouldBeFalse();
        history.IsOutOfRange(6, Deviations, false, leastChange: 5, out _, out _).ShouldBeTrue();
        history.IsOutOfRange(double.NaN, Deviations, false, leastChange: 5, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void a_new_level_becomes_the_normal_one()
    {
        var history = new SeriesHistory();
        for (var i = 0; i < 12; i++)
            history.Add(10);
        var outside = 0;
        for (var i = 0; i < 12; i++)
        {
            outside += history.IsOutOfRange(1000, Deviations, true, 0, out _, out _) ? 1 : 0;
            history.Add(1000);
        }

        outside.ShouldBeInRange(6, 8);
    }

    private static double Poisson(Random random, double mean)
    {
        // A sum of exponential waiting times below 1 for small means, the normal limit for large ones.
        if (mean > 200)
            return Math.Max(0, Math.Round(mean + Math.Sqrt(mean) * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
        var (events, passed) = (0, 0.0);
        while ((passed -= Math.Log(1 - random.NextDouble())) < mean)
            events++;
        return events;
    }
}
