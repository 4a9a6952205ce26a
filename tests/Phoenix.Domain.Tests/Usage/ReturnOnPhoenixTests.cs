using CsCheck;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Usage;

namespace Phoenix.Domain.Tests.Usage;

public sealed class ReturnOnPhoenixTests
{
    static readonly DateOnly Day = new(2026, 11, 1);
    static readonly OperatorRates Rates = new("USD", 0.04m, 0.005m, 0.1m);

    static ReturnOnPhoenix Of(Money? saved, OwnUse? agents, OperatorRates? rates, OwnUse? experiments = null, OwnUse? pipelines = null, params ExchangeRate[] exchange) =>
        ReturnOnPhoenix.Of(saved, null, experiments ?? new(10, 100), pipelines ?? OwnUse.Nothing, agents, rates, null, exchange, Day);

    [Fact]
    public void what_it_took_is_priced_and_taken_off()
    {
        // 10 · 0.04 + 100 · 0.005 and 5 · 0.04 + 20 · 0.005.
        var r = Of(new(12, "USD"), new(5, 20), Rates);
        (r.Cost, r.Net, r.Missing.Count).ShouldBe((1.2m, 10.8m, 0));
        r.Ratio!.Value.ShouldBe(9.0, 1e-12);
        r.Costs.Select(c => (c.Of, c.Cost)).ShouldBe([("experiments", 0.9m), ("pipelines", 0m), ("agents", 0.3m)]);
        OwnUse.Of(new(0.5, 2e9), TimeSpan.FromHours(4)).ShouldBe(new(2, 8));
    }

    [Fact]
    public void what_is_not_known_is_named_and_no_figure_is_made_of_it()
    {
        var noRates = Of(new(12, "USD"), new(5, 20), null);
        (noRates.Saved, noRates.Cost, noRates.Net, noRates.Ratio, noRates.Missing.Count).ShouldBe((12, null, null, null, 1));
        var noAgents = Of(new(12, "USD"), null, Rates);
        (noAgents.Cost, noAgents.Net, noAgents.Ratio, noAgents.Missing.Count).ShouldBe((null, null, null, 1));
        var nothingSaved = Of(null, new(5, 20), Rates);
        (nothingSaved.Cost, nothingSaved.Net, nothingSaved.Ratio, nothingSaved.Missing.Count).ShouldBe((1.2m, null, null, 1));
        var cheaper = Of(new(12, "USD"), OwnUse.Nothing, Rates, pipelines: new(-20, -200));
        (cheaper.Cost, cheaper.Net, cheaper.Ratio, cheaper.Missing.Count).ShouldBe((-0.9m, 12.9m, null, 1));
    }

    [Fact]
    public void another_currency_is_converted_by_the_operators_rate_or_not_at_all()
    {
        var without = Of(new(12, "EUR"), new(5, 20), Rates);
        (without.Currency, without.Saved, without.Ratio).ShouldBe(("USD", null, null));
        without.Missing.ShouldHaveSingleItem().ShouldContain("EUR to USD");
        Of(new(12, "EUR"), new(5, 20), Rates, exchange: new ExchangeRate("EUR", "USD", 1.1m, Day, "bank")).Net.ShouldBe(13.2m - 1.2m);
    }

    [Fact]
    public void net_and_cost_are_what_was_saved() =>
        Gen.Select(Gen.Decimal[-1000, 1000], Gen.Double[0, 1000], Gen.Double[0, 1000], Gen.Double[-100, 100]).Sample((saved, cores, memory, more) =>
        {
            var r = Of(new(saved, "USD"), new(cores, memory), Rates, new(memory, cores), new(more, -more));
            r.Net!.Value.ShouldBe(saved - r.Cost!.Value);
            r.Cost.Value.ShouldBe(r.Costs.Sum(c => c.Cost!.Value));
            (r.Ratio is null).ShouldBe(r.Cost <= 0);
        });
}
