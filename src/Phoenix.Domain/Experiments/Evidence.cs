using System.Collections.Immutable;
using Phoenix.Domain.Statistics;

namespace Phoenix.Domain.Experiments;

/// <summary>What the counted windows of an experiment add up to.</summary>
/// <param name="Windows">Windows that count.</param>
/// <param name="Baseline">Sums over windows; <c>SeriesDistinct</c> is the latest count, not a sum.</param>
/// <param name="Increments">Increments checked, by epoch of a candidate.</param>
/// <param name="Settled">Live series over time, of windows that no other can be told before any more; null in what an earlier version has stored.</param>
/// <param name="Ahead">The newest windows by number: one that is closed late still takes its place among them.</param>
/// <param name="LeastHosts">Hosts of the window that had the fewest.</param>
public sealed record Evidence(
    int Windows, double Seconds, int Hosts, ArmTotals Baseline, ArmTotals Candidate, long Groups, ImmutableSortedDictionary<string, long> Increments,
    double ErrorPct, double WorstErrorPct, string? WorstGroup, long ProtectedExpected, long ProtectedRetained,
    TimeBlocks? Settled, ImmutableSortedDictionary<int, LiveSeries>? Ahead, int LeastHosts)
{
    public static readonly Evidence None = new(
        0, 0, 0, ArmTotals.Zero, ArmTotals.Zero, 0, ImmutableSortedDictionary<string, long>.Empty, 0, 0, null, 0, 0,
        TimeBlocks.None, NoneAhead, 0);

    /// <summary>What came in over the windows that count; null where one of them did not tell, or none counts.</summary>
    public InputTotals? Input { get; init; }

    static ImmutableSortedDictionary<int, LiveSeries> NoneAhead => ImmutableSortedDictionary<int, LiveSeries>.Empty;

    /// <summary>A window is closed at most two windows after its first report; more of them pass where messages are late.</summary>
    const int MostAhead = 16;

    /// <summary>Live series of both arms over time, in the order of the windows: what a claim on the time to come rests on.</summary>
    public TimeBlocks OverTime() => (Ahead ?? NoneAhead).Values.Aggregate(Settled ?? TimeBlocks.None, (blocks, w) => blocks.Add(w.Sums, w.Hours));

    public Evidence Add(WindowMeasured w)
    {
        var increments = Increments;
        foreach (var (epoch, count) in w.Conservation.Increments)
            increments = increments.SetItem(epoch, Math.Max(count, increments.GetValueOrDefault(epoch)));
        var ahead = (Ahead ?? NoneAhead).SetItem(w.Number, LiveSeries.Of(w));
        var settled = Settled ?? TimeBlocks.None;
        if (ahead.Count > MostAhead)
        {
            var (number, oldest) = ahead.First();
            (settled, ahead) = (settled.Add(oldest.Sums, oldest.Hours), ahead.Remove(number));
        }
        var worse = w.Conservation.WorstErrorPct > WorstErrorPct;
        return new Evidence(
            Windows + 1, Seconds + w.Seconds, Math.Max(Hosts, w.Hosts),
            Baseline + w.Baseline with { SeriesDistinct = w.Baseline.SeriesDistinct - Baseline.SeriesDistinct },
            Candidate + w.Candidate with { SeriesDistinct = w.Candidate.SeriesDistinct - Candidate.SeriesDistinct },
            w.Conservation.Groups, increments,
            Math.Max(ErrorPct, w.Conservation.ErrorPct), worse ? w.Conservation.WorstErrorPct : WorstErrorPct,
            worse ? w.Conservation.WorstGroup : WorstGroup,
            ProtectedExpected + w.Retention.Expected, ProtectedRetained + w.Retention.Retained, settled, ahead, Windows == 0 ? w.Hosts : Math.Min(LeastHosts, w.Hosts))
        {
            Input = Windows == 0 ? w.Input : Input is { } before && w.Input is { } more ? before + more : null,
        };
    }

    public EvidenceSummary Summary() => new(
        Windows, Hosts, Seconds / 60,
        ReductionPct(Baseline.SeriesDistinct, Candidate.SeriesDistinct), ReductionPct(Baseline.SeriesActive, Candidate.SeriesActive),
        ReductionPct(Baseline.Points, Candidate.Points), ReductionPct(Baseline.WireBytes, Candidate.WireBytes),
        Baseline.SeriesDistinct, Candidate.SeriesDistinct,
        Windows == 0 ? 0 : (double)Baseline.SeriesActive / Windows, Windows == 0 ? 0 : (double)Candidate.SeriesActive / Windows,
        Groups, Increments.Values.Sum(), ErrorPct, WorstErrorPct, WorstGroup, ProtectedExpected, ProtectedRetained,
        Seconds == 0 ? 0 : Candidate.CpuMs / Seconds / 10, Windows == 0 ? 0 : Candidate.ResidentBytes / Windows);

    /// <summary>By how much less the candidate sent, in per cent; 0 where the baseline sent nothing.</summary>
    public static double ReductionPct(double baseline, double candidate) => baseline == 0 ? 0 : 100 * (1 - candidate / baseline);
}

/// <summary>Live series of both arms in one window, over all hosts, and the hours of the day that it touched.</summary>
public sealed record LiveSeries(ArmSums Sums, HoursOfDay Hours)
{
    public static LiveSeries Of(WindowMeasured w) => new(
        new(w.Baseline.SeriesActive, w.Candidate.SeriesActive),
        HoursOfDay.Of(w.HoursUtc ?? []));
}

/// <summary>The evidence in the numbers that people compare. Observed on these hosts in these windows: exact, no interval.</summary>
/// <param name="SeriesReductionPct">Of distinct series since measuring began, churned-out ones included, which flatters any reduction.</param>
/// <param name="LiveSeriesReductionPct">Of series active in a window, mean over windows: what the criterion asks.</param>
/// <param name="ConservationErrorPct">Largest Σ|in − out| ÷ Σ|in| of any window, in per cent.</param>
/// <param name="CandidateCpuPct">Of one core.</param>
public sealed record EvidenceSummary(
    int Windows, int Hosts, double MeasuredMinutes, double SeriesReductionPct, double LiveSeriesReductionPct, double PointsReductionPct,
    double BytesReductionPct, long BaselineSeries, long CandidateSeries, double BaselineLiveSeries, double CandidateLiveSeries,
    long ConservationGroups, long IncrementsChecked, double ConservationErrorPct, double WorstGroupErrorPct, string? WorstGroup,
    long ProtectedExpected, long ProtectedRetained, double CandidateCpuPct, long CandidateResidentBytes);
