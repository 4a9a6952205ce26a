using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>A pipeline's adaptive processors: their decisions as they go over the wire, and the incident command.</summary>
internal sealed class AdaptiveProcessors(IReadOnlyList<AdaptiveReducer> processors)
{
    private readonly IReadOnlyList<AdaptiveReducer> _processors = processors;
    private readonly Dictionary<AdaptiveReducer, long> _told = [];

    public bool Any => _processors.Count > 0;

    /// <summary>Each processor goes on from where the one of the same name in the configuration before stands.</summary>
    public void GoOnFrom(AdaptiveProcessors before)
    {
        foreach (var processor in _processors)
        {
            if (before._processors.Contains(processor))
            {
                _told[processor] = before._told.GetValueOrDefault(processor);
            }
            else if (before._processors.FirstOrDefault(p => p.Name == processor.Name) is { } previous)
            {
                processor.GoOnFrom(previous);
            }
        }
    }

    /// <summary>What the processors remember from before a restart was told then.</summary>
    public void Resumed()
    {
        foreach (var processor in _processors)
        {
            _told[processor] = processor.Decisions.Last;
        }
    }

    /// <summary>Full detail for a while. On the pipeline's thread alone.</summary>
    public void DeclareIncident(IncidentCommand command, long unixNanos)
    {
        foreach (var processor in _processors)
        {
            processor.DeclareIncident(command.Minutes, command.Metrics ?? [], unixNanos);
        }
    }

    /// <summary>Decisions that are no longer kept.</summary>
    public long Dropped => _processors.Sum(p => p.Decisions.Dropped);

    /// <summary>Decisions with a greater number of each processor, in the order of time.</summary>
    public IReadOnlyList<AdaptiveDecisionRecord> After(long number) =>
        [.. _processors.SelectMany(p => p.Decisions.After(number).Select(d => Record(p.Name, d))).OrderBy(d => d.At).ThenBy(d => d.Number)];

    /// <summary>What was decided since the last call; null where nothing can be.</summary>
    public AdaptiveWindow? CloseWindow()
    {
        if (!Any)
        {
            return null;
        }

        var records = new List<AdaptiveDecisionRecord>();
        long decided = 0;
        foreach (var processor in _processors)
        {
            var told = _told.GetValueOrDefault(processor);
            var since = processor.Decisions.After(told);
            var last = since.Count == 0 ? told : since[^1].Number;
            decided += last - told;
            _told[processor] = last;
            records.AddRange(since.Select(d => Record(processor.Name, d)));
        }

        var listed = records.OrderBy(d => d.At).ThenBy(d => d.Number).Take(AdaptiveWindow.MaxDecisions).ToList();
        return new AdaptiveWindow(listed, decided - listed.Count);
    }

    private static AdaptiveDecisionRecord Record(string processor, NumberedDecision numbered)
    {
        var d = numbered.Decision;
        return new AdaptiveDecisionRecord(
            numbered.Number, Clock.Time(d.UnixNanos), processor, Action(d.Action), d.Metric, d.Labels, Whole(d.SeriesBefore), Whole(d.SeriesExpected),
            Whole(d.Total), Whole(d.Budget), Code(d.Reason), d.Words,
            [.. d.Against.Select(a => new WeighedAlternative(a.Metric, a.Labels, Whole(a.Series)))]);
    }

    private static double Whole(double series) => Math.Round(series);

    private static FoldAction Action(AdaptiveAction action) => action switch
    {
        AdaptiveAction.Fold => FoldAction.Fold,
        AdaptiveAction.Unfold => FoldAction.Unfold,
        AdaptiveAction.HoldOff => FoldAction.HoldOff,
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, null),
    };

    private static string Code(AdaptiveReason reason) => reason switch
    {
        AdaptiveReason.OverBudget => "over-budget",
        AdaptiveReason.UnderBudget => "under-budget",
        AdaptiveReason.NoGain => "no-gain",
        AdaptiveReason.ChangeLimit => "change-limit",
        AdaptiveReason.RecentlyChanged => "recently-changed",
        AdaptiveReason.NothingToFold => "nothing-to-fold",
        AdaptiveReason.Incident => "incident",
        AdaptiveReason.IncidentOver => "incident-over",
        AdaptiveReason.Anomaly => "anomaly",
        AdaptiveReason.AnomalyOver => "anomaly-over",
        AdaptiveReason.AnomalyBound => "anomaly-bound",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };
}
