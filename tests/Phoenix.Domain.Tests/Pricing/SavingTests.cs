using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>What a verdict says about money, from an experiment's evidence.</summary>
public sealed class SavingTests
{
    [Fact]
    public void a_saving_inside_a_free_allowance_is_worth_nothing()
    {
        // 1,000 and 300 series of 10,000 free ones; 1,000 samples in 5 s are 12,000 points per minute and would be 2,000 billable ones.
        // So the baseline is billed 2,000 · 6.50 ÷ 1,000 = 13 and the candidate, with 3,600 points per minute, nothing.
        Saving.Of(Price.List(ListPrices.Find("grafana-cloud-pro-series")!), Evidence.None.Add(Given.Window(1)), 1)!.PerMonth.ShouldBe(13);
        // The series alone would not have been: a hundred of them at one point per minute, against 30.
        var slow = Evidence.None.Add(Given.Window(1) with { Seconds = 60 });
        Saving.Of(Price.List(ListPrices.Find("grafana-cloud-pro-series")!), slow, 1)!.PerMonth.ShouldBe(0);
    }

    [Fact]
    public void a_saving_says_from_how_little_it_was_extrapolated()
    {
        // 700 samples less in 5 s are 140 a second, 367.92 million in 730 hours, at 0.10 a million.
        var saving = Saving.Of(Price.List(ListPrices.Find("signoz-cloud-samples")!), Evidence.None.Add(Given.Window(1)), 1)!;
        saving.PerMonth.ShouldBe(36.792m, 0.0001m);
        saving.ExtrapolatedFromMinutes.ShouldBe(5.0 / 60, 1e-9);
    }

    [Fact]
    public void what_was_measured_over_more_than_a_month_is_priced_by_the_month()
    {
        // 1,460 hours, twice a month: 2 and 0.5 billion samples are 1,000 and 250 million a month, at 0.10 a million.
        var window = Given.Window(1);
        window = window with { Seconds = 1460 * 3600, Baseline = window.Baseline with { Samples = 2_000_000_000 }, Candidate = window.Candidate with { Samples = 500_000_000 } };
        var saving = Saving.Of(Price.List(ListPrices.Find("signoz-cloud-samples")!), Evidence.None.Add(window), 1)!;
        saving.BaselinePerMonth.ShouldBe(100);
        saving.PerMonth.ShouldBe(75);
        saving.ExtrapolatedFromMinutes.ShouldBe(1460 * 60);
    }

    [Fact]
    public void without_a_published_price_there_is_no_saving_to_tell() =>
        Saving.Of(Price.List(ListPrices.Find("chronosphere-persisted-writes")!), Evidence.None.Add(Given.Window(1)), 1).ShouldBeNull();

    [Fact]
    public void an_experiment_cannot_be_drafted_with_a_price_that_needs_a_contract()
    {
        var decision = DraftExperiment.Decide("e", null, new(Given.Baseline, "s", false), new(Given.Candidate, "s", false), ["h1"], new HashSet<string> { "h1" },
            Given.Draft().Plan, SuccessCriteria.Default with { Claim = VerdictClaim.Observed }, [], "splunk-metric-time-series", Books.Seeded, Books.Day);
        decision.Rejection.ShouldNotBeNull().Code.ShouldBe("price-needs-contract");
        decision.Rejection.Field.ShouldBe("priceEntry");
    }
}
