using JasperFx.Events;

namespace Phoenix.Domain.Experiments;

/// <summary>One window of an experiment as it was recorded, and the experiment as it stood after it.</summary>
/// <param name="LastVersion">Number of its last event in the stream.</param>
/// <param name="Measured">Null where no host's window counts.</param>
/// <param name="Voided">Windows of single hosts that said nothing.</param>
/// <param name="After">The experiment with this window and all recorded before it.</param>
public sealed record ReplayedWindow(int Number, DateTimeOffset At, long LastVersion, WindowMeasured? Measured, IReadOnlyList<WindowVoided> Voided, Experiment After)
{
    /// <summary>It is evidence: measured, and not of the warm-up.</summary>
    public bool Counts => Measured is not null && After.WarmUpWindow is { } last && Number > last;
}

/// <summary>Goes once through the stream of an experiment, window by window, each costing what one window costs.</summary>
public static class WindowReplay
{
    /// <param name="stream">All events of one experiment, from its first on.</param>
    /// <returns>Windows in the order in which they were recorded, which is that of their numbers but for those that were closed late.</returns>
    public static IEnumerable<ReplayedWindow> Over(IEnumerable<IEvent> stream)
    {
        Experiment? x = null;
        List<WindowVoided> voided = [];
        (int Number, DateTimeOffset At, long Version, WindowMeasured? Measured)? open = null;
        foreach (var e in stream)
        {
            var number = (e.Data as WindowMeasured)?.Number ?? (e.Data as WindowVoided)?.Number;
            if (open is { } done && number != done.Number)
            {
                yield return new(done.Number, done.At, done.Version, done.Measured, voided, x!);
                (voided, open) = ([], null);
            }
            x = Apply(x, e);
            if (number is not { } n) continue;
            if (e.Data is WindowVoided v) voided.Add(v);
            open = (n, e.Timestamp, e.Version, e.Data as WindowMeasured ?? open?.Measured);
        }
        if (open is { } last) yield return new(last.Number, last.At, last.Version, last.Measured, voided, x!);
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
