using CsCheck;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

public sealed class BillShareTests
{
    static readonly IReadOnlyList<Price> Prices = Books.Full.PricesOn(Books.Day);

    static readonly Gen<List<Rate>> AnyParts = Gen.Select(Gen.Double[0, 1e6], Gen.Double[0, 1e7]).List[1, 12].Select(l => l.Select(p => new Rate(p.Item1, p.Item2)).ToList());

    [Fact]
    public void parts_add_up_to_the_bill_of_the_whole() =>
        Gen.Select(Gen.Int[0, Prices.Count - 1], AnyParts, Gen.Int[0, 100]).Sample((price, parts, hosts) =>
        {
            var (costs, rejection) = BillShares.Of(Prices[price], parts, hosts);
            var (bill, unbilled) = Prices[price].BillOf(parts.Aggregate((a, b) => a + b).AsUsage(hosts));
            rejection?.Code.ShouldBe(unbilled?.Code);
            if (rejection is not null) return;
            costs!.Count.ShouldBe(parts.Count);
            costs.Sum().ShouldBe(bill!.Total);
        });

    [Fact]
    public void what_sends_more_of_everything_never_costs_less() =>
        Gen.Select(Gen.Int[0, Prices.Count - 1], AnyParts, Gen.Double[1, 5]).Sample((price, parts, times) =>
        {
            List<Rate> all = [.. parts, new(parts[0].Series * times, parts[0].SamplesPerMinute * times)];
            var (costs, rejection) = BillShares.Of(Prices[price], all, 0);
            if (rejection is null) costs![^1].ShouldBeGreaterThanOrEqualTo(costs[0] - 0.000001m);
        });

    [Fact]
    public void a_price_of_samples_divides_by_samples()
    {
        // 0.10 per million: 1 and 3 million a minute are 43,800 and 131,400 million a month of 730 hours.
        var (costs, _) = BillShares.Of(Books.Full.PriceOf("signoz-cloud-samples", Books.Day).Price!, [new(5, 1e6), new(5, 3e6)], 0);
        costs!.Select(c => decimal.Round(c, 6)).ShouldBe([4_380m, 13_140m]);
    }

    [Fact]
    public void a_price_of_bytes_has_nothing_to_bill() =>
        BillShares.Of(Books.Full.PriceOf("new-relic-ingest", Books.Day).Price!, [new(5, 1e6)], 0).Rejection!.Code.ShouldBe("meter-not-measured");
}
