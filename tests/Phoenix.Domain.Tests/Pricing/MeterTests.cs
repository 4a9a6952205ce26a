using CsCheck;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>How quantities of a month come from what was measured in a part of it.</summary>
public sealed class MeterTests
{
    [Fact]
    public void totals_are_extrapolated_to_the_month_and_levels_are_not()
    {
        // 73 of 730 hours: ten times as many samples and bytes; as many stored bytes and series.
        var usage = new MeterUsage
        {
            Covered = TimeSpan.FromHours(73), Samples = 5, WireBytes = 3e9, StoredBytes = 1L << 31, QuerySamples = 7, HourlySeries = [new(4), new(6)],
            ActiveSeries = [9], PointsPerMinute = [2],
        };
        Quantity(PriceMeter.Samples, usage).ShouldBe(50);
        Quantity(PriceMeter.Gigabytes, usage).ShouldBe(30);
        Quantity(PriceMeter.QuerySamples, usage).ShouldBe(70);
        Quantity(PriceMeter.StoredGigabyteMonths, usage).ShouldBe(2);
        Quantity(PriceMeter.MeanHourlySeries, usage).ShouldBe(5);
        Quantity(PriceMeter.PercentileSeriesOrPoints, usage).ShouldBe(9);
        Quantity(PriceMeter.PersistedPointsPerSecond, usage).ShouldBe(5.0 / (73 * 3600), 1e-12);
    }

    [Fact]
    public void thresholds_of_a_month_hold_for_the_extrapolated_points()
    {
        // A tenth of a month: 11 points are 110 in a month, more than 100; 10 are 100, which is not. 2 million are 20, 10 beyond.
        var usage = new MeterUsage { Covered = TimeSpan.FromHours(73), Names = [new("a", 11, 11), new("b", 10, 10), new("c", 2e6, 2e6)] };
        Quantity(PriceMeter.MetricNames, usage).ShouldBe(2);
        Quantity(PriceMeter.IndexedPointsBeyond, usage).ShouldBe(10e6, 1);
    }

    [Fact]
    public void it_is_said_how_little_was_measured()
    {
        var bill = Books.Bill("signoz-cloud-samples", new MeterUsage { Covered = TimeSpan.FromMinutes(90), Samples = 1 });
        bill.From.ToString().ShouldBe("extrapolated from 90 minutes (0.205 % of the month)");
        Books.Bill("signoz-cloud-samples", Books.Month with { Samples = 1 }).From.IsWholeMonth.ShouldBeTrue();
    }

    [Fact]
    public void a_percentile_of_too_few_steps_says_so()
    {
        var charge = new Charge(PriceMeter.PercentileSeriesOrPoints, []);
        Meters.Of(charge, Books.Month with { ActiveSeries = new double[19], PointsPerMinute = new double[19] })!.Remark.ShouldNotBeNull().ShouldContain("too few steps");
        Meters.Of(charge, Books.Month with { ActiveSeries = new double[20], PointsPerMinute = new double[20] })!.Remark.ShouldBeNull();
        Meters.Of(charge, Books.Month with { ActiveSeries = new double[20] })!.Remark.ShouldBe("points per minute were not measured");
    }

    [Fact]
    public void a_95th_percentile_is_one_of_the_steps_and_at_most_five_of_a_hundred_are_higher() =>
        Gen.Double[0, 1e6].List[1, 400].Sample(steps =>
        {
            var p = Meters.Percentile95(steps);
            return steps.Contains(p) && 20 * steps.Count(s => s > p) <= steps.Count && 20 * steps.Count(s => s >= p) > steps.Count;
        });

    [Fact]
    public void steps_measured_together_are_added_one_by_one()
    {
        // The peaks do not coincide: 10 + 1, 1 + 10 are 11 and 11, not 20.
        var a = Books.Month with { ActiveSeries = [10, 1], Samples = 5, Hosts = 1 };
        var sum = a.Plus(Books.Month with { ActiveSeries = [1, 10], Samples = 7, Hosts = 2 }).Sum!;
        sum.ActiveSeries.ShouldBe([11, 11]);
        sum.Samples.ShouldBe(12);
        sum.Hosts.ShouldBe(3);
        a.Plus(Books.Month with { ActiveSeries = [100] }).Sum!.ActiveSeries.ShouldBe([110, 101]);
        a.Plus(Books.Month with { ActiveSeries = [1, 2, 3] }).Rejection.ShouldNotBeNull().Code.ShouldBe("usage-invalid");
    }

    [Fact]
    public void totals_over_other_times_are_brought_to_the_same_time_before_they_are_added()
    {
        // 1,000 in 30 days are 100 in three; names add by name.
        var three = Books.Month with { Covered = TimeSpan.FromDays(3), Samples = 5, Names = [new("a", 1, 2)] };
        var sum = three.Plus(Books.Month with { Samples = 1000, Names = [new("a", 10, 10), new("b", 20, 20)] }).Sum!;
        sum.Samples.ShouldBe(105);
        sum.Names.ShouldBe([new("a", 2, 3), new("b", 2, 2)]);
        sum.Covered.ShouldBe(TimeSpan.FromDays(3));
    }

    static readonly Gen<MeterUsage> Sample = Gen.Select(Gen.Double[30, 3600], Gen.Double[0, 1e6], Gen.Double[0, 1e9], Gen.Double[0, 1e9],
        (seconds, series, samples, bytes) => MeterUsage.Steady(TimeSpan.FromSeconds(seconds), 1, series, samples, bytes));

    [Fact]
    public void hosts_together_send_at_the_sum_of_their_rates_however_long_each_was_seen() => Sample.List[1, 20].Sample(hosts =>
    {
        var all = MeterUsage.Together(hosts).Sum!;
        (all.Covered, all.Hosts).ShouldBe((hosts.Min(h => h.Covered), hosts.Count));
        Close(all.Samples!.Value / all.Covered.TotalSeconds, hosts.Sum(h => h.Samples!.Value / h.Covered.TotalSeconds));
        Close(all.WireBytes!.Value / all.Covered.TotalSeconds, hosts.Sum(h => h.WireBytes!.Value / h.Covered.TotalSeconds));
        Close(all.PointsPerMinute!.Single(), hosts.Sum(h => h.Samples!.Value / h.Covered.TotalMinutes));
        Close(all.ActiveSeries!.Single(), hosts.Sum(h => h.ActiveSeries!.Single()));
        Close(all.HourlySeries!.Single().Plain, hosts.Sum(h => h.HourlySeries!.Single().Plain));

        static void Close(double actual, double expected) => actual.ShouldBe(expected, 1e-9 * Math.Max(1, expected));
    });

    [Fact]
    public void nonsense_of_one_host_is_said_and_not_added() =>
        MeterUsage.Together([MeterUsage.Steady(TimeSpan.FromMinutes(1), 1, 1, 1, 1), MeterUsage.Steady(TimeSpan.FromMinutes(2), 1, -1, 1, 1)]).Rejection.ShouldNotBeNull().Code.ShouldBe("usage-invalid");

    [Fact]
    public void series_samples_and_bytes_shrink_each_by_its_own()
    {
        var left = new MeterUsage
        {
            Covered = TimeSpan.FromDays(1), HourlySeries = [new(10, 20, 30, 40)], ActiveSeries = [10], PointsPerMinute = [10], Samples = 10, WireBytes = 10,
            StoredBytes = 10, QuerySamples = 10, Names = [new("a", 10, 20)],
        }.Times(0.5, 0.2, 0.1);
        left.HourlySeries.ShouldBe([new(5, 10, 15, 20)]);
        left.ActiveSeries.ShouldBe([5]);
        left.PointsPerMinute.ShouldBe([2]);
        (left.Samples, left.WireBytes, left.StoredBytes, left.QuerySamples).ShouldBe((2, 1, 2, 10));
        left.Names.ShouldBe([new("a", 2, 4)]);
    }

    [Fact]
    public void what_was_not_measured_is_not_none()
    {
        Books.Month.Plus(Books.Month with { Samples = 1 }).Sum!.Samples.ShouldBe(1);
        Books.Month.Plus(Books.Month).Sum!.Samples.ShouldBeNull();
        foreach (var meter in Enum.GetValues<PriceMeter>()) Meters.Of(new(meter, []), Books.Month).ShouldBeNull(meter.ToString());
    }

    public static readonly TheoryData<MeterUsage, string> Nonsense = new()
    {
        { Books.Month with { Samples = double.NaN }, "samples" },
        { Books.Month with { Samples = -1 }, "samples" },
        { Books.Month with { WireBytes = double.PositiveInfinity }, "wireBytes" },
        { Books.Month with { StoredBytes = 1e19 }, "storedBytes" },
        { Books.Month with { QuerySamples = double.NegativeInfinity }, "querySamples" },
        { Books.Month with { ActiveSeries = [1, double.NaN] }, "activeSeries" },
        { Books.Month with { PointsPerMinute = [-0.5] }, "pointsPerMinute" },
        { Books.Month with { HourlySeries = [new(1, double.NaN)] }, "hourlySeries" },
        { Books.Month with { HourlySeries = [] }, "series" },
        { Books.Month with { Names = [new("a", 1, double.NaN)] }, "names" },
        { Books.Month with { Names = [new("a", 1, 1), new("a", 2, 2)] }, "names" },
        { Books.Month with { Covered = TimeSpan.Zero }, "covered" },
        { Books.Month with { Covered = TimeSpan.FromDays(31) }, "covered" },
        { Books.Month with { Month = TimeSpan.FromDays(365) }, "month" },
        { Books.Month with { Hosts = -1 }, "hosts" },
    };

    [Theory, MemberData(nameof(Nonsense))]
    public void no_bill_is_made_of_nonsense(MeterUsage usage, string field)
    {
        var rejection = Books.Full.Price("signoz-cloud-samples").BillOf(usage).Rejection.ShouldNotBeNull();
        rejection.Code.ShouldBe("usage-invalid");
        rejection.Field.ShouldBe(field);
    }

    [Fact]
    public void a_month_that_no_vendor_could_ingest_is_refused_and_not_thrown() =>
        Books.Full.Price("signoz-cloud-samples").BillOf(new() { Covered = TimeSpan.FromSeconds(1), Samples = 1e18 }).Rejection.ShouldNotBeNull().Code.ShouldBe("usage-invalid");

    static double Quantity(PriceMeter meter, MeterUsage usage) => Meters.Of(new(meter, []), usage).ShouldNotBeNull().Units;
}
