using System.Globalization;
using System.Text;

namespace Phoenix.Telemetry;

/// <summary>
/// The loop around <see cref="AdaptiveController"/>: observes each control interval, decides at its end, and says at any time
/// which labels of a metric are folded. An incident and an anomalous series stand above the controller's folds and leave
/// its state as it is, so that all is as before when they are over.
/// </summary>
internal sealed class AdaptiveControl
{
    private readonly AdaptiveOptions options;
    private readonly AdaptiveObserver observer;
    private readonly AnomalyWatch watch;
    private readonly long intervalNanos;
    private readonly Dictionary<UInt128, InheritedFolds> inherited = [];
    private AdaptiveState state = AdaptiveState.Initial;
    private AdaptiveIncident? incident;
    private (double Total, double Budget) last;
    private long intervalEnd;

    public AdaptiveControl(AdaptiveOptions options)
    {
        this.options = options;
        observer = new AdaptiveObserver(options);
        watch = new AnomalyWatch(options.Anomalies);
        intervalNanos = (long)(options.Interval.TotalSeconds * 1e9);
    }

    public AdaptiveDecisionLog Log { get; } = new();

    public long Unwatched => watch.Unwatched;

    /// <summary>Whether folded series are searched for anomalies.</summary>
    public bool Watches => watch.IsOn;

    public AdaptiveMetric Metric(scoped in BatchReader reader)
    {
        var metric = observer.Metric(reader);
        if (inherited.Count > 0 && inherited.Remove(metric.Contribution.Metric, out var folds) && metric.Plan.Pass is null)
            Inherit(metric, folds);
        return metric;
    }

    /// <summary>
    /// Goes on from where another one stands, before anything was observed: with its folds as far as they are allowed here, with the
    /// changes that count against the limit, and with its incident.
    /// </summary>
    public void GoOnFrom(AdaptiveControl previous)
    {
        state = state with { Changes = previous.state.Changes };
        incident = previous.incident;
        foreach (var (identity, folds) in previous.inherited)
            inherited[identity] = folds;
        foreach (var (identity, folds) in previous.FoldsOfMetrics())
            inherited[identity] = folds;
    }

    /// <summary>
    /// Writes folds, changes, incident, decisions and histories. The control interval that is open is not kept: what it has not seen
    /// for the time of a restart would look gone.
    /// </summary>
    public void Save(StateWriter state)
    {
        Log.Save(state);
        watch.Save(state);
        state.Items(this.state.Changes.AsSpan());
        state.Value(incident?.Until ?? 0);
        state.Value(incident?.Patterns.Count ?? 0);
        foreach (var pattern in incident?.Patterns ?? [])
            state.Text(pattern);
        List<(UInt128 Metric, InheritedFolds Folds)> folds = [.. inherited.Select(i => (i.Key, i.Value)), .. FoldsOfMetrics()];
        state.Value(folds.Count);
        foreach (var (metric, (keys, folded)) in folds)
        {
            state.Value(metric);
            state.Value(folded.Folded);
            state.Items(folded.ChangedAt.AsSpan());
            state.Value(keys.Length);
            foreach (var key in keys)
                state.Bytes(key);
        }
    }

    /// <summary>Takes on what was saved, before anything was observed.</summary>
    public void Restore(StateReader saved)
    {
        Log.Restore(saved);
        watch.Restore(saved);
        state = state with { Changes = [.. saved.Items<long>()] };
        var until = saved.Value<long>();
        var patterns = new string[saved.Count(sizeof(int))];
        for (var i = 0; i < patterns.Length; i++)
            patterns[i] = saved.Text();
        incident = until == 0 ? null : new AdaptiveIncident(until, patterns);
        for (var left = saved.Count(sizeof(int)); left > 0; left--)
        {
            var metric = saved.Value<UInt128>();
            var folds = new MetricFolds(saved.Value<LabelSet>(), [.. saved.Items<long>()]);
            var keys = new byte[saved.Count(sizeof(int))][];
            for (var i = 0; i < keys.Length; i++)
                keys[i] = saved.Bytes();
            inherited[metric] = new InheritedFolds(keys, folds);
        }
    }

    public bool IsSelected(scoped in BatchReader reader) => observer.IsSelected(reader);

    /// <summary>Counts the stream of the reader's current point.</summary>
    public void Observe(AdaptiveMetric metric, scoped in BatchReader reader) => observer.Observe(metric, reader);

    /// <summary>Whether a folded series is shown by itself.</summary>
    public bool IsShown(UInt128 identity) => watch.IsShown(identity);

    /// <summary>Follows the series of the current point, which is folded.</summary>
    /// <returns>Whether it is to be shown by itself from now on, or no longer.</returns>
    public bool Watch(AdaptiveMetric metric, scoped in BatchReader reader, long unixNanos)
    {
        if (metric.Plan.Pass is not null)
            return false;
        var finding = watch.Observe(reader.StreamIdentity, metric.Contribution.Metric, reader.Decoded.UnixNanos, AmountOf(metric.Plan.Kind, reader));
        if (finding.News == FindingNews.None)
            return false;
        Tell(metric, reader, finding, unixNanos);
        return finding.News != FindingNews.NoRoom;
    }

    /// <summary>Begins the first control interval, and a new one where the clock was set back by more than one.</summary>
    public void Begin(long unixNanos)
    {
        if (intervalEnd == 0 || intervalEnd - unixNanos > intervalNanos)
            intervalEnd = unixNanos + intervalNanos;
    }

    /// <summary>At each export: ends an incident that is over, and decides where a control interval has ended.</summary>
    public void Tick(long unixNanos)
    {
        if (incident is { } over && unixNanos >= over.Until)
            EndIncident(unixNanos);
        Begin(unixNanos);
        if (unixNanos < intervalEnd)
            return;
        intervalEnd = unixNanos + intervalNanos;
        watch.Close(unixNanos);
        Decide(observer.Close(), unixNanos);
        observer.Begin(state);
    }

    /// <summary>Full detail of some metrics, or all, from now on.</summary>
    /// <param name="minutes">For how long; 0 ends it.</param>
    /// <param name="patterns">Names and patterns; empty is every metric.</param>
    public void DeclareIncident(double minutes, IReadOnlyList<string> patterns, long unixNanos)
    {
        if (minutes <= 0)
        {
            if (incident is not null)
                EndIncident(unixNanos);
            return;
        }

        incident = new AdaptiveIncident(unixNanos + (long)(minutes * 60e9), patterns);
        Tell(
            AdaptiveAction.Unfold, AdaptiveReason.Incident, unixNanos,
            string.Create(CultureInfo.InvariantCulture, $"an incident was declared for {minutes:0.##} minutes: full detail of {incident}"));
    }

    /// <summary>Marks the metrics of which other labels are folded now than their streams know.</summary>
    /// <returns>Whether there is any.</returns>
    public bool TakeMoves()
    {
        var any = false;
        foreach (var metric in observer.Metrics)
        {
            metric.Fold(FoldedOf(metric));
            any |= metric.Moves;
        }

        return any;
    }

    public void EndMoves()
    {
        foreach (var metric in observer.Metrics)
            metric.Moves = false;
    }

    private IEnumerable<(UInt128 Metric, InheritedFolds Folds)> FoldsOfMetrics()
    {
        foreach (var metric in observer.Metrics)
        {
            if (state.Metrics.TryGetValue(metric.Contribution.Metric, out var folds))
                yield return (metric.Contribution.Metric, new InheritedFolds([.. metric.Contribution.Keys], folds));
        }
    }

    private LabelSet FoldedOf(AdaptiveMetric metric) =>
        incident?.Covers(metric.Name) == true ? LabelSet.Empty : state.FoldedOf(metric.Contribution.Metric);

    private void Inherit(AdaptiveMetric metric, InheritedFolds inheritance)
    {
        var (folded, changedAt) = (LabelSet.Empty, new long[LabelSet.Capacity]);
        for (var before = 0; before < inheritance.Keys.Length; before++)
        {
            var key = inheritance.Keys[before];
            if (!options.MayFold(metric.Name, Encoding.UTF8.GetString(key), ofResource: false))
                continue;
            var label = metric.Contribution.Find(key) is >= 0 and var known ? known : metric.Contribution.Add(key);
            if (label < 0)
                continue;
            changedAt[label] = before < inheritance.Folds.ChangedAt.Length ? inheritance.Folds.ChangedAt[before] : 0;
            if (inheritance.Folds.Folded.Has(before))
                folded = folded.With(LabelSet.Of(label));
        }

        state = state with { Metrics = state.Metrics.SetItem(metric.Contribution.Metric, new MetricFolds(folded, [.. changedAt])) };
        metric.Contribution.BeginInterval(folded, attended: true);
        metric.Fold(FoldedOf(metric));
    }

    private static Amount AmountOf(FoldKind kind, scoped in BatchReader reader)
    {
        ref readonly var point = ref reader.Decoded;
        if (!kind.IsNumber())
            return new Amount(reader.ReadPoint().Count, kind.IsDelta(), IsLevel: false, IsCount: true);
        return new Amount(point.IsEmptyNumber ? double.NaN : point.Number, kind.IsDelta(), kind == FoldKind.Level, point.IsInteger && kind != FoldKind.Level);
    }

    private void EndIncident(long unixNanos)
    {
        Tell(AdaptiveAction.Fold, AdaptiveReason.IncidentOver, unixNanos, $"the incident is over: folds of {incident} hold again");
        incident = null;
    }

    private void Decide(AdaptiveObservation observation, long unixNanos)
    {
        last = (observation.SeriesNow, options.Goal.Budget(observation.SeriesIn));
        if (incident is { IsOfAll: true })
            return;
        var outcome = AdaptiveController.Decide(options.Goal, state, Uncovered(observation), unixNanos);
        foreach (var decision in outcome.Decisions)
            Log.Add(decision);
        state = outcome.State;
    }

    /// <summary>Metrics that an incident shows in full are left as they are until it is over.</summary>
    private AdaptiveObservation Uncovered(AdaptiveObservation observation) => incident is not { } covering ? observation : observation with
    {
        Metrics = [.. observation.Metrics.Select(metric => covering.Covers(metric.Name) ? metric with { Estimates = [] } : metric)],
    };

    private void Tell(AdaptiveAction action, AdaptiveReason reason, long unixNanos, string words) =>
        Log.Add(new AdaptiveDecision(unixNanos, action, "", [], last.Total, last.Total, last.Total, last.Budget, reason, words, []));

    private void Tell(AdaptiveMetric metric, scoped in BatchReader reader, in Finding finding, long unixNanos)
    {
        var series = SeriesText.Of(reader);
        var did = string.Create(CultureInfo.InvariantCulture, $"{finding.Last:G4} in a control interval, {finding.Median:G4} ± {finding.Range:G4} before");
        var (action, reason, words) = finding.News switch
        {
            FindingNews.Begins => (AdaptiveAction.Unfold, AdaptiveReason.Anomaly, $"{series} left its range ({did}) and is shown by itself"),
            FindingNews.NoRoom => (AdaptiveAction.HoldOff, AdaptiveReason.AnomalyBound, $"{series} left its range ({did}) and stays folded: {options.Anomalies.MaxShown} series are shown already"),
            _ => (AdaptiveAction.Fold, AdaptiveReason.AnomalyOver, $"{series} is in its range again and is folded again"),
        };
        Log.Add(new AdaptiveDecision(
            unixNanos, action, metric.Contribution.Name, metric.Folded.Names(metric.Contribution.Labels), last.Total, last.Total, last.Total, last.Budget, reason, words, []));
    }

    /// <param name="Keys">Label keys by the numbers that <paramref name="Folds"/> means.</param>
    private sealed record InheritedFolds(byte[][] Keys, MetricFolds Folds);
}
