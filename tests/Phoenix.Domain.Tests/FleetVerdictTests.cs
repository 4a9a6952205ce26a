using CsCheck;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Tests;

/// <summary>An experiment on hosts that were drawn from a fleet.</summary>
public sealed class FleetVerdictTests
{
    const int Windows = 240;

    /// <summary>A fleet of 200 hosts, of which 40 were drawn and measured for 240 windows with a reduction of about 70 %.</summary>
    static (Experiment X, IReadOnlyList<HostOutcome> Outcomes) Measured(double reduction = 0.7, int drawn = 40, double lowest = -10, int silent = 0, int outside = 0)
    {
        string[] fleet = [.. Enumerable.Range(1, 200).Select(n => $"h{n}")];
        var (sample, _) = DrawHosts.From(fleet.ToDictionary(h => h, h => 100L + h.Length), fleet, drawn, 7);
        string[] hosts = [.. sample!.Drawn.Select(d => d.HostId)];
        var draft = Given.Draft(windows: Windows) with { Criteria = new(20, 0.1, 50, 256 << 20, VerdictClaim.Fleet, LowestHostReductionPct: lowest), SampleHosts = drawn };
        var x = Given.Experiment(draft, sample, new ExperimentStarted(hosts, Given.Now), new VariantsApplied(hosts), new WarmUpEnded());
        for (var n = 2; n <= Windows + 1; n++)
            x = x.And(Given.Window(n, candidateSeries: (long)(1000 * (1 - reduction)) + n % 3) with { Hosts = hosts.Length, HoursUtc = [12] });
        HostOutcome[] outcomes =
        [
            .. hosts.Skip(silent).Select((h, i) => new HostOutcome(h, 0, 1000, i < outside ? 1500 : 1000 * (1 - reduction) + 10 * (i % 5))),
        ];
        return (x, outcomes);
    }

    static ClaimJudged Fleet(VerdictReached verdict) => verdict.Claims!.Single(c => c.Claim == VerdictClaim.Fleet);

    [Fact]
    public void hosts_that_were_drawn_and_measured_speak_for_the_fleet()
    {
        var (x, outcomes) = Measured();
        var verdict = Verdicts.Reach(x, null, outcomes);
        verdict.Outcome.ShouldBe(VerdictOutcome.Promote, string.Join("; ", verdict.Reasons));
        verdict.Scope.ShouldStartWith("the fleet of 200 hosts");
        Fleet(verdict).LowerPct!.Value.ShouldBeInRange(20, 70);
        // Wider than what is known of the drawn hosts alone.
        var hosts = verdict.Claims!.Single(c => c.Claim == VerdictClaim.Hosts);
        (Fleet(verdict).UpperPct - Fleet(verdict).LowerPct)!.Value.ShouldBeGreaterThan((hosts.UpperPct - hosts.LowerPct)!.Value);
    }

    [Fact]
    public void a_fleet_that_does_not_reach_the_minimum_is_rejected()
    {
        var (x, outcomes) = Measured(reduction: 0.02, drawn: 150);
        Verdicts.Reach(x, null, outcomes).Outcome.ShouldBe(VerdictOutcome.Reject);
    }

    [Fact]
    public void hosts_that_fell_silent_count_as_the_worst_and_few_hosts_leave_it_open()
    {
        var (x, outcomes) = Measured();
        var all = Fleet(Verdicts.Reach(x, null, outcomes)).LowerPct!.Value;
        var (y, fewer) = Measured(silent: 8);
        Fleet(Verdicts.Reach(y, null, fewer)).LowerPct!.Value.ShouldBeLessThan(all);
        var (few, ofFew) = Measured(drawn: 6);
        Verdicts.Reach(few, null, ofFew).Outcome.ShouldBe(VerdictOutcome.Inconclusive);
    }

    [Fact]
    public void a_host_below_what_the_plan_takes_for_possible_ends_the_claim()
    {
        var (x, outcomes) = Measured(outside: 1);
        var verdict = Verdicts.Reach(x, null, outcomes);
        verdict.Outcome.ShouldBe(VerdictOutcome.Inconclusive);
        Fleet(verdict).Missing.ShouldContain(m => m.Contains("plan with a lower bound", StringComparison.Ordinal));
    }

    [Fact]
    public void hosts_are_looked_at_once_when_the_verdict_is_due()
    {
        var (x, outcomes) = Measured(drawn: 6);
        Verdicts.Claims(x).Single(c => c.Claim == VerdictClaim.Fleet).Missing.ShouldHaveSingleItem().ShouldContain("once");
        // Inconclusive as it is, it ends with the planned windows: more looks would need a smaller chance of error each.
        var last = Given.Window(Windows + 2, candidateSeries: 300) with { Hosts = 6, HoursUtc = [12] };
        ExperimentDecisions.Record(x, last, [], null, outcomes).Events.OfType<VerdictReached>().ShouldHaveSingleItem().Outcome.ShouldBe(VerdictOutcome.Inconclusive);
    }

    [Fact]
    public void a_draw_takes_hosts_that_say_what_they_send_and_is_repeated_by_its_seed() =>
        Gen.Select(Gen.Int[5, 60], Gen.Int[0, 1000], Gen.Int[0, 20]).Sample((hosts, seed, unsized) =>
        {
            string[] fleet = [.. Enumerable.Range(1, hosts + unsized).Select(n => $"h{n}")];
            var sizes = fleet.Take(hosts).ToDictionary(h => h, h => (long)(1 + h.GetHashCode(StringComparison.Ordinal) % 500 + 500));
            var (sample, rejection) = DrawHosts.From(sizes, fleet, Math.Min(5, hosts), seed);
            return rejection is null && sample!.Drawn.Count == 5 && sample.Unsized.Count == unsized && sample.Fleet.Count == hosts
                && sample.Drawn.All(d => sizes.ContainsKey(d.HostId)) && sample.Drawn.Select(d => d.HostId).Distinct().Count() == 5
                && FleetSample.Draw([.. sample.Fleet.Reverse()], sample.Seed).Order.Take(5).SequenceEqual(sample.Drawn)
                && DrawHosts.From(sizes, fleet, hosts + 1, seed).Rejection!.Code == "fleet-too-small";
        });
}
