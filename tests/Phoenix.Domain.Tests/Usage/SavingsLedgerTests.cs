using CsCheck;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;
using Phoenix.Domain.Tests.Pricing;
using Phoenix.Domain.Usage;

namespace Phoenix.Domain.Tests.Usage;

public sealed class SavingsLedgerTests
{
    static readonly UsagePipeline Pipeline = new(new Guid("00000000-0000-0000-0000-000000000001"), 2, "folded", "hash");
    static readonly UsageExperiment Experiment = new(new Guid("00000000-0000-0000-0000-000000000002"), "fold", "signoz-cloud-samples");
    static readonly BaselineShare AllSent = new(1, 1, 0.2);

    static UsageTotals Totals(long samples, double series = 100) => new(samples, samples, samples * 50, series * 86_400);

    static UsageCell Cell(long input, long output, UsageExperiment? experiment = null, BaselineShare? before = null, string team = "a", params string[] groups) =>
        new(experiment, team, "s", groups, 1, 86_400, 0, Totals(input), Totals(output), output * 10, before);

    /// <summary>Every price that can be made of what hosts report.</summary>
    static readonly IReadOnlyList<Price> Prices = [.. Books.Full.PricesOn(Books.Day).Where(p => p.BillOf(Sent.Nothing.AsUsage(1)).Rejection is null)];

    static readonly Gen<Price> AnyPrice = Gen.Int[0, Prices.Count - 1].Select(i => Prices[i]);

    static readonly Gen<UsageCell> AnyCell = Gen.Select(Gen.Long[0, 10_000_000_000], Gen.Double[0, 1.2], Gen.Double[0, 2_000_000], Gen.Bool, Gen.Int[0, 2], Gen.Int[0, 2]).Select(
        (input, left, series, proven, team, groups) => new UsageCell(
            proven ? Experiment : null, $"team-{team}", UsageCell.None, [.. Enumerable.Range(0, groups).Select(g => $"g{g}")], 1 + team, 86_400 * (1 + team), 0,
            Totals(input, series), Totals((long)(input * left), series * left), (long)(input * left * 10), proven ? AllSent : null));

    static readonly Gen<(Price Price, (UsagePipeline, UsageCell)[] Cells)> AnyDay =
        Gen.Select(AnyPrice, AnyCell.Array[1, 8], (price, cells) => (price, cells.Select(c => (Pipeline, c)).ToArray()));

    [Fact]
    public void what_is_saved_is_what_came_in_less_what_left_at_the_price_of_the_day()
    {
        var price = Books.Seeded.Price("signoz-cloud-samples");
        var cells = SavingsLedger.Price(Books.Day, [(Pipeline, Cell(2_000_000, 600_000, Experiment, AllSent))], price).Cells!;
        // 0.10 for a million, no allowance: a day's samples cost what they are.
        cells[0].Saved.ShouldBe(0.14m, 1e-9m);
        cells[0].Cost.ShouldBe(0.06m, 1e-9m);
        // The pipeline before sent a half of what came in.
        SavingsLedger.Price(Books.Day, [(Pipeline, Cell(2_000_000, 600_000, Experiment, new(0.5, 0.5, 0.1)))], price).Cells![0].Saved.ShouldBe(0.04m, 1e-9m);
    }

    [Fact]
    public void nothing_is_claimed_where_no_experiment_says_what_was_sent_before()
    {
        var price = Books.Seeded.Price("signoz-cloud-samples");
        var cells = SavingsLedger.Price(Books.Day, [(Pipeline, Cell(2_000_000, 600_000)), (Pipeline, Cell(2_000_000, 600_000, Experiment))], price).Cells!;
        cells.ShouldAllBe(c => c.Saved == 0 && c.Before == c.After);
    }

    [Fact]
    public void inside_an_allowance_nothing_is_saved_however_much_less_is_sent() =>
        SavingsLedger.Price(Books.Day, [(Pipeline, Cell(2_000, 0, Experiment, AllSent))], Books.Seeded.Price("aws-managed-prometheus-samples")).Cells![0].Saved.ShouldBe(0);

    [Fact]
    public void shares_add_up_to_the_difference_of_the_two_bills() => AnyDay.Sample(day =>
    {
        var (cells, rejection) = SavingsLedger.Price(Books.Day, day.Cells, day.Price);
        rejection.ShouldBeNull();
        var hosts = SavingsLedger.HostsOf([.. day.Cells.Select(c => c.Item2)]);
        decimal Bill(Func<LedgerCell, Sent> of) =>
            day.Price.BillOf(cells!.Aggregate(Sent.Nothing, (sum, c) => sum + of(c)).AsUsage(hosts)).Bill!.Total * (decimal)(TimeSpan.FromDays(1) / TimeSpan.FromHours(MeterUsage.HoursPerMonth));
        var (before, after) = (Bill(c => c.Before), Bill(c => c.After));
        cells!.Sum(c => c.Cost).ShouldBe(after, 1e-9m);
        cells!.Sum(c => c.Saved).ShouldBe(before - after, 1e-9m);
    });

    [Fact]
    public void a_host_that_ran_two_configurations_on_a_day_gets_one_allowance()
    {
        var price = Books.Seeded.Price("datadog-pro-custom-metrics");
        UsageCell Ran(double hours, double series) => Cell(0, 0) with { Seconds = hours * 3600, Output = new(0, 0, 0, series * hours * 3600) };
        decimal Cost(params UsageCell[] cells) => SavingsLedger.Price(Books.Day, [.. cells.Select(c => (Pipeline, c))], price).Cells!.Sum(c => c.Cost);
        Cost(Ran(24, 1000)).ShouldBeGreaterThan(0);
        Cost(Ran(9, 1000), Ran(15, 1000)).ShouldBe(Cost(Ran(24, 1000)), 1e-9m);
        // Two collectors of one host are one host.
        SavingsLedger.HostsOf([Ran(48, 1)]).ShouldBe(1);
        SavingsLedger.HostsOf([Ran(24, 1), Ran(24, 1)]).ShouldBe(2);
    }

    [Fact]
    public void what_no_event_could_hold_is_an_error_and_no_other_number() =>
        Should.Throw<OverflowException>(() => new UsageTotals(0, 0, long.MaxValue, 0) + new UsageTotals(0, 0, 1, 0));

    [Fact]
    public void the_total_is_the_sum_over_every_dimension_whose_rows_do_not_overlap() => AnyDay.Sample(day =>
    {
        var cells = SavingsLedger.Price(Books.Day, day.Cells, day.Price).Cells!;
        var total = LedgerTotals.Total(cells);
        foreach (var dimension in Enum.GetValues<LedgerDimension>().Where(d => d != LedgerDimension.Group))
        {
            var rows = LedgerTotals.By(dimension, cells);
            // The 28th digit of a decimal depends on the order in which it is added.
            rows.Sum(r => r.Saved).ShouldBe(total.Saved, 1e-15m, dimension.ToString());
            rows.Sum(r => r.Cost).ShouldBe(total.Cost, 1e-15m);
            rows.Sum(r => r.HostDays).ShouldBe(total.HostDays);
        }
    });

    [Fact]
    public void a_host_of_two_groups_is_in_both_rows_and_once_in_the_total()
    {
        var cells = SavingsLedger.Price(Books.Day, [(Pipeline, Cell(2_000_000, 0, Experiment, AllSent, "a", "east", "web")), (Pipeline, Cell(1_000_000, 0, Experiment, AllSent))],
            Books.Seeded.Price("signoz-cloud-samples")).Cells!;
        LedgerTotals.By(LedgerDimension.Group, cells).Select(r => (r.Key, Math.Round(r.Saved, 6))).ShouldBe([(UsageCell.None, 0.1m), ("east", 0.2m), ("web", 0.2m)]);
        LedgerTotals.Total(cells).Saved.ShouldBe(0.3m, 1e-9m);
    }

    static HostUsage Host(string id, long samples, string team = "a") =>
        new(id, Pipeline, team, UsageCell.None, ["g"], Experiment, AllSent, 300.3, 0, Totals(samples, samples / 7.0), Totals(samples / 3), samples);

    static readonly Gen<HostUsage[]> AnyHosts = Gen.Select(Gen.Long[0, 1_000_000_000], Gen.Int[0, 2]).Array[1, 20]
        .Select(all => all.Select((h, i) => Host($"h{i:00}", h.Item1, $"team-{h.Item2}")).ToArray());

    [Fact]
    public void the_order_of_hosts_does_not_matter_and_a_repetition_appends_nothing() =>
        Gen.Select(AnyHosts, Gen.Int).Sample((hosts, seed) =>
        {
            var recorded = UsageDecisions.Record(null, Books.Day, Pipeline, hosts).Events.ShouldHaveSingleItem().ShouldBeOfType<UsageRecorded>();
            var day = new UsageDay { Day = Books.Day, Pipeline = Pipeline, Cells = recorded.Cells };
            var shuffled = hosts.ToArray();
            new Random(seed).Shuffle(shuffled);
            UsageDecisions.Record(day, Books.Day, Pipeline, shuffled).Events.ShouldBeEmpty();
            recorded.Cells.Sum(c => c.Input.Samples).ShouldBe(hosts.Sum(h => h.Input.Samples));
            recorded.Cells.Sum(c => c.Hosts).ShouldBe(hosts.Length);
        });

    [Fact]
    public void a_report_that_came_late_is_a_correction_in_full()
    {
        var day = new UsageDay { Day = Books.Day, Pipeline = Pipeline, Cells = UsageDecisions.Cells([Host("a", 100)]) };
        var corrected = UsageDecisions.Record(day, Books.Day, Pipeline, [Host("a", 100), Host("b", 50)]).Events.ShouldHaveSingleItem().ShouldBeOfType<UsageCorrected>();
        corrected.Cells.ShouldHaveSingleItem().Input.Samples.ShouldBe(150);
        day.Apply(corrected).Corrections.ShouldBe(1);
        UsageDecisions.Record(null, Books.Day, Pipeline, []).Events.ShouldBeEmpty();
        // What was somebody else's in truth is taken back, in sight.
        UsageDecisions.Record(day, Books.Day, Pipeline, []).Events.ShouldHaveSingleItem().ShouldBeOfType<UsageCorrected>().Cells.ShouldBeEmpty();
    }

    [Fact]
    public void what_the_baseline_sent_of_its_input_is_known_where_every_counted_window_tells_it()
    {
        var told = Given.Window(1) with { Input = new(4000, 5000, 100_000) };
        var share = BaselineShare.Of(Evidence.None.Add(told).Add(told)).ShouldNotBeNull();
        share.Series.ShouldBe(told.Baseline.SeriesActive / 4000.0, 1e-12);
        share.Samples.ShouldBe(told.Baseline.Samples / 5000.0, 1e-12);
        share.WirePerInputByte.ShouldBe(told.Baseline.WireBytes / 100_000.0, 1e-12);
        BaselineShare.Of(Evidence.None.Add(told).Add(Given.Window(2))).ShouldBeNull();
        BaselineShare.Of(Evidence.None.Add(Given.Window(1)).Add(told)).ShouldBeNull();
    }
}
