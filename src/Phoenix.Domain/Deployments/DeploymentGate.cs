namespace Phoenix.Domain.Deployments;

/// <summary>A host that runs the version, by its last heartbeat.</summary>
/// <param name="HeardAt">When the heartbeat came; null before the first.</param>
/// <param name="Silent">Nothing was heard of it for a while.</param>
/// <param name="ConfigurationHash">What its production collector runs; null where it has none.</param>
/// <param name="Unhealthy">Why data does not flow; null where it does.</param>
/// <param name="ConservationErrorPct">Of the worst label group in the collector's epoch; 0 where every group agrees, null where that is not known.</param>
/// <param name="Flow">The last whole window with this configuration; null before it.</param>
public sealed record HostFigures(
    string HostId, DateTimeOffset? HeardAt, bool Silent, string? ConfigurationHash, string? Unhealthy, double? ConservationErrorPct, string? WorstGroup, long ResidentBytes, FlowFigures? Flow);

/// <param name="SeriesIn">Live series that came in, as a classic Prometheus backend would have stored them.</param>
/// <param name="SeriesOut">Those that left.</param>
public sealed record FlowFigures(double Seconds, long SeriesIn, long SeriesOut, long PointsOut, long ExportErrors, long DroppedPoints, double CpuMs);

/// <summary>Holds what is measured on the hosts of a deployment against its limits. Pure; nothing is taken for met that was not measured.</summary>
public static class DeploymentGate
{
    /// <summary>How long after a change a heartbeat from before it may still be on its way.</summary>
    static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    /// <param name="x">Judged are all hosts that run the version, not those of the last wave alone.</param>
    /// <param name="predictedKeptPct">Of the live series that come in at just these hosts, so many per cent should leave; null where that is not known any more, and then it is the mean of all that counts.</param>
    public static IReadOnlyList<GateCheck> Judge(Deployment x, IReadOnlyList<HostFigures> reported, double? predictedKeptPct = null)
    {
        IReadOnlyList<HostFigures> hosts = [.. reported.Select(h => IsNews(x, h) ? h : Unheard(x, h))];
        var limits = x.Plan.Gate;
        List<GateCheck> checks = [];
        if (limits.DataLeaves) checks.Add(DataLeaves(x, hosts));
        if (limits.MaxConservationErrorPct is { } error) checks.Add(Fidelity(hosts, error));
        if (limits.MaxSavingShortfallPct is { } shortfall)
            checks.Add((predictedKeptPct ?? x.PredictedKeptPct) is { } kept ? Saving(hosts, kept, shortfall) : new(GateKind.Saving, GateOutcome.NotAsked, "no saving was predicted", null, null));
        if (limits.MaxCpuPct is { } cpu) checks.Add(Cpu(hosts, cpu));
        if (limits.MaxResidentBytes is { } memory) checks.Add(Memory(hosts, memory));
        // One host of many that has told of a window says nothing of the others.
        var unheard = hosts.Count(h => h.Flow is null);
        return unheard <= x.AllowedFailures ? checks : [.. checks.Select(c => c.Outcome == GateOutcome.Met && c.Kind != GateKind.DataLeaves
            ? c with { Outcome = GateOutcome.Open, Detail = $"{c.Detail}, by {hosts.Count - unheard} of {hosts.Count} hosts" } : c)];
    }

    /// <summary>What was said before the wave was done says nothing of it, and neither does the silence of a time in which nobody listened.</summary>
    static bool IsNews(Deployment x, HostFigures h) =>
        !h.Silent && h.HeardAt >= x.SoakingSince && (h.ConfigurationHash == x.Pipeline.ConfigurationHash || h.HeardAt >= x.SoakingSince + Settling);

    static HostFigures Unheard(Deployment x, HostFigures h) => new(h.HostId, h.HeardAt, h.Silent, x.Pipeline.ConfigurationHash, null, null, null, 0, null);

    public static GateOutcome Of(IReadOnlyList<GateCheck> checks) =>
        checks.Any(c => c.Outcome == GateOutcome.NotMet) ? GateOutcome.NotMet
        : checks.Any(c => c.Outcome == GateOutcome.Open) ? GateOutcome.Open : GateOutcome.Met;

    public static string Describe(IEnumerable<GateCheck> checks) => string.Join("; ", checks.Select(c => c.Detail));

    static GateCheck DataLeaves(Deployment x, IReadOnlyList<HostFigures> hosts)
    {
        var wrong = hosts.Select(h => (h.HostId, Problem: Problem(h, x.Pipeline.ConfigurationHash))).Where(h => h.Problem is not null).ToList();
        var allowed = x.AllowedFailures;
        if (wrong.Count > allowed)
            return new(GateKind.DataLeaves, GateOutcome.NotMet,
                $"{wrong.Count} of {hosts.Count} hosts are not well, {allowed} may be: {string.Join("; ", wrong.Take(3).Select(h => $"{h.HostId}: {h.Problem}"))}", wrong.Count, allowed);
        var unheard = hosts.Count(h => h.Flow is null && Problem(h, x.Pipeline.ConfigurationHash) is null);
        return unheard > allowed
            ? new(GateKind.DataLeaves, GateOutcome.Open, $"{unheard} of {hosts.Count} hosts have not told of a whole window with it yet", unheard, allowed)
            : new(GateKind.DataLeaves, GateOutcome.Met, $"data leaves {hosts.Count - wrong.Count} of {hosts.Count} hosts", wrong.Count, allowed);
    }

    static string? Problem(HostFigures h, string hash) =>
        h.ConfigurationHash != hash ? h.ConfigurationHash is null ? "its production collector does not run" : "it runs another configuration"
        : h.Unhealthy is { } reason ? reason
        : h.Flow is not { } flow ? null
        : flow.DroppedPoints > 0 ? $"it lost {flow.DroppedPoints} points in sending"
        : flow.SeriesIn > 0 && flow.PointsOut == 0 ? "data comes in and none leaves"
        : null;

    static GateCheck Fidelity(IReadOnlyList<HostFigures> hosts, double limit)
    {
        var worst = hosts.MaxBy(h => h.ConservationErrorPct);
        if (worst is { ConservationErrorPct: { } error } && error > limit)
            return new(GateKind.Fidelity, GateOutcome.NotMet, $"what left {worst.HostId} is not what came in: {worst.WorstGroup} is off by {error:0.###} %, {limit:0.###} % may be", error, limit);
        return hosts.Any(h => h.Flow is not null)
            ? new(GateKind.Fidelity, GateOutcome.Met, $"no label group is off by more than {worst?.ConservationErrorPct ?? 0:0.###} %", worst?.ConservationErrorPct ?? 0, limit)
            : new(GateKind.Fidelity, GateOutcome.Open, "no whole window was measured yet", null, limit);
    }

    static GateCheck Saving(IReadOnlyList<HostFigures> hosts, double predictedKept, double shortfall)
    {
        var flows = hosts.Select(h => h.Flow).OfType<FlowFigures>().Where(f => f.SeriesIn > 0).ToList();
        var limit = 100 - predictedKept - shortfall;
        if (flows.Count == 0) return new(GateKind.Saving, GateOutcome.Open, "no whole window with input was measured yet", null, limit);
        var reduction = 100 * (1 - (double)flows.Sum(f => f.SeriesOut) / flows.Sum(f => f.SeriesIn));
        return new(GateKind.Saving, reduction >= limit ? GateOutcome.Met : GateOutcome.NotMet,
            $"{reduction:0.#} % fewer live series leave than come in, {100 - predictedKept:0.#} % were predicted", reduction, limit);
    }

    static GateCheck Cpu(IReadOnlyList<HostFigures> hosts, double limit)
    {
        var flows = hosts.Select(h => h.Flow).OfType<FlowFigures>().Where(f => f.Seconds > 0).ToList();
        if (flows.Count == 0) return new(GateKind.Cpu, GateOutcome.Open, "no whole window was measured yet", null, limit);
        var pct = flows.Average(f => f.CpuMs / f.Seconds / 10);
        return new(GateKind.Cpu, pct <= limit ? GateOutcome.Met : GateOutcome.NotMet, $"the collectors take {pct:0.#} % of a core, {limit:0.#} % may be", pct, limit);
    }

    static GateCheck Memory(IReadOnlyList<HostFigures> hosts, long limit)
    {
        var heard = hosts.Where(h => h is { Silent: false, ResidentBytes: > 0 }).ToList();
        if (heard.Count == 0) return new(GateKind.Memory, GateOutcome.Open, "no host has told its memory yet", null, limit);
        var bytes = heard.Average(h => (double)h.ResidentBytes);
        return new(GateKind.Memory, bytes <= limit ? GateOutcome.Met : GateOutcome.NotMet,
            $"the collectors hold {bytes / (1 << 20):0.#} MiB, {limit >> 20} MiB may be", bytes, limit);
    }
}
