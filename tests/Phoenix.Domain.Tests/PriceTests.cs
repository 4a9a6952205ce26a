using CsCheck;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests;

/// <summary>Bills worked out by hand from the list prices, in the comments.</summary>
public sealed class PriceTests
{
    [Theory]
    // SigNoz: 3,000 million samples at 0.10 a million.
    [InlineData("signoz-cloud-samples", 3e9, 1, 300)]
    // Azure: 1,000 million samples are 100 times 10 million at 0.16.
    [InlineData("azure-managed-prometheus-samples", 1e9, 1, 16)]
    // Google: 50,000 million at 0.06 is 3,000; the next 10,000 million at 0.048 are 480.
    [InlineData("google-managed-prometheus-samples", 60e9, 1, 3480)]
    // Amazon: 40 million free; 1,960 million to 2 billion at 0.90 per 10 million are 176.40; 1 billion at 0.35 are 35.
    [InlineData("aws-managed-prometheus-samples", 3e9, 1, 211.40)]
    // Grafana: 10,000 free, 5,000 at 6.50 per thousand.
    [InlineData("grafana-cloud-pro-series", 15_000, 1, 32.50)]
    [InlineData("grafana-cloud-pro-series", 9_000, 1, 0)]
    // Datadog Pro: 100 a host are free on 3 hosts; 700 of 1,000 at 5 per 100.
    [InlineData("datadog-pro-custom-metrics", 1_000, 3, 35)]
    // New Relic: 100 GB free, 50 at 0.40.
    [InlineData("new-relic-ingest", 150e9, 1, 20)]
    public void a_bill_is_what_the_vendor_would_write(string entry, double units, int hosts, double expected) =>
        PriceBook.Find(entry)!.Bill(units, hosts).ShouldBe((decimal)expected, 0.0001m);

    [Fact]
    public void more_units_never_cost_less() =>
        Gen.Select(Gen.Int[0, PriceBook.Entries.Count - 1], Gen.Double[0, 1e12], Gen.Double[0, 1e12], Gen.Int[1, 50]).Sample((entry, a, b, hosts) =>
            PriceBook.Entries[entry].Bill(Math.Min(a, b), hosts) <= PriceBook.Entries[entry].Bill(Math.Max(a, b), hosts));

    [Fact]
    public void a_saving_inside_a_free_allowance_is_worth_nothing()
    {
        var saving = Saving.Of(PriceBook.Find("grafana-cloud-pro-series")!, Evidence.None.Add(Given.Window(1)), 1);
        saving.PerMonth.ShouldBe(0);
    }

    [Fact]
    public void a_saving_says_from_how_little_it_was_extrapolated()
    {
        // 700 samples less in 5 s are 140 a second, 367.92 million in 730 hours, at 0.10 a million.
        var saving = Saving.Of(PriceBook.Find("signoz-cloud-samples")!, Evidence.None.Add(Given.Window(1)), 1);
        saving.PerMonth.ShouldBe(36.792m, 0.0001m);
        saving.ExtrapolatedFromMinutes.ShouldBe(5.0 / 60, 1e-9);
    }
}
