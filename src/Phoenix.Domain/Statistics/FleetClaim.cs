using System.Collections.Immutable;
using System.Globalization;

namespace Phoenix.Domain.Statistics;

/// <summary>The final outcome of one host: its sums over the windows that it was measured in.</summary>
/// <param name="Weight">From its draw (<see cref="DrawnHost.Weight"/>).</param>
public sealed record HostOutcome(string HostId, double Weight, double Baseline, double Candidate)
{
    /// <summary>Null where the baseline sent nothing: there is no ratio then.</summary>
    public double? Reduction => Baseline == 0 ? null : 1 - Candidate / Baseline;
}

/// <summary>What the fleet's claim assumes and how much it may be wrong.</summary>
/// <param name="Hosts">Hosts that the experiment will have drawn when it is complete: the last look.</param>
/// <param name="LowestReduction">
/// No host does worse than this, as a share: without a bound below no number of hosts proves anything of a mean, since one that was not
/// drawn may be as bad as one likes. 0 says that no host sends more than before. A measured host below it ends the claim.
/// </param>
/// <param name="Alpha">Probability that the interval is wrong at any look; half is for the hosts, half for the time.</param>
public sealed record FleetPlan(int Hosts, double LowestReduction = 0, double Alpha = HostsClaim.DefaultAlpha);

/// <summary>
/// Claim 3: the mean reduction over a fleet, of which hosts were drawn at random (<see cref="FleetSample"/>), each weighing what its size
/// class sends. One value per host, the windows of a host are never taken for independent. The values are frozen at looks of 4, 8, 16, …
/// hosts and at the plan's last; look k may be wrong with a probability of α ÷ (k(k + 1)), which adds up to α.
/// </summary>
/// <remarks>
/// The draw says nothing about time: all hosts share the hours that were measured. How far these may be off is taken from
/// <see cref="HostsClaim"/> at the other half of alpha, and widens the interval; so there is none before that claim has one.
/// </remarks>
/// <param name="FleetSize">Hosts that are spoken of.</param>
/// <param name="Look">Number of the latest look, from 1; 0 before the first.</param>
/// <param name="LookHosts">Hosts whose values were frozen at the look.</param>
/// <param name="Estimate">Mean of the drawn values; null before the first look.</param>
/// <param name="Interval">Of the latest look, hosts and time together; null before the first.</param>
/// <param name="Outside">Hosts whose reduction is below the plan's bound.</param>
public sealed record FleetClaim(
    FleetPlan Plan, int FleetSize, HoursOfDay Hours, int Look, int LookHosts, double? Estimate, Interval? Interval, ImmutableArray<string> Outside, FewHosts? Few,
    HostsClaim Time)
{
    /// <summary>Below it there is no verdict on a fleet.</summary>
    public const int MinHosts = 5;

    /// <summary>Hosts after which values are frozen, up to what the plan draws.</summary>
    public static IEnumerable<int> Looks(int plannedHosts)
    {
        for (var hosts = 4; hosts < plannedHosts; hosts *= 2) yield return hosts;
        if (plannedHosts >= 1) yield return plannedHosts;
    }

    /// <summary>The claim at the latest look that these outcomes reach. Outcomes beyond the look wait for the next.</summary>
    /// <param name="outcomes">In the order of the draw, without a gap.</param>
    /// <param name="time">These hosts over time when the values were frozen, at half of the plan's alpha.</param>
    /// <exception cref="ArgumentException">An outcome is no measurement, or the time claim has another alpha.</exception>
    public static FleetClaim Of(FleetPlan plan, int fleetSize, IReadOnlyList<HostOutcome> outcomes, HostsClaim time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(plan.Hosts, 1, nameof(plan));
        Measured.RequireAlpha(plan.Alpha);
        if (plan.LowestReduction is not (> -1e6 and < 1)) throw new ArgumentException("The lowest reduction of a host is a finite share below 1.", nameof(plan));
        if (Math.Abs(time.Alpha - plan.Alpha / 2) > 1e-12) throw new ArgumentException("The claim over time needs half of the plan's alpha.", nameof(time));
        foreach (var host in outcomes) Measured.Require(host.Baseline, host.Candidate);
        ImmutableArray<string> outside = [.. outcomes.Where(h => h.Reduction < plan.LowestReduction).Select(h => h.HostId)];
        if (plan.Hosts < MinHosts) return new(plan, fleetSize, time.Hours, 0, 0, null, null, outside, new([.. outcomes]), time);

        var (look, hosts) = (0, 0);
        foreach (var at in Looks(plan.Hosts).TakeWhile(at => at <= outcomes.Count)) (look, hosts) = (look + 1, at);
        if (look == 0) return new(plan, fleetSize, time.Hours, 0, 0, null, null, outside, null, time);
        var span = 1 - plan.LowestReduction;
        // A host that fell silent after it was drawn cannot be left out of a random sample: it counts as the worst for either bound.
        DrawnUnit[] Units(double silent) =>
            [.. outcomes.Take(hosts).Select(h => new DrawnUnit(h.Reduction is { } r ? Math.Clamp((r - plan.LowestReduction) / span, 0, 1) : silent, h.Weight))];
        var units = Units(0);
        var estimate = plan.LowestReduction + span * units.Average(u => u.Value);
        Interval? interval = null;
        if (time is { Interval: { } overTime, Estimate: { } mean })
        {
            var alpha = plan.Alpha / 2 / (look * (look + 1));
            var drawn = BettingSequence.Interval(units, alpha);
            if (outcomes.Take(hosts).Any(h => h.Reduction is null)) drawn = drawn with { Upper = BettingSequence.Interval(Units(1), alpha).Upper };
            var margin = mean - overTime.Lower;
            interval = new(plan.LowestReduction + span * drawn.Lower - margin, Math.Min(1, plan.LowestReduction + span * drawn.Upper + margin));
        }
        return new(plan, fleetSize, time.Hours, look, hosts, estimate, interval, outside, null, time);
    }

    /// <summary>Whether the fleet's mean reduction is at least <paramref name="minimum"/>.</summary>
    /// <param name="window">Length of a window, to say in time what is missing.</param>
    public Judgement Judge(double minimum, TimeSpan window, HoursOfDay? required = null)
    {
        Judgement.RequireMinimum(minimum);
        var scope = $"the fleet of {FleetSize} hosts, hours of the day (UTC): {Hours}";
        List<Shortfall> missing = [];
        if (Few is { } few)
            missing.Add(new(ShortfallKind.Hosts, $"a fleet needs {MinHosts} hosts or more: {few.Say(minimum, Plan.Alpha)}"));
        else if (Look == 0)
            missing.Add(new(ShortfallKind.Hosts, $"the first look at the fleet needs {Looks(Plan.Hosts).First()} hosts in the order of the draw"));
        if (Outside.Length > 0)
            missing.Add(new(ShortfallKind.Hosts, string.Create(CultureInfo.InvariantCulture,
                $"{(Outside.Length == 1 ? $"host {Outside[0]}" : $"{Outside.Length} hosts, {Outside[0]} first,")} reduced by less than {100 * Plan.LowestReduction:0.##} %, which the plan takes to be impossible: plan with a lower bound")));
        if (Interval is not { } interval)
        {
            if (Time.Interval is null) missing.AddRange(Time.Judge(minimum, window, required).Missing);
            return Judgement.Open(minimum, Estimate, null, scope, missing);
        }
        if (required is { } hours && hours.Without(Hours) is { Count: > 0 } unseen)
            missing.Add(new(ShortfallKind.HoursOfDay, $"the hours {unseen} (UTC) were not seen"));
        if (interval.Lower < minimum && interval.Upper >= minimum)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"the interval {100 * interval.Lower:0.##} to {100 * interval.Upper:0.##} % of {LookHosts} hosts holds the minimum {100 * minimum:0.##} %");
            missing.Add(LookHosts < Plan.Hosts
                ? new(ShortfallKind.Hosts, $"{text}; the next look is at {Looks(Plan.Hosts).First(l => l > LookHosts)} hosts")
                : new(ShortfallKind.Variance, $"{text}; an experiment on more hosts, or a longer one, would narrow it"));
        }
        return Judgement.By(interval, minimum, Estimate, scope, missing);
    }
}

/// <summary>What few hosts say of a fleet: each its own value, and how many met the minimum.</summary>
public sealed record FewHosts(ImmutableArray<HostOutcome> Hosts)
{
    public int Met(double minimum) => Hosts.Count(h => h.Reduction >= minimum);

    /// <summary>
    /// The share of the fleet's draws that meets the minimum, at least, where all n did: α^(1/n), the exact lower bound of Clopper and
    /// Pearson (Biometrika 26, 1934) for n of n. Null where one did not, or there is none.
    /// </summary>
    public double? ProvenShare(double minimum, double alpha) =>
        Hosts.Length > 0 && Met(minimum) == Hosts.Length ? Math.Pow(alpha, 1.0 / Hosts.Length) : null;

    public string Say(double minimum, double alpha)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{Met(minimum)} of {Hosts.Length} met {100 * minimum:0.##} %");
        return ProvenShare(minimum, alpha) is { } share
            ? string.Create(CultureInfo.InvariantCulture, $"{text}, which proves it for at least {100 * share:0} % of the fleet")
            : text;
    }
}
