using System.Collections.Immutable;

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
        var measure = OfInput(hosts.Count, counted);
        return measure.Broken && x.LastMismatch is { } last && last.Window == number - 1 && OfInput(last.Hosts, last.Counted).Broken
            ? new(measure.Guardrail,
                $"In windows {last.Window} and {number} the arms did not see the same input, on {string.Join(", ", hosts.Take(3))}{(hosts.Count > 3 ? ", …" : "")}", measure.Value, measure.Limit, number)
            : null;
    }

    /// <summary>The first limit the window breaks, the gravest first; null where all hold.</summary>
    /// <param name="before">The window before it, where that was measured: a failed export is tried again, and a clock that was set or a host that was paused delays one window; two in a row are no accident.</param>
    public static GuardrailBreached? Check(WindowMeasured w, SuccessCriteria criteria, WindowMeasured? before = null)
    {
        var broken = Of(w, criteria).Where(m => m.Broken).ToList();
        if (broken.Count == 0) return null;
        var earlier = before?.Number == w.Number - 1 ? Of(before, criteria) : [];
        return broken.FirstOrDefault(m => m.NeedsInARow == 1 || earlier.Any(e => e.Guardrail == m.Guardrail && e.Broken)) is { } first
            ? new(first.Guardrail, first.Detail, first.Value, first.Limit, w.Number)
            : null;
    }

    /// <summary>Every limit that a window is held against, with what was measured: the gravest first.</summary>
    public static IReadOnlyList<GuardrailMeasure> Of(WindowMeasured w, SuccessCriteria criteria)
    {
        var lost = w.Retention.Expected - w.Retention.Retained;
        var added = (w.Candidate.MaxDelayMs - w.Baseline.MaxDelayMs) / 1000;
        var cpuPct = w.Candidate.CpuMs / (w.Seconds * 10 * Math.Max(1, w.Hosts));
        var resident = w.Candidate.ResidentBytes / Math.Max(1, w.Hosts);
        return
        [
            new(Guardrail.ProtectedRetention, w.Retention.Pct, 100, "%", IsFloor: true, lost > 0, 1,
                $"{lost} of {w.Retention.Expected} protected streams did not leave the candidate{(lost > 0 ? ": " + string.Join(", ", w.Retention.Missing) : "")}"),
            new(Guardrail.Conservation, w.Conservation.WorstErrorPct, criteria.MaxConservationErrorPct, "%", IsFloor: false,
                w.Conservation.WorstErrorPct > criteria.MaxConservationErrorPct, 1,
                w.Conservation.WorstGroup is { } group
                    ? $"What left the candidate is not what came in: {group} is off by {w.Conservation.WorstErrorPct:0.###} %"
                    : $"What left the candidate is what came in, in {w.Conservation.Groups} groups"),
            new(Guardrail.DataLoss, w.Candidate.DroppedPoints, 0, "points", IsFloor: false, w.Candidate.DroppedPoints > 0, 1,
                $"The candidate lost {w.Candidate.DroppedPoints} points in sending"),
            new(Guardrail.ExportErrors, w.Candidate.ExportErrors, w.Baseline.ExportErrors, "exports", IsFloor: false, w.Candidate.ExportErrors > w.Baseline.ExportErrors, 2,
                $"{w.Candidate.ExportErrors} exports of the candidate failed, {w.Baseline.ExportErrors} of the baseline"),
            new(Guardrail.AddedDelay, added, criteria.MaxAddedDelaySeconds, "s", IsFloor: false, added > criteria.MaxAddedDelaySeconds, 2,
                $"Points leave the candidate up to {added:0.#} s later than the baseline"),
            new(Guardrail.CandidateCpu, cpuPct, criteria.MaxCandidateCpuPct, "% of a core", IsFloor: false, cpuPct > criteria.MaxCandidateCpuPct, 1,
                $"The candidate took {cpuPct:0.#} % of a core"),
            new(Guardrail.CandidateMemory, resident, criteria.MaxCandidateResidentBytes, "bytes", IsFloor: false, resident > criteria.MaxCandidateResidentBytes, 1,
                $"The candidate held {resident >> 20} MiB of memory"),
        ];
    }

    /// <summary>How many hosts' arms did not see the same input, held against those whose window counts.</summary>
    public static GuardrailMeasure OfInput(int mismatched, int counted) => new(
        Guardrail.InputMismatch, mismatched, counted, "hosts", IsFloor: false, mismatched > counted, 2,
        $"On {mismatched} hosts the arms did not see the same input, on {counted} they did");
}

/// <summary>One limit, and how a window stands to it.</summary>
/// <param name="Unit">Of value and limit.</param>
/// <param name="IsFloor">The value must not be below the limit; else not above it.</param>
/// <param name="Broken">The window breaks the limit.</param>
/// <param name="NeedsInARow">Windows in a row that have to break it before the candidate goes.</param>
/// <param name="Detail">What was measured, in words.</param>
public sealed record GuardrailMeasure(
    Guardrail Guardrail, double Value, double Limit, string Unit, bool IsFloor, bool Broken, int NeedsInARow, string Detail)
{
    /// <summary>How much of what is allowed is used; null where nothing is allowed, so that it holds or is broken and there is nothing between.</summary>
    public double? UsedPct => IsFloor || Limit <= 0 ? null : Math.Max(0, 100 * Value / Limit);
}

/// <summary>How a guardrail stood over the windows of an experiment.</summary>
/// <param name="Window">Number of the window that was recorded last and in which it was measured.</param>
/// <param name="Latest">As that window stood to it.</param>
/// <param name="Worst">The value furthest to its wrong side so far; with a limit that is the baseline's own, the most above it.</param>
/// <param name="WorstWindow">Number of the window that had it.</param>
/// <param name="InARow">Windows recorded last that break it, without one between that holds it or was not measured.</param>
public sealed record GuardrailStanding(int Window, GuardrailMeasure Latest, GuardrailMeasure Worst, int WorstWindow, int InARow)
{
    /// <summary>Of the first window that was held against it.</summary>
    public static GuardrailStanding First(int number, GuardrailMeasure measure) => new(number, measure, measure, number, measure.Broken ? 1 : 0);

    /// <summary>With the window that was recorded next.</summary>
    public GuardrailStanding And(int number, GuardrailMeasure measure)
    {
        var worse = Excess(measure) > Excess(Worst);
        return new(number, measure, worse ? measure : Worst, worse ? number : WorstWindow, !measure.Broken ? 0 : Window == number - 1 ? InARow + 1 : 1);
    }

    static double Excess(GuardrailMeasure m) => m.IsFloor ? m.Limit - m.Value : m.Value - m.Limit;
}

/// <summary>Every guardrail that windows were held against, folded over them in the order in which they were recorded.</summary>
public sealed class GuardrailStandings
{
    public static readonly GuardrailStandings None = new(ImmutableDictionary<Guardrail, GuardrailStanding>.Empty);

    readonly ImmutableDictionary<Guardrail, GuardrailStanding> _standings;

    GuardrailStandings(ImmutableDictionary<Guardrail, GuardrailStanding> standings) => _standings = standings;

    /// <summary>The gravest first.</summary>
    public IReadOnlyList<GuardrailStanding> ByGravity => [.. _standings.Values.OrderBy(s => Array.IndexOf(Gravest, s.Latest.Guardrail))];

    /// <param name="measured">Null where nothing was.</param>
    /// <param name="mismatched">Hosts on which the arms did not see the same input.</param>
    public GuardrailStandings And(int number, WindowMeasured? measured, int mismatched, SuccessCriteria criteria)
    {
        var standings = _standings.ToBuilder();
        foreach (var measure in (IReadOnlyList<GuardrailMeasure>)[.. measured is null ? [] : Guardrails.Of(measured, criteria), Guardrails.OfInput(mismatched, measured?.Hosts ?? 0)])
            standings[measure.Guardrail] = standings.TryGetValue(measure.Guardrail, out var before) ? before.And(number, measure) : GuardrailStanding.First(number, measure);
        return new(standings.ToImmutable());
    }

    /// <summary>With a window by the limits that held then.</summary>
    public GuardrailStandings With(ReplayedWindow window) => And(window.Number, window.Measured, window.MismatchedHosts, window.After.Criteria);

    static readonly Guardrail[] Gravest =
    [
        Guardrail.ProtectedRetention, Guardrail.Conservation, Guardrail.DataLoss, Guardrail.ExportErrors, Guardrail.AddedDelay, Guardrail.CandidateCpu,
        Guardrail.CandidateMemory, Guardrail.InputMismatch,
    ];
}
