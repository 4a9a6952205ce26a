using CsCheck;
using JasperFx.Events;
using Phoenix.Domain.Budgets;
using Phoenix.Domain.Usage;

namespace Phoenix.Domain.Tests.Budgets;

public sealed class BudgetTests
{
    static readonly DateOnly November = new(2026, 11, 1), Through = new(2026, 11, 20);
    static readonly BudgetTerms Terms = new("metrics", BudgetScope.All, "", 100, "USD", "signoz-cloud-samples", [80, 100]);

    static Budget Budget(params ReachedLevel[] reached) => new() { Terms = Terms, Since = November, Reached = reached };

    static Decision Evaluate(Budget budget, decimal spent, DateOnly? month = null, MonthForecast? forecast = null) =>
        BudgetDecisions.Evaluate(budget, month ?? November, spent, Through, forecast, () => (null, "nothing is proved"));

    static Event<T> Event<T>(T data) where T : notnull => new(data) { Id = Guid.NewGuid() };

    static Budget After(Budget budget, Decision decision) => decision.Events.Aggregate(budget, (b, e) => e switch
    {
        BudgetBreached breached => b.Apply(Event(breached)),
        BudgetCleared cleared => b.Apply(cleared),
        BudgetForecastBreached ahead => b.Apply(Event(ahead)),
        _ => throw new InvalidOperationException($"No evaluation gives {e}."),
    });

    [Fact]
    public void each_level_is_told_once_a_month()
    {
        Evaluate(Budget(), 79.99m).Events.ShouldBeEmpty();
        var reached = After(Budget(), Evaluate(Budget(), 80));
        reached.Latest!.ThresholdPct.ShouldBe(80);
        Evaluate(reached, 99).Events.ShouldBeEmpty();
        var over = After(reached, Evaluate(reached, 100));
        over.Latest!.ThresholdPct.ShouldBe(100);
        Evaluate(over, 300).Events.ShouldBeEmpty();
        // Another month is another matter.
        Evaluate(over, 300, November.AddMonths(1)).Events.Count.ShouldBe(2);
    }

    [Fact]
    public void a_month_that_will_cost_more_is_told_ahead_once()
    {
        var forecast = new MonthForecast(November, 120, 90, 150, 20, 10);
        var ahead = Evaluate(Budget(), 70, forecast: forecast).Events.ShouldHaveSingleItem().ShouldBeOfType<BudgetForecastBreached>();
        (ahead.Forecast, ahead.Lower, ahead.Upper, ahead.Days, ahead.WhyNoProposal).ShouldBe((120, 90, 150, 20, "nothing is proved"));
        var told = Budget().Apply(Event(ahead));
        Evaluate(told, 71, forecast: forecast).Events.ShouldBeEmpty();
        // What is spent already, or lies below, or is of a month that is over, is no forecast.
        Evaluate(Budget(), 70, forecast: forecast with { Estimate = 99 }).Events.ShouldBeEmpty();
        Evaluate(Budget(), 70, forecast: forecast with { DaysToCome = 0 }).Events.ShouldBeEmpty();
        Evaluate(Budget(), 110, forecast: forecast).Events.ShouldAllBe(e => e is BudgetBreached);
    }

    [Fact]
    public void a_month_that_lies_under_a_level_again_is_said_to()
    {
        var over = After(Budget(), Evaluate(Budget(), 120));
        Evaluate(over, 90).Events.ShouldHaveSingleItem().ShouldBe(new BudgetCleared(November, 100, 90, Through));
        var cleared = After(over, Evaluate(over, 90));
        Evaluate(cleared, 101).Events.ShouldHaveSingleItem().ShouldBeOfType<BudgetBreached>().ThresholdPct.ShouldBe(100);
    }

    [Fact]
    public void what_can_be_drafted_is_what_was_told_last_and_a_breach_after_a_clearing_is_told_anew()
    {
        var forecast = new MonthForecast(November, 120, 90, 150, 20, 10);
        var ahead = After(Budget(), Evaluate(Budget(), 70, forecast: forecast));
        ahead.Proposed!.WhyNone.ShouldBe("nothing is proved");
        var over = After(ahead, Evaluate(ahead, 90));
        var cleared = After(over, Evaluate(over, 10));
        cleared.Proposed.ShouldBe(over.Proposed);
        var again = After(cleared, Evaluate(cleared, 90));
        new[] { ahead, over, again }.Select(b => StreamIds.BudgetDraft(b.Id, b.Proposed!.EventId)).ShouldBeUnique();
    }

    [Fact]
    public void whatever_was_spent_before_the_levels_that_stand_are_those_of_the_last_evaluation_and_repeating_it_says_nothing() =>
        Gen.Select(Gen.Int[0, 200], Gen.Int[0, 1]).Array[1, 20].Sample(spendings =>
        {
            var budget = Budget();
            foreach (var (spent, month) in spendings)
            {
                budget = After(budget, Evaluate(budget, spent, November.AddMonths(month)));
                Evaluate(budget, spent, November.AddMonths(month)).Events.ShouldBeEmpty();
                budget.Reached.Where(r => r.Month == November.AddMonths(month)).Select(r => r.ThresholdPct).Order()
                    .ShouldBe(Terms.ThresholdsPct.Where(p => spent >= p));
            }
        });

    [Fact]
    public void terms_that_nobody_could_hold_are_refused()
    {
        Code(Terms with { Name = " " }).ShouldBe("budget-name-invalid");
        Code(Terms with { Of = "x" }).ShouldBe("budget-scope-invalid");
        Code(Terms with { Scope = BudgetScope.Team }).ShouldBe("budget-scope-invalid");
        Code(Terms with { Scope = BudgetScope.Pipeline, Of = "mine" }).ShouldBe("budget-scope-invalid");
        Code(Terms with { AmountPerMonth = 0 }).ShouldBe("budget-amount-invalid");
        Code(Terms with { Currency = "XYZ" }).ShouldBe("currency-unknown");
        foreach (var levels in (double[][])[[], [100, 80], [80, 80], [0], [double.NaN], [1001]]) Code(Terms with { ThresholdsPct = levels }).ShouldBe("budget-thresholds-invalid");
        BudgetDecisions.Set(Terms).Events.ShouldHaveSingleItem();
        BudgetDecisions.Change(Budget(), Terms with { ThresholdsPct = [80, 100] }).Events.ShouldBeEmpty();

        static string Code(BudgetTerms terms) => BudgetDecisions.Set(terms).Rejection.ShouldNotBeNull().Code;
    }

    static UsagePipeline Pipeline(string hash) => new(Guid.Empty, 1, hash, hash);

    static LedgerCell Cell(string hash, decimal cost, string team = "a", params string[] groups) => new(
        Through, Pipeline(hash), new(null, team, "s", groups, 1, 1, 0, UsageTotals.Zero, UsageTotals.Zero, 0, null), Sent.Nothing, Sent.Nothing, cost, 0);

    static Proved Proof(int n, string baseline, string candidate, double pct, bool usable = true) =>
        new(new Guid(n, 0, 0, new byte[8]), new(Guid.Empty, 1, baseline, baseline), new(Guid.Empty, 1, candidate, candidate), pct, usable);

    [Fact]
    public void what_is_proposed_is_the_best_that_is_proved_for_the_dearest_pipeline()
    {
        LedgerCell[] cells = [Cell("cheap", 1), Cell("dear", 5), Cell("dear", 5)];
        Proved[] proved = [Proof(1, "dear", "x", 20), Proof(2, "dear", "y", 60), Proof(3, "dear", "z", 90, usable: false), Proof(4, "cheap", "x", 99)];
        var (proposal, why) = BudgetProposals.Of(cells, proved, hash => [$"{hash}-2", $"{hash}-1"]);
        why.ShouldBeNull();
        (proposal!.Candidate.Name, proposal.ProvedBy, proposal.ReductionPct, proposal.Cost).ShouldBe(("y", Proof(2, "", "", 0).Experiment, 60, 10m));
        proposal.Hosts.ShouldBe(["dear-1", "dear-2"]);
        // Where no host is left for it, the next dearest.
        BudgetProposals.Of(cells, proved, hash => hash == "dear" ? [] : ["h"]).Proposal!.Baseline.Name.ShouldBe("cheap");
    }

    [Fact]
    public void where_nothing_can_be_proposed_it_is_said_why()
    {
        BudgetProposals.Of([], [], _ => ["h"]).WhyNone.ShouldBe("no pipeline of the scope is in the ledger");
        BudgetProposals.Of([Cell("p", 1)], [], _ => ["h"]).WhyNone!.ShouldContain("no experiment has proved");
        BudgetProposals.Of([Cell("p", 1)], [Proof(1, "p", "q", 50, usable: false)], _ => ["h"]).WhyNone!.ShouldContain("deprecated");
        BudgetProposals.Of([Cell("p", 1)], [Proof(1, "p", "q", 50)], _ => []).WhyNone!.ShouldContain("no host");
    }

    [Fact]
    public void a_budget_is_about_its_scope()
    {
        LedgerCell[] cells = [Cell("p", 1, "a", "east", "web"), Cell("p", 2, "b")];
        decimal Of(BudgetScope scope, string of) => BudgetProposals.InScope(Terms with { Scope = scope, Of = of }, cells).Sum(c => c.Cost);
        Of(BudgetScope.All, "").ShouldBe(3);
        Of(BudgetScope.Team, "a").ShouldBe(1);
        Of(BudgetScope.Group, "web").ShouldBe(1);
        Of(BudgetScope.Group, UsageCell.None).ShouldBe(2);
        Of(BudgetScope.Service, "s").ShouldBe(3);
        Of(BudgetScope.Pipeline, Guid.Empty.ToString()).ShouldBe(3);
        Of(BudgetScope.Pipeline, Guid.NewGuid().ToString()).ShouldBe(0);
    }
}
