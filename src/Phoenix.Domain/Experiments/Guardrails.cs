namespace Phoenix.Domain.Experiments;

/// <summary>Limits that end a candidate by themselves. One measured breach is enough where a window is a sum of many points; what one moment can cause takes two windows in a row.</summary>
public static class Guardrails
{
    public const string InputMismatch = "input-mismatch";

    /// <summary>
    /// Where in two windows in a row most hosts' arms did not see the same input: once is an accident, twice is a candidate of which nothing can be said.
    /// Null where they did.
    /// </summary>
    /// <param name="counted">Hosts whose window counts.</param>
    public static GuardrailBreached? Mismatch(Experiment x, int number, int counted, IReadOnlyList<WindowVoided> voided)
    {
        var hosts = voided.Where(v => v.Reason == InputMismatch).Select(v => v.HostId).ToList();
        return hosts.Count > counted && x.LastMismatch is { } last && last.Window == number - 1 && last.Hosts > last.Counted
            ? new(Guardrail.InputMismatch,
                $"In windows {last.Window} and {number} the arms did not see the same input, on {string.Join(", ", hosts.Take(3))}{(hosts.Count > 3 ? ", …" : "")}", hosts.Count, counted, number)
            : null;
    }

    /// <summary>The first limit the window breaks, the gravest first; null where all hold.</summary>
    /// <param name="before">The window before it, where that was measured: a failed export is tried again, and a clock that was set or a host that was paused delays one window; two in a row are no accident.</param>
    public static GuardrailBreached? Check(WindowMeasured w, SuccessCriteria criteria, WindowMeasured? before = null)
    {
        if (w.Retention.Retained < w.Retention.Expected)
            return new(Guardrail.ProtectedRetention,
                $"{w.Retention.Expected - w.Retention.Retained} of {w.Retention.Expected} protected streams did not leave the candidate: " +
                string.Join(", ", w.Retention.Missing), w.Retention.Pct, 100, w.Number);
        if (w.Conservation.WorstErrorPct > criteria.MaxConservationErrorPct)
            return new(Guardrail.Conservation,
                $"What left the candidate is not what came in: {w.Conservation.WorstGroup} is off by {w.Conservation.WorstErrorPct:0.###} %",
                w.Conservation.WorstErrorPct, criteria.MaxConservationErrorPct, w.Number);
        if (w.Candidate.DroppedPoints > 0)
            return new(Guardrail.DataLoss, $"The candidate lost {w.Candidate.DroppedPoints} points in sending", w.Candidate.DroppedPoints, 0, w.Number);
        if (before?.Number != w.Number - 1) before = null;
        if (Failed(w) && before is not null && Failed(before))
            return new(Guardrail.ExportErrors, $"{w.Candidate.ExportErrors} exports of the candidate failed, {w.Baseline.ExportErrors} of the baseline",
                w.Candidate.ExportErrors, w.Baseline.ExportErrors, w.Number);
        var added = Added(w);
        if (added > criteria.MaxAddedDelaySeconds && before is not null && Added(before) > criteria.MaxAddedDelaySeconds)
            return new(Guardrail.AddedDelay, $"Points leave the candidate up to {added:0.#} s later than the baseline", added, criteria.MaxAddedDelaySeconds, w.Number);
        var cpuPct = w.Candidate.CpuMs / (w.Seconds * 10 * Math.Max(1, w.Hosts));
        if (cpuPct > criteria.MaxCandidateCpuPct)
            return new(Guardrail.CandidateCpu, $"The candidate took {cpuPct:0.#} % of a core", cpuPct, criteria.MaxCandidateCpuPct, w.Number);
        var resident = w.Candidate.ResidentBytes / Math.Max(1, w.Hosts);
        return resident > criteria.MaxCandidateResidentBytes
            ? new(Guardrail.CandidateMemory, $"The candidate held {resident >> 20} MiB of memory", resident, criteria.MaxCandidateResidentBytes, w.Number)
            : null;
    }

    static bool Failed(WindowMeasured w) => w.Candidate.ExportErrors > w.Baseline.ExportErrors;

    static double Added(WindowMeasured w) => (w.Candidate.MaxDelayMs - w.Baseline.MaxDelayMs) / 1000;
}
