using JasperFx.Events;

namespace Phoenix.Domain.Experiments;

/// <summary>One window of an experiment as it was recorded, and the experiment as it stood after it.</summary>
/// <param name="LastVersion">Number of its last event in the stream, and the last that <paramref name="After"/> knows of.</param>
/// <param name="Measured">Null where no host's window counts.</param>
/// <param name="VoidHosts">Windows of single hosts that said nothing.</param>
/// <param name="MismatchedHosts">Those of them whose arms did not see the same input.</param>
/// <param name="After">The experiment with this window and all recorded before it.</param>
public sealed record ReplayedWindow(int Number, DateTimeOffset At, long LastVersion, WindowMeasured? Measured, int VoidHosts, int MismatchedHosts, Experiment After)
{
    /// <summary>It is evidence: measured, and not of the warm-up.</summary>
    public bool Counts => Measured is not null && After.WarmUpWindow is { } last && Number > last;
}

/// <summary>Goes once through the stream of an experiment, window by window, each costing what one window costs.</summary>
public sealed class WindowReplay
{
    Experiment? _x;
    (int Number, DateTimeOffset At, WindowMeasured? Measured, int Void, int Mismatched)? _open;

    /// <summary>Goes on with the first event after a window.</summary>
    /// <param name="window">Null to begin with the first event of the stream.</param>
    public static WindowReplay After(ReplayedWindow? window) => new() { _x = window?.After, Version = window?.LastVersion ?? 0 };

    /// <summary>Number of the last event that was added; 0 before the first.</summary>
    public long Version { get; private set; }

    /// <summary>The window to which the last event belongs, as it is so far; null where that belongs to none.</summary>
    public ReplayedWindow? Open => _open is { } o ? new(o.Number, o.At, Version, o.Measured, o.Void, o.Mismatched, _x!) : null;

    /// <summary>Adds the next event of the stream.</summary>
    /// <returns>The window that has no more events, since this one is not of it; null for none.</returns>
    public ReplayedWindow? Add(IEvent e)
    {
        var number = (e.Data as WindowMeasured)?.Number ?? (e.Data as WindowVoided)?.Number;
        var done = _open is { } open && open.Number != number ? Open : null;
        if (done is not null) _open = null;
        _x = Apply(_x, e);
        Version = e.Version;
        if (number is not { } n) return done;
        var (before, mismatch) = (_open, e.Data is WindowVoided { Reason: Guardrails.InputMismatch });
        _open = (n, e.Timestamp, e.Data as WindowMeasured ?? before?.Measured, (before?.Void ?? 0) + (e.Data is WindowVoided ? 1 : 0), (before?.Mismatched ?? 0) + (mismatch ? 1 : 0));
        return done;
    }

    /// <param name="stream">All events of one experiment, from its first on.</param>
    /// <returns>Windows in the order in which they were recorded, which is that of their numbers but for those that were closed late.</returns>
    public static IEnumerable<ReplayedWindow> Over(IEnumerable<IEvent> stream)
    {
        var replay = new WindowReplay();
        foreach (var e in stream)
            if (replay.Add(e) is { } window) yield return window;
        if (replay.Open is { } last) yield return last;
    }

    /// <param name="stream">The same, as it comes from the store.</param>
    public static async IAsyncEnumerable<ReplayedWindow> OverAsync(IAsyncEnumerable<IEvent> stream)
    {
        var replay = new WindowReplay();
        await foreach (var e in stream)
            if (replay.Add(e) is { } window) yield return window;
        if (replay.Open is { } last) yield return last;
    }

    /// <summary>What the evidence and the claims on it rest on; what hosts have done on the way does not belong to it, and is much with many hosts.</summary>
    static Experiment? Apply(Experiment? x, IEvent e) => e switch
    {
        IEvent<ExperimentDrafted> drafted => Experiment.Create(drafted),
        IEvent<ExperimentStarted> started => x?.Apply(started),
        IEvent<WarmUpEnded> ended => x?.Apply(ended),
        { Data: ExperimentEdited edited } => x?.Apply(edited),
        { Data: FleetSampled sampled } => x?.Apply(sampled),
        { Data: HostsLeftOut left } => x?.Apply(left),
        { Data: ExperimentExtended extended } => x?.Apply(extended),
        { Data: WindowMeasured measured } => x?.Apply(measured),
        { Data: WindowVoided voided } => x?.Apply(voided),
        { Data: GuardrailBreached breached } => x?.Apply(breached),
        { Data: VerdictReached reached } => x is null ? null : x with { Verdict = reached },
        _ => x,
    };
}
