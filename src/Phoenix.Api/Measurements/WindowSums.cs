using System.Collections.Immutable;
using Phoenix.Contracts;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;

namespace Phoenix.Api.Measurements;

/// <summary>Adds up what the hosts reported for one window. Identities include the host, so counts of hosts add.</summary>
public static class WindowSums
{
    /// <summary>Up to so many hosts the increments checked are told apart by epoch, so that a restart loses none of the count; with more, their sum is told.</summary>
    const int EpochsApart = 100;

    /// <param name="hosts">How many the experiment has.</param>
    public static (WindowMeasured? Measured, IReadOnlyList<WindowVoided> Voided) Over(int number, IReadOnlyDictionary<string, WindowReport> reports, int hosts)
    {
        // Hosts in a fixed order: the same reports give the same event.
        var ordered = reports.OrderBy(r => r.Key, StringComparer.Ordinal).ToList();
        var voided = ordered.Where(r => r.Value.VoidReason is not null).Select(r => new WindowVoided(number, r.Key, r.Value.VoidReason!)).ToList();
        var counted = ordered.Select(r => r.Value).Where(w => w.VoidReason is null).ToList();
        if (counted.Count == 0) return (null, voided);
        var baseline = ArmTotals.Zero;
        var candidate = ArmTotals.Zero;
        foreach (var w in counted)
        {
            baseline += Totals(w.Baseline!);
            candidate += Totals(w.Candidate!);
        }
        return (new WindowMeasured(number, counted.Count, counted.Average(w => (w.EndedAt - w.StartedAt).TotalSeconds), baseline, candidate,
            Conserved(counted, hosts <= EpochsApart), Retained(counted), Hours(counted), counted.Max(w => Math.Abs(w.ClockSkewSeconds)),
            counted.Select(w => Input(w.Baseline!.Input.Counts)).Aggregate((a, b) => a + b)), voided);
    }

    static InputTotals Input(StreamCounts c) => new(c.SeriesActive, c.Samples, c.Bytes);

    static ArmTotals Totals(ArmWindow arm)
    {
        var o = arm.Output.Counts;
        return new(o.StreamsActive, o.SeriesActive, o.SeriesDistinct, o.Points, o.Samples, arm.Output.WireBytes, arm.Cost.CpuMs,
            arm.Cost.ResidentBytes, arm.Output.DroppedPoints, arm.Output.ExportErrors, arm.Output.MaxDelayMs);
    }

    /// <summary>Of half of the hosts or more: one whose clock is wrong has not seen another time of the day.</summary>
    static List<int> Hours(List<WindowReport> windows) =>
        [.. windows.SelectMany(w => HoursOfDay.Between(w.StartedAt, w.EndedAt).Hours).CountBy(hour => hour).Where(h => 2 * h.Value >= windows.Count).Select(h => h.Key).Order()];

    static Conservation Conserved(List<WindowReport> windows, bool apart)
    {
        var ledgers = windows.Select(w => w.Candidate!.Ledger).ToList();
        var worst = ledgers.MaxBy(l => l.WorstErrorPct)!;
        // The error of the whole is the hosts' errors weighted by what came in.
        var sumIn = ledgers.Sum(l => Math.Abs(l.In));
        var error = sumIn == 0 ? ledgers.Max(l => l.ErrorPct) : ledgers.Sum(l => l.ErrorPct * Math.Abs(l.In)) / sumIn;
        // Of many hosts the most that were counted at a time: at least so many were checked, more where a candidate has restarted.
        var increments = !apart ? ImmutableSortedDictionary<string, long>.Empty.Add("", ledgers.Sum(l => l.Increments)) : windows.GroupBy(w => w.Candidate!.Epoch).ToImmutableSortedDictionary(e => e.Key, e => e.Max(w => w.Candidate!.Ledger.Increments), StringComparer.Ordinal);
        return new(ledgers.Sum(l => l.Groups), increments, error, worst.WorstGroup, worst.WorstErrorPct);
    }

    static Retention Retained(List<WindowReport> windows)
    {
        var kept = windows.Select(w => w.Candidate!.Protected).ToList();
        return new(kept.Sum(p => p.Expected), kept.Sum(p => p.Retained), [.. kept.SelectMany(p => p.Missing).Distinct().Order(StringComparer.Ordinal).Take(20)]);
    }
}
