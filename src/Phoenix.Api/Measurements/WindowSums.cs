using System.Collections.Immutable;
using Phoenix.Contracts;
using Phoenix.Domain.Experiments;

namespace Phoenix.Api.Measurements;

/// <summary>Adds up what the hosts reported for one window. Identities include the host, so counts of hosts add.</summary>
public static class WindowSums
{
    public static (WindowMeasured? Measured, IReadOnlyList<WindowVoided> Voided) Over(int number, IReadOnlyDictionary<string, WindowReport> reports)
    {
        // Hosts in a fixed order: the same reports give the same event.
        var hosts = reports.OrderBy(r => r.Key, StringComparer.Ordinal).ToList();
        var voided = hosts.Where(r => r.Value.VoidReason is not null).Select(r => new WindowVoided(number, r.Key, r.Value.VoidReason!)).ToList();
        var counted = hosts.Select(r => r.Value).Where(w => w.VoidReason is null).ToList();
        if (counted.Count == 0) return (null, voided);
        var baseline = ArmTotals.Zero;
        var candidate = ArmTotals.Zero;
        foreach (var w in counted)
        {
            baseline += Totals(w.Baseline!);
            candidate += Totals(w.Candidate!);
        }
        return (new WindowMeasured(number, counted.Count, counted.Average(w => (w.EndedAt - w.StartedAt).TotalSeconds), baseline, candidate,
            Conserved(counted), Retained(counted), counted.Min(w => w.StartedAt), counted.Max(w => w.EndedAt)), voided);
    }

    static ArmTotals Totals(ArmWindow arm)
    {
        var o = arm.Output.Counts;
        return new(o.StreamsActive, o.SeriesActive, o.SeriesDistinct, o.Points, o.Samples, arm.Output.WireBytes, arm.Cost.CpuMs,
            arm.Cost.ResidentBytes, arm.Output.DroppedPoints);
    }

    static Conservation Conserved(List<WindowReport> windows)
    {
        var ledgers = windows.Select(w => w.Candidate!.Ledger).ToList();
        var worst = ledgers.MaxBy(l => l.WorstErrorPct)!;
        // The error of the whole is the hosts' errors weighted by what came in.
        var sumIn = ledgers.Sum(l => Math.Abs(l.In));
        var error = sumIn == 0 ? ledgers.Max(l => l.ErrorPct) : ledgers.Sum(l => l.ErrorPct * Math.Abs(l.In)) / sumIn;
        var increments = windows.GroupBy(w => w.Candidate!.Epoch).ToImmutableSortedDictionary(e => e.Key, e => e.Max(w => w.Candidate!.Ledger.Increments), StringComparer.Ordinal);
        return new(ledgers.Sum(l => l.Groups), increments, error, worst.WorstGroup, worst.WorstErrorPct);
    }

    static Retention Retained(List<WindowReport> windows)
    {
        var kept = windows.Select(w => w.Candidate!.Protected).ToList();
        return new(kept.Sum(p => p.Expected), kept.Sum(p => p.Retained), [.. kept.SelectMany(p => p.Missing).Distinct().Order(StringComparer.Ordinal).Take(20)]);
    }
}
