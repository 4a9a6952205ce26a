using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>What a change is worth at the margin of everything that is billed, and what the experiment itself costs.</summary>
public sealed class MarginalSavingTests
{
    static readonly OperatorRates Rates = new("USD", PerCoreHour: 0.04m, PerMemoryGigabyteHour: 0.005m, PerStorageGigabyteMonth: 0.02m);

    [Theory]
    // 6,000 series less, all of them within the 10,000 that are free.
    [InlineData(0, 8_000, 2_000, 0, "it lies inside the allowance")]
    // With 5,000 elsewhere 13,000 were sent and 7,000 are: of 6,000 less, 3,000 were billed at 6.50 a thousand.
    [InlineData(5_000, 8_000, 2_000, 19.50, null)]
    // With 50,000 elsewhere all 6,000 were billed.
    [InlineData(50_000, 8_000, 2_000, 39, null)]
    [InlineData(50_000, 8_000, 8_000, 0, "as much as before is sent of what the vendor counts")]
    public void only_what_was_billed_is_saved(double elsewhere, double before, double after, double expected, string? why)
    {
        var saving = Saved("grafana-cloud-pro-series", Series(elsewhere), Series(before), Series(after));
        saving.PerMonth.ShouldBe((decimal)expected, 1e-9m);
        saving.WhyNothing.ShouldBe(why);
        saving.Before.PlatformFee.ShouldBe(19m);
    }

    [Fact]
    public void a_saving_is_worth_the_tier_that_it_is_taken_from()
    {
        // 300 billion before, 240 after: 50 billion at 0.036 a million are 1,800, the next 10 at 0.048 are 480.
        Saved("google-managed-prometheus-samples", Samples(200e9), Samples(100e9), Samples(40e9)).PerMonth.ShouldBe(2280m);
        // Priced alone it would have seemed 60 billion at 0.06 and 0.048: 50 at 0.048, 2,400, and 10 at 0.06, 600.
        var alone = MarginalSaving.Of(Books.Full.Price("google-managed-prometheus-samples"), null, Samples(100e9), Samples(40e9)).Saving!;
        alone.PerMonth.ShouldBe(3000m);
        alone.Gaps.ShouldContain(g => g.Contains("not declared"));
    }

    [Fact]
    public void a_saving_below_a_committed_minimum_is_worth_nothing()
    {
        // 5,000 million samples are 500, 2,000 are 200; 1,000 are committed.
        var price = new Price(ListPrices.Find("signoz-cloud-samples")!, [Books.Contract("a", "signoz-cloud-samples") with { MinimumPerMonth = 1000 }]);
        var saving = MarginalSaving.Of(price, Samples(0), Samples(5e9), Samples(2e9)).Saving!;
        saving.PerMonth.ShouldBe(0);
        saving.WhyNothing.ShouldBe("the contract's minimum is not used up either way");
    }

    [Fact]
    public void a_peak_within_the_forgiven_hours_saves_nothing()
    {
        // 100 of 2,160 steps are 100,000 series, the rest 20,000. Without the peak the 95th percentile is the same.
        double[] peaks = [.. Enumerable.Range(0, 2160).Select(i => i < 100 ? 100_000.0 : 20_000)];
        var before = Books.Month with { ActiveSeries = peaks, PointsPerMinute = peaks };
        var after = Books.Month with { ActiveSeries = new double[2160].Select(_ => 20_000.0).ToList(), PointsPerMinute = new double[2160].Select(_ => 20_000.0).ToList() };
        Saved("grafana-cloud-pro-series", null, before, after).PerMonth.ShouldBe(0);
    }

    [Fact]
    public void fewer_series_save_nothing_where_points_are_billed()
    {
        // 20,000 series at 4 points a minute are billed as 80,000; with half of the series and as many points nothing changes.
        var before = Books.Month with { ActiveSeries = [20_000], PointsPerMinute = [80_000] };
        Saved("grafana-cloud-pro-series", null, before, before with { ActiveSeries = [10_000] }).PerMonth.ShouldBe(0);
        // At half of the points 40,000 are billed less, at 6.50 a thousand.
        Saved("grafana-cloud-pro-series", null, before, before with { PointsPerMinute = [40_000] }).PerMonth.ShouldBe(260m);
    }

    [Fact]
    public void an_interval_of_the_reduction_is_one_of_money()
    {
        // Of 10,000 million samples at 0.10 a million, 1,000 in all: 30, 40 and 55 per cent.
        var saving = Estimated("signoz-cloud-samples", Samples(0), Samples(10e9), new(None, new(30, 40, 55), None));
        (saving.Lower, saving.PerMonth, saving.Upper).ShouldBe((300m, 400m, 550m));
        // Of 12,000 series 30, 40 and 55 per cent are 3,600, 4,800 and 6,600; only the 2,000 beyond the allowance were billed, at 6.50 a thousand.
        saving = Estimated("grafana-cloud-pro-series", Series(0), Series(12_000), new(new(30, 40, 55), new(30, 40, 55), None));
        (saving.Lower, saving.PerMonth, saving.Upper).ShouldBe((13m, 13m, 13m));
        // A lower bound below nothing is a loss.
        Estimated("signoz-cloud-samples", null, Samples(10e9), new(None, new(-5, 1, 5), None)).Lower.ShouldBe(-50m);
    }

    [Theory]
    [InlineData(50, 40, 60)]
    [InlineData(10, 40, 30)]
    [InlineData(double.NaN, 40, 60)]
    [InlineData(10, 40, 101)]
    [InlineData(double.NegativeInfinity, 40, 60)]
    public void an_interval_that_is_none_is_refused(double lower, double estimate, double upper) =>
        MarginalSaving.Estimated(Books.Full.Price("signoz-cloud-samples"), null, Samples(1), new(None, new(lower, estimate, upper), None))
            .Rejection.ShouldNotBeNull().Code.ShouldBe("reduction-invalid");

    /// <summary>Each indexed point includes five ingested ones, so that more of the indexed makes what is ingested elsewhere cheaper.</summary>
    [Fact]
    public void bounds_of_money_are_in_order_also_where_sending_less_saves_less()
    {
        var rest = Books.Month with { Names = [new("elsewhere", 0, 1_000_000)] };
        var usage = Books.Month with { Names = [new("here", 1_000, 1_000)] };
        var same = ReductionInterval.None;
        var saving = MarginalSaving.Estimated(Books.Full.Price("datadog-metric-names"), rest, usage, new(same, new(-30, -15, 0), same)).Saving!;
        // 150 more points indexed and ingested: 600 ingested ones less are billed, at 0.10 a million.
        saving.PerMonth.ShouldBe(600 * 0.10m / 1_000_000);
        saving.Lower.ShouldBe(0);
        saving.Upper.ShouldBe(1200 * 0.10m / 1_000_000);
    }

    [Fact]
    public void what_is_not_known_is_said()
    {
        var saving = Saved("aws-managed-prometheus-samples", Books.Month with { StoredBytes = 1 }, Samples(10), Samples(5));
        saving.Gaps.ShouldBe(
        [
            "Samples of the rest is not known and counted as none",
            "StoredGigabyteMonths was not measured here, so that its saving is left out",
            "QuerySamples was not measured here, so that its saving is left out",
        ]);
    }

    [Fact]
    public void a_saving_rests_on_what_was_measured_of_the_change_and_not_on_the_rest()
    {
        // A day of 30: 20 and 10 million samples a day are 600 and 300 million a month, at 0.10 a million 60 and 30, beside 100 for the rest.
        var day = Samples(20e6) with { Covered = TimeSpan.FromDays(1) };
        var saving = Saved("signoz-cloud-samples", Samples(1e9), day, day with { Samples = 10e6 });
        saving.PerMonth.ShouldBe(30m, 1e-6m);
        saving.Before.Total.ShouldBe(160m, 1e-6m);
        saving.From.MeasuredMinutes.ShouldBe(1440);
        saving.Before.From.MeasuredMinutes.ShouldBe(1440);
    }

    [Fact]
    public void arms_that_cannot_be_compared_are_refused()
    {
        var price = Books.Full.Price("signoz-cloud-samples");
        foreach (var other in new[] { Samples(1) with { Hosts = 2 }, Samples(1) with { Covered = TimeSpan.FromDays(1) }, Books.Month with { WireBytes = 1 } })
            MarginalSaving.Of(price, null, Samples(1), other).Rejection.ShouldNotBeNull().Code.ShouldBe("usage-arms-differ");
        MarginalSaving.Of(Books.Seeded.Price("splunk-metric-time-series"), null, Series(1), Series(1)).Rejection.ShouldNotBeNull().Code.ShouldBe("price-needs-contract");
        MarginalSaving.Of(Books.Full.Price("new-relic-ingest"), Books.Month with { WireBytes = 1 }, Samples(1), Samples(1))
            .Rejection.ShouldNotBeNull().Code.ShouldBe("meter-not-measured");
    }

    [Fact]
    public void what_if_answers_for_every_vendor_and_converts_only_by_a_rate_that_was_written_down()
    {
        var book = Books.Seeded.After(PriceBookDecisions.SetRate(Books.Seeded, new("USD", "EUR", 0.9m, Books.January, "treasury")));
        var answers = WhatIf.Of(book, Books.Day, Samples(0), Samples(10e9), Samples(4e9), "EUR");
        answers.Select(a => a.PriceEntry).ShouldBe(ListPrices.Entries.Select(e => e.Id), ignoreOrder: true);
        var signoz = answers.Single(a => a.PriceEntry == "signoz-cloud-samples");
        signoz.Saving!.PerMonth.ShouldBe(600m);
        signoz.Saving.Currency.ShouldBe("USD");
        signoz.InCurrency!.Amount.ShouldBe(new(540m, "EUR"));
        signoz.InCurrency.By.Source.ShouldBe("treasury");
        answers.Single(a => a.PriceEntry == "new-relic-ingest").Rejection!.Code.ShouldBe("meter-not-measured");
        answers.Single(a => a.PriceEntry == "chronosphere-persisted-writes").Rejection!.Code.ShouldBe("price-needs-contract");

        var yen = WhatIf.Of(book, Books.Day, null, Samples(10e9), Samples(4e9), "JPY").Single(a => a.PriceEntry == "signoz-cloud-samples");
        yen.InCurrency.ShouldBeNull();
        yen.NotConverted!.Code.ShouldBe("exchange-rate-missing");
    }

    [Fact]
    public void an_experiment_costs_what_it_takes_and_a_doubled_bill()
    {
        // Two cores and 8 GB for 73 hours: 146 core hours at 0.04, 5.84; 584 GB hours at 0.005, 2.92. 10 GB kept for two months at 0.02: 0.40.
        // In 73 hours the candidates send 1,000 million samples beside, at 0.10 a million: 100.
        var usual = Books.MeanMonth with { Samples = 50e9 };
        var export = new MeterUsage { Covered = TimeSpan.FromHours(10), Samples = 1e9 / 7.3 };
        var cost = Cost(new(TimeSpan.FromHours(73), new(2, 8e9), 10e9, TimeSpan.FromHours(1460), export), "signoz-cloud-samples", usual);
        cost.Cpu.ShouldBe(5.84m, 1e-9m);
        cost.Memory.ShouldBe(2.92m, 1e-9m);
        cost.Storage.ShouldBe(0.40m, 1e-9m);
        cost.DoubledBill.ShouldBe(100m, 1e-6m);
        cost.Total.ShouldBe(109.16m, 1e-6m);
        // What is counted and dropped doubles no bill.
        Cost(new(TimeSpan.FromHours(73), new(2, 8e9), 10e9, TimeSpan.FromHours(1460), null), "signoz-cloud-samples", usual).DoubledBill.ShouldBe(0);
    }

    [Theory]
    // 109 of 2,190 steps are forgiven: an export of 36 hours is free, one of 37 is billed as if it were there all month.
    // 20,000 series more at 6.50 a thousand.
    [InlineData("grafana-cloud-pro-series", 36, 0)]
    [InlineData("grafana-cloud-pro-series", 37, 130)]
    // A mean sees it for 73 of 730 hours: 2,000 of 20,000, at 0.05.
    [InlineData("datadog-pro-custom-metrics", 73, 100)]
    // 1,095 hours are a month and a half: a whole month of 20,000 is 1,000, a half 500.
    [InlineData("datadog-pro-custom-metrics", 1095, 1500)]
    // Two months and a half.
    [InlineData("datadog-pro-custom-metrics", 1825, 2500)]
    public void a_doubled_bill_is_metered_as_the_vendor_does(string entry, double hours, double expected)
    {
        var usual = Books.MeanMonth with { ActiveSeries = [20_000], PointsPerMinute = [20_000], HourlySeries = [new(20_000)] };
        Cost(new(TimeSpan.FromHours(hours), new(0, 0), 0, TimeSpan.Zero, usual), entry, usual).DoubledBill.ShouldBe((decimal)expected, 1e-6m);
    }

    [Fact]
    public void net_is_what_is_left_after_what_phoenix_takes()
    {
        // 400 saved. Half a core and 2 GB more for 730 hours: 365 at 0.04, 14.60, and 1,460 at 0.005, 7.30. Net 378.10.
        // An experiment of 73 hours on two cores cost 5.84, back after 5.84 ÷ 378.10 months.
        var saving = Estimated("signoz-cloud-samples", null, Samples(10e9), new(None, new(2, 40, 55), None));
        var cost = Cost(new(TimeSpan.FromHours(73), new(2, 0), 0, TimeSpan.Zero, null), "signoz-cloud-samples", Samples(1));
        var net = NetSaving.Of(saving, new(0.5, 2e9), Rates, cost, [], Books.Day).Net!;
        net.RunningPerMonth.ShouldBe(21.90m, 1e-9m);
        net.NetPerMonth.ShouldBe(378.10m, 1e-9m);
        // At the lower bound, 20, it takes more than it saves.
        net.Lower!.Value.ShouldBe(-1.90m, 1e-9m);
        net.Upper!.Value.ShouldBe(528.10m, 1e-9m);
        net.MonthsToPayBack!.Value.ShouldBe(5.84 / 378.10, 1e-9);
        NetSaving.Of(saving, new(100, 0), Rates, cost, [], Books.Day).Net!.MonthsToPayBack.ShouldBeNull();
    }

    [Fact]
    public void net_of_two_currencies_needs_the_operators_rate()
    {
        var euro = Rates with { Currency = "EUR" };
        var saving = Saved("signoz-cloud-samples", null, Samples(10e9), Samples(5e9));
        var footprint = new ExperimentFootprint(TimeSpan.FromHours(1), new(1, 0), 0, TimeSpan.Zero, null);
        var cost = ExperimentCost.Of(footprint, euro, null, null, null, [], Books.Day).Cost!;
        NetSaving.Of(saving, new(0, 0), euro, cost, [], Books.Day).Rejection.ShouldNotBeNull().Code.ShouldBe("exchange-rate-missing");
        NetSaving.Of(saving, new(0, 0), euro, cost, [new("EUR", "USD", 1.25m, Books.January, "bank")], Books.Day).Net!.NetPerMonth.ShouldBe(400m);
        NetSaving.Of(saving, new(0, 0), Rates, cost, [], Books.Day).Rejection.ShouldNotBeNull().Code.ShouldBe("currency-differs");
    }

    [Fact]
    public void a_cost_of_nonsense_is_refused()
    {
        var fine = new ExperimentFootprint(TimeSpan.FromHours(1), new(1, 0), 0, TimeSpan.Zero, null);
        Rejected(fine with { Candidates = new(double.NaN, 0) }, Rates).ShouldBe("footprint-invalid");
        Rejected(fine with { Candidates = new(0, double.PositiveInfinity) }, Rates).ShouldBe("footprint-invalid");
        Rejected(fine with { EvaluationBytes = double.NaN }, Rates).ShouldBe("footprint-invalid");
        Rejected(fine with { Duration = TimeSpan.FromHours(-1) }, Rates).ShouldBe("footprint-invalid");
        Rejected(fine, Rates with { Currency = "FOO" }).ShouldBe("currency-unknown");
        Rejected(fine, Rates with { PerCoreHour = -1 }).ShouldBe("operator-rates-invalid");
        Rejected(fine with { CandidateExport = Samples(1) }, Rates).ShouldBe("price-missing");
    }

    static string Rejected(ExperimentFootprint footprint, OperatorRates rates) =>
        ExperimentCost.Of(footprint, rates, null, null, null, [], Books.Day).Rejection.ShouldNotBeNull().Code;

    static ExperimentCost Cost(ExperimentFootprint footprint, string entry, MeterUsage usual)
    {
        var (cost, rejection) = ExperimentCost.Of(footprint, Rates, Books.Full.Price(entry), null, usual, [], Books.Day);
        rejection.ShouldBeNull();
        return cost!;
    }

    static MarginalSaving Saved(string entry, MeterUsage? rest, MeterUsage before, MeterUsage after)
    {
        var (saving, rejection) = MarginalSaving.Of(Books.Full.Price(entry), rest, before, after);
        rejection.ShouldBeNull();
        return saving!;
    }

    static MarginalSaving Estimated(string entry, MeterUsage? rest, MeterUsage before, Reduction reduction)
    {
        var (saving, rejection) = MarginalSaving.Estimated(Books.Full.Price(entry), rest, before, reduction);
        rejection.ShouldBeNull();
        return saving!;
    }

    static ReductionInterval None => ReductionInterval.None;

    static MeterUsage Samples(double samples) => Books.Month with { Samples = samples };

    static MeterUsage Series(double series) => Books.Month with { ActiveSeries = [series], PointsPerMinute = [series], HourlySeries = [new(series)] };
}
