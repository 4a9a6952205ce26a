using CsCheck;
using Phoenix.Domain.Pricing;

namespace Phoenix.Domain.Tests.Pricing;

/// <summary>What holds for every price and every usage.</summary>
public sealed class PriceLawTests
{
    static readonly IReadOnlyList<Price> Prices = Books.Full.PricesOn(Books.Day);
    static readonly Gen<Price> AnyPrice = Gen.Int[0, Prices.Count - 1].Select(i => Prices[i]);

    static readonly Gen<SeriesByKind> AnyHour = Gen.Select(Gen.Double[0, 1e6], Gen.Double[0, 1e4], Gen.Double[0, 1e4], Gen.Double[0, 1e4], (a, b, c, d) => new SeriesByKind(a, b, c, d));

    static readonly Gen<List<MetricNameUsage>> AnyNames =
        Gen.Select(Gen.Double[0, 1e8], Gen.Double[1, 10]).List[1, 5].Select(l => l.Select((n, i) => new MetricNameUsage($"m{i}", n.Item1, n.Item1 * n.Item2)).ToList());

    static readonly Gen<MeterUsage> AnyUsage =
        Gen.Select(Gen.Double[0, 1e12], Gen.Double[0, 1e12], Gen.Double[0, 1e12], Gen.Int[0, 100], AnyHour.List[24, 24], Gen.Double[0, 1e6].List[72, 72], AnyNames)
            .Select(t => new MeterUsage
            {
                Covered = TimeSpan.FromDays(1), Samples = t.Item1, WireBytes = t.Item2, StoredBytes = t.Item3, QuerySamples = t.Item1 * 3, Hosts = t.Item4,
                HourlySeries = t.Item5, ActiveSeries = t.Item6, PointsPerMinute = t.Item6.AsEnumerable().Reverse().ToList(), Names = t.Item7,
            });

    [Fact]
    public void there_is_a_price_for_every_entry() => Prices.Count.ShouldBe(ListPrices.Entries.Count);

    [Fact]
    public void more_is_never_billed_less() =>
        Gen.Select(AnyPrice, AnyUsage, Gen.Double[1, 3], Gen.Double[1, 3], Gen.Double[1, 3]).Sample((price, usage, series, samples, bytes) =>
            price.Bill(usage.Times(series, samples, bytes)).Total >= price.Bill(usage).Total);

    [Fact]
    public void hosts_only_add_to_allowances() =>
        Gen.Select(AnyPrice, AnyUsage, Gen.Int[1, 50]).Sample((price, usage, hosts) =>
            price.Bill(usage with { Hosts = usage.Hosts + hosts }).Total <= price.Bill(usage).Total);

    [Fact]
    public void a_bill_does_not_jump_at_the_edge_of_a_tier_or_an_allowance()
    {
        foreach (var charge in Prices.SelectMany(p => p.Charges))
        {
            var dearest = charge.Tiers.Max(t => t.PerUnit);
            foreach (var edge in charge.Tiers.Select(t => t.From + charge.Included + 3 * charge.IncludedPerHost).Append(charge.Included + 3 * charge.IncludedPerHost))
            {
                // A distance that a double next to the edge can tell.
                var little = Math.Max(1e-6, edge * 1e-9);
                decimal At(double units) => charge.Amount(charge.Billable(units, 3));
                var jump = At(edge + little) - At(Math.Max(0, edge - little));
                // 15 digits of a quantity count, so that its amount is exact to that.
                jump.ShouldBeInRange(0, dearest * (decimal)(2.01 * little + edge * 1e-14), $"{charge.Meter} at {edge}");
            }
        }
    }

    [Fact]
    public void tiers_of_any_shape_are_continuous_and_rising() =>
        Gen.Select(Gen.Double[1, 1e6].Array[0, 6], Gen.Int[0, 1000].Array[7, 7], Gen.Double[0, 1e7], Gen.Double[0, 100]).Sample((steps, rates, units, more) =>
        {
            double from = 0;
            List<PriceTier> tiers = [new(0, rates[0] / 100m)];
            foreach (var (step, i) in steps.Select((s, i) => (s, i))) tiers.Add(new(from += step, rates[i + 1] / 100m));
            var charge = new Charge(PriceMeter.Samples, tiers);
            var added = charge.Amount(units + more) - charge.Amount(units);
            // Between nothing and the dearest rate for every unit more, whatever tiers lie between.
            return added >= 0 && added <= (decimal)more * tiers.Max(t => t.PerUnit) + 0.001m;
        });

    [Fact]
    public void a_change_of_nothing_saves_nothing() =>
        Gen.Select(AnyPrice, AnyUsage, AnyUsage, Gen.Bool).Sample((price, rest, usage, declared) =>
            MarginalSaving.Of(price, declared ? rest : null, usage, usage).Saving is { PerMonth: 0 } &&
            MarginalSaving.Estimated(price, declared ? rest : null, usage, new(ReductionInterval.None, ReductionInterval.None, ReductionInterval.None))
                .Saving is { PerMonth: 0, Lower: 0, Upper: 0 });

    [Fact]
    public void the_more_is_sent_less_the_more_is_saved() =>
        Gen.Select(AnyPrice, AnyUsage, AnyUsage, Gen.Double[-50, 100].Array[3, 3], Gen.Double[-50, 100].Array[3, 3]).Sample((price, rest, usage, a, b) =>
        {
            Array.Sort(a);
            Array.Sort(b);
            var saving = MarginalSaving.Estimated(price, rest, usage, new(new(a[0], a[1], a[2]), new(b[0], b[1], b[2]), new(b[0], b[1], b[2]))).Saving!;
            return saving.Lower <= saving.PerMonth && saving.PerMonth <= saving.Upper && saving.Upper <= saving.Before.Total;
        });

    [Fact]
    public void savings_of_two_steps_are_that_of_both() =>
        Gen.Select(AnyPrice, AnyUsage, AnyUsage, Gen.Double[0, 1], Gen.Double[0, 1]).Sample((price, rest, a, first, second) =>
        {
            var b = a.Times(first, first, first);
            var c = b.Times(second, second, second);
            decimal Saved(MeterUsage x, MeterUsage y) => MarginalSaving.Of(price, rest, x, y).Saving!.PerMonth;
            return Saved(a, b) + Saved(b, c) == Saved(a, c);
        });

    [Fact]
    public void it_does_not_matter_in_which_order_a_contract_was_written_down() =>
        Gen.Select(Gen.Shuffle(Enumerable.Range(0, Terms.Count).ToArray()), Gen.Int[0, 6], AnyUsage).Sample((order, count, usage) =>
        {
            decimal BillOf(IEnumerable<int> terms) =>
                terms.Aggregate(Books.Seeded, (book, i) => book.After(PriceBookDecisions.SetOverride(book, Terms[i]))).Price("aws-managed-prometheus-samples").Bill(usage).Total;
            var chosen = order.Take(count).ToList();
            return BillOf(chosen) == BillOf(chosen.Order());
        });

    static readonly IReadOnlyList<ContractOverride> Terms =
    [
        Of("a") with { DiscountPct = 12.5m },
        Of("b") with { PlatformFee = 7 },
        Of("c") with { MinimumPerMonth = 5_000 },
        Of("d", new ChargeTerms(PriceMeter.Samples, [new(0, 1e-7m), new(1e9, 1e-8m)])),
        Of("e", new ChargeTerms(PriceMeter.Samples, Included: 5e8), new(PriceMeter.QuerySamples, Included: 0)),
        Of("f", new ChargeTerms(PriceMeter.StoredGigabyteMonths, [new(0, 0.01m)], Scale: 2)),
    ];

    static ContractOverride Of(string id, params ChargeTerms[] charges) => Books.Contract(id, "aws-managed-prometheus-samples", charges);

    [Fact]
    public void what_if_is_each_price_by_itself() =>
        Gen.Select(AnyUsage, AnyUsage, Gen.Double[0, 1]).Sample((rest, usage, left) =>
        {
            var candidate = usage.Times(left, left, left);
            var interval = new ReductionInterval(10, 20, 30);
            var reduction = new Reduction(interval, interval, interval);
            var measured = WhatIf.Of(Books.Full, Books.Day, rest, usage, candidate);
            var estimated = WhatIf.Estimated(Books.Full, Books.Day, rest, usage, reduction);
            return measured.Count == Prices.Count && Prices.All(p =>
                measured.Single(a => a.PriceEntry == p.Entry.Id).Saving!.PerMonth == MarginalSaving.Of(p, rest, usage, candidate).Saving!.PerMonth &&
                estimated.Single(a => a.PriceEntry == p.Entry.Id).Saving!.Lower == MarginalSaving.Estimated(p, rest, usage, reduction).Saving!.Lower);
        }, iter: 20);

    [Fact]
    public void who_is_added_to_whom_does_not_matter() =>
        Gen.Select(AnyPrice, AnyUsage, AnyUsage).Sample((price, a, b) =>
            Math.Abs(price.Bill(a.Plus(b).Sum!).Total - price.Bill(b.Plus(a).Sum!).Total) <= 1e-6m);
}
