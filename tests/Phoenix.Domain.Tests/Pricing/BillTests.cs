using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>Bills worked out by hand, vendor by vendor; the arithmetic is in the comments.</summary>
public sealed class BillTests
{
    [Theory]
    [InlineData(0, 0)]
    // 3,000 million samples at 0.10 a million.
    [InlineData(3e9, 300)]
    // One sample costs a ten-millionth.
    [InlineData(1, 0.0000001)]
    public void signoz_bills_samples(double samples, double expected) =>
        Books.Bill("signoz-cloud-samples", Books.Month with { Samples = samples }).Total.ShouldBe((decimal)expected, 1e-9m);

    [Fact]
    public void azure_bills_samples_and_what_queries_read()
    {
        // 1,000 million samples are 100 times 10 million at 0.16: 16.
        // 50,000 million samples read are 5,000 times 10 million at 0.001: 5.
        var bill = Books.Bill("azure-managed-prometheus-samples", Books.Month with { Samples = 1e9, QuerySamples = 50e9 });
        bill.Lines.Select(l => l.Amount).ShouldBe([16m, 5m]);
        bill.Total.ShouldBe(21m);
        bill.NotMeasured.ShouldBeEmpty();
    }

    [Theory]
    // 50,000 million at 0.06.
    [InlineData(50e9, 3000)]
    // One sample more is in the next tier: 0.000000048.
    [InlineData(50e9 + 1, 3000.000000048)]
    // 3,000 and 10,000 million at 0.048, 480.
    [InlineData(60e9, 3480)]
    // 3,000 and 200,000 million at 0.048, 9,600.
    [InlineData(250e9, 12_600)]
    // 12,600 and 250,000 million at 0.036, 9,000.
    [InlineData(500e9, 21_600)]
    // 21,600 and 100,000 million at 0.024, 2,400.
    [InlineData(600e9, 24_000)]
    public void google_bills_samples_by_tier(double samples, double expected) =>
        Books.Bill("google-managed-prometheus-samples", Books.Month with { Samples = samples }).Total.ShouldBe((decimal)expected, 1e-9m);

    [Theory]
    [InlineData(40e6, 0, 0, 0)]
    // 10 million beyond the 40 million that are free.
    [InlineData(50e6, 0, 0, 0.90)]
    // The free ones are part of the first tier: 1,960 million to 2 billion, 196 times 0.90.
    [InlineData(2e9, 0, 0, 176.40)]
    // 176.40 and 1 billion, 100 times 0.35.
    [InlineData(3e9, 0, 0, 211.40)]
    // 176.40 and 250 billion, 25,000 times 0.35, 8,750.
    [InlineData(252e9, 0, 0, 8926.40)]
    // 8,926.40 and 10 billion, 1,000 times 0.16.
    [InlineData(262e9, 0, 0, 9086.40)]
    // Of 30 GB (2³⁰ bytes) stored 10 are free: 20 at 0.03. At the edge nothing.
    [InlineData(0, 30, 0, 0.60)]
    [InlineData(0, 10, 0, 0)]
    // Of 300 billion samples read 200 are free: 100 at 0.10.
    [InlineData(0, 0, 300e9, 10)]
    // All three: 211.40 + 0.60 + 10.
    [InlineData(3e9, 30, 300e9, 222)]
    public void aws_bills_samples_storage_and_queries(double samples, double gigabytes, double read, double expected) =>
        Books.Bill("aws-managed-prometheus-samples", Books.Month with { Samples = samples, StoredBytes = gigabytes * (1L << 30), QuerySamples = read })
            .Total.ShouldBe((decimal)expected, 1e-9m);

    [Theory]
    // The platform costs 19, 10,000 series are free.
    [InlineData(9_000, 9_000, 19)]
    [InlineData(10_000, 10_000, 19)]
    [InlineData(10_001, 10_001, 19.0065)]
    // 5,000 at 6.50 a thousand are 32.50.
    [InlineData(15_000, 15_000, 51.50)]
    // 15,000 series every 15 s are 60,000 points per minute, which one a series includes: 50,000 at 6.50 a thousand are 325.
    [InlineData(15_000, 60_000, 344)]
    // 15,000 every two minutes are 7,500 points per minute: the series count.
    [InlineData(15_000, 7_500, 51.50)]
    public void grafana_bills_the_greater_of_series_and_points(double series, double points, double expected) =>
        Books.Bill("grafana-cloud-pro-series", Books.Month with { ActiveSeries = Steps(series), PointsPerMinute = Steps(points) }).Total.ShouldBe((decimal)expected, 1e-9m);

    [Theory]
    // A month of 30 days has 2,160 steps of 20 minutes. The 95th percentile is the one of rank 0.95 · 2,160 = 2,052, so that the 108
    // highest, 36 hours, do not count. 20,000 series: 10,000 at 6.50 a thousand and 19.
    [InlineData(108, 84)]
    // One step more, and it is a spike that is billed: 90,000 at 6.50 a thousand are 585, and 19.
    [InlineData(109, 604)]
    public void grafana_forgives_36_hours(int spikes, double expected)
    {
        var steps = Steps(20_000, spikes, 100_000);
        Books.Bill("grafana-cloud-pro-series", Books.Month with { ActiveSeries = steps, PointsPerMinute = Steps(0) }).Total.ShouldBe((decimal)expected, 1e-9m);
        Books.Bill("grafana-cloud-pro-series", Books.Month with { ActiveSeries = Steps(0), PointsPerMinute = steps }).Total.ShouldBe((decimal)expected, 1e-9m);
    }

    [Fact]
    public void datadog_bills_the_mean_of_hours_and_multiplies_histograms_and_distributions()
    {
        // The first hour counts 500 + 5 · 10 histograms + 5 · 100 distributions + 10 · 20 with percentiles = 1,250, the second 750: mean 1,000.
        // Three hosts of Pro include 300: 700 at 5 a hundred are 35. Of Enterprise they include 600: 400 are 20.
        var usage = Books.Month with { Hosts = 3, HourlySeries = [new(500, 10, 100, 20), new(750)] };
        var pro = Books.Bill("datadog-pro-custom-metrics", usage);
        pro.Lines.ShouldHaveSingleItem().Quantity.ShouldBe(1000);
        pro.Total.ShouldBe(35m);
        Books.Bill("datadog-enterprise-custom-metrics", usage).Total.ShouldBe(20m);
    }

    [Theory]
    [InlineData(300, 0)]
    // One beyond the allowance of three hosts is 0.05.
    [InlineData(301, 0.05)]
    public void datadogs_allowance_is_of_the_whole_organisation(double series, double expected) =>
        Books.Bill("datadog-pro-custom-metrics", Books.Month with { Hosts = 3, HourlySeries = [new(series)] }).Total.ShouldBe((decimal)expected, 1e-9m);

    [Fact]
    public void datadog_metric_names_are_billed_by_names_points_and_what_is_not_indexed()
    {
        // Two names have more than 100 indexed points, at 2: 4. The one of 100 is free.
        // One is 20 million beyond its 10 million, at 0.50 a million: 10.
        // 200,000,201 are ingested; 5 · 30,000,201 = 150,001,005 are included; 49,999,196 at 0.10 a million are 4.9999196.
        var usage = Books.Month with { Names = [new("a", 101, 101), new("b", 100, 100), new("c", 30e6, 200e6)] };
        var bill = Books.Bill("datadog-metric-names", usage);
        bill.Lines.Select(l => l.Amount).ShouldBe([4m, 10m, 4.9999196m]);
        bill.Total.ShouldBe(18.9999196m);
    }

    [Theory]
    [InlineData("new-relic-ingest", 100, 0)]
    // 50 GB (10⁹ bytes) beyond 100 at 0.40, with Data Plus at 0.60.
    [InlineData("new-relic-ingest", 150, 20)]
    [InlineData("new-relic-ingest-data-plus", 150, 30)]
    public void new_relic_bills_gigabytes_beyond_the_free_ones(string entry, double gigabytes, double expected) =>
        Books.Bill(entry, Books.Month with { WireBytes = gigabytes * 1e9 }).Total.ShouldBe((decimal)expected, 1e-9m);

    [Theory]
    [InlineData(10_000, 3000)]
    // 3,000 and 2,000 at 0.10.
    [InlineData(12_000, 3200)]
    // 3,000 and 240,000 at 0.10.
    [InlineData(250_000, 27_000)]
    // 27,000 and 750,000 at 0.05.
    [InlineData(1_000_000, 64_500)]
    // 64,500 and 200,000 at 0.02.
    [InlineData(1_200_000, 68_500)]
    public void cloudwatch_bills_metrics_by_tier(double metrics, double expected) =>
        Books.Bill("cloudwatch-custom-metrics", Books.Month with { HourlySeries = [new(metrics)] }).Total.ShouldBe((decimal)expected, 1e-9m);

    [Fact]
    public void cloudwatch_bills_the_hours_in_which_a_metric_was_there()
    {
        // 1,000 metrics for 180 of 720 hours are 250 metric-months at 0.30; a histogram is one metric.
        var usage = Books.Month with { HourlySeries = [.. Enumerable.Range(0, 720).Select(h => h < 180 ? new SeriesByKind(900, 100) : new SeriesByKind(0))] };
        Books.Bill("cloudwatch-custom-metrics", usage).Total.ShouldBe(75m);
    }

    [Fact]
    public void chronosphere_by_contract_bills_points_a_second()
    {
        // 2,592 million samples in 2,592,000 s are 1,000 a second, of which the contract includes 200: 800 at 0.02.
        Books.Bill("chronosphere-persisted-writes", Books.Month with { Samples = 2.592e9 }).Total.ShouldBe(16m);
    }

    [Fact]
    public void splunk_by_contract_counts_a_histogram_as_eight()
    {
        // 100 + 8 · 10 = 180 time series, of which the contract includes 100 for a host: 80 at 0.10.
        Books.Bill("splunk-metric-time-series", Books.Month with { Hosts = 1, HourlySeries = [new(100, 10)] }).Total.ShouldBe(8m);
    }

    [Fact]
    public void an_own_database_costs_what_its_operator_measured()
    {
        // 100,000 samples a second are 8.64 billion a day. Disk: · 30 days · 1.5 bytes · 2 replicas = 777.6 GB at 0.10, 77.76.
        // Memory follows the most series at a time: 1.5 million · 8,000 bytes · 2 = 24 GB at 3, 72.
        // CPU: 0.1 million a second · 2 cores · 2 = 0.4 cores at 20, 8.
        var usage = Books.Month with { Samples = 100_000 * Books.Month.Month.TotalSeconds, ActiveSeries = [1.2e6, 1.5e6, 1.3e6] };
        var bill = Books.Bill("self-hosted", usage);
        bill.Lines.Select(l => decimal.Round(l.Amount, 9)).ShouldBe([77.76m, 72m, 8m]);
        bill.Total.ShouldBe(157.76m, 1e-9m);
        // Of a tenth of the month a tenth of the samples was seen, at the same rate.
        Books.Bill("self-hosted", usage with { Covered = TimeSpan.FromDays(3), Samples = usage.Samples / 10 }).Total.ShouldBe(157.76m, 1e-9m);
    }

    [Fact]
    public void a_contract_changes_rates_allowance_fee_and_discount()
    {
        // 0.05 a million after 1,000 million: 4,000 million are 200. 10 % off are 180, the fee of 50 is not discounted: 230.
        var price = new Price(ListPrices.Find("signoz-cloud-samples")!,
        [
            Books.Contract("a", "signoz-cloud-samples", [new(PriceMeter.Samples, [new(0, 0.05m / 1_000_000)], Included: 1e9)]),
            Books.Contract("b", "signoz-cloud-samples") with { DiscountPct = 10, PlatformFee = 50 },
        ]);
        var bill = price.Bill(Books.Month with { Samples = 5e9 });
        bill.Discount.ShouldBe(20m);
        bill.Total.ShouldBe(230m);
        // A committed 500 is billed in any case, the fee beside it: 550.
        (price with { Overrides = [.. price.Overrides, Books.Contract("c", "signoz-cloud-samples") with { MinimumPerMonth = 500 }] })
            .Bill(Books.Month with { Samples = 5e9 }).Total.ShouldBe(550m);
    }

    [Fact]
    public void a_scale_brings_measured_bytes_to_the_vendors()
    {
        // An invoice showed 8 GB for each that went over the wire: 50 are 400, less 100 free, 300 at 0.40.
        var price = new Price(ListPrices.Find("new-relic-ingest")!, [Books.Contract("a", "new-relic-ingest", [new(PriceMeter.Gigabytes, Scale: 8)])]);
        price.Bill(Books.Month with { WireBytes = 50e9 }).Total.ShouldBe(120m);
    }

    [Theory]
    [InlineData("chronosphere-persisted-writes", "Chronosphere")]
    [InlineData("splunk-metric-time-series", "Splunk")]
    [InlineData("datadog-metric-names", "Datadog")]
    [InlineData("self-hosted", "OwnStorageGigabytes")]
    public void without_a_contract_what_has_no_published_price_is_not_priced(string entry, string says)
    {
        var usage = Books.Month with { Samples = 1, ActiveSeries = [1], HourlySeries = [new(1)], Names = [new("a", 1, 1)] };
        var (bill, rejection) = Books.Seeded.Price(entry).BillOf(usage);
        bill.ShouldBeNull();
        rejection.ShouldNotBeNull().Code.ShouldBe("price-needs-contract");
        rejection.Detail.ShouldContain(says);
    }

    [Fact]
    public void rates_without_figures_do_not_price_an_own_database()
    {
        var price = Books.Full.Price("self-hosted");
        (price with { Overrides = [.. price.Overrides.Select(o => o with { SelfHosted = null })] }).Problem().ShouldNotBeNull().Code.ShouldBe("price-needs-contract");
    }

    [Fact]
    public void every_entry_of_the_list_can_be_written_into_a_book() =>
        ListPrices.Entries.ShouldAllBe(e => PriceBookDecisions.AddEntry(PriceBook.Empty, e).Rejection == null);

    [Fact]
    public void a_line_that_was_not_measured_is_missing_and_named()
    {
        var bill = Books.Bill("aws-managed-prometheus-samples", Books.Month with { Samples = 50e6 });
        bill.NotMeasured.ShouldBe([PriceMeter.StoredGigabyteMonths, PriceMeter.QuerySamples]);
        bill.Total.ShouldBe(0.90m);
    }

    [Fact]
    public void where_nothing_was_measured_that_is_billed_there_is_no_bill() =>
        Books.Full.Price("new-relic-ingest").BillOf(Books.Month with { Samples = 1 }).Rejection.ShouldNotBeNull().Code.ShouldBe("meter-not-measured");

    static double[] Steps(double value, int spikes = 0, double spike = 0) =>
        // 7 and 2,160 have no divisor in common, so that the spikes are scattered over the month.
        [.. Enumerable.Range(0, 2160).Select(i => i * 7 % 2160 < spikes ? spike : value)];
}
