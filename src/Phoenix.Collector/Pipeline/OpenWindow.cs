using Phoenix.Collector.Exporters;
using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>What the pipeline keeps about the window that is open, beside what the meter counts.</summary>
internal sealed class OpenWindow
{
    private readonly TimeSpan _cpuAtStart = Environment.CpuUsage.TotalTime;
    private readonly long _wireBytesAtStart;
    private readonly long _exportErrorsAtStart;
    private readonly long _droppedAtStart;
    private readonly long _refusedAtStart;

    public OpenWindow(string sourceEpoch, long number, long startedAt, bool complete, Output output, long refused)
    {
        (SourceEpoch, Number, StartedAt, Complete) = (sourceEpoch, number, startedAt, complete);
        _wireBytesAtStart = output.WireBytes;
        _exportErrorsAtStart = output.ExportErrors;
        _droppedAtStart = output.DroppedPoints;
        _refusedAtStart = refused;
    }

    public string SourceEpoch { get; }

    public long Number { get; }

    /// <summary>Unix nanoseconds.</summary>
    public long StartedAt { get; }

    /// <summary>False where it is not of full length in this arm, or its settings changed inside it.</summary>
    public bool Complete { get; set; }

    /// <summary>0 until a batch came.</summary>
    public long FirstSequence { get; private set; }

    public long LastSequence { get; private set; }

    public long Batches { get; private set; }

    /// <summary>Nanoseconds.</summary>
    public long MaxDelay { get; private set; }

    /// <summary>Points left, or were folded into some that did, so long after production had received them.</summary>
    public void Delayed(long nanoseconds) => MaxDelay = Math.Max(MaxDelay, nanoseconds);

    public void Count(long sequence)
    {
        FirstSequence = FirstSequence == 0 ? sequence : FirstSequence;
        LastSequence = sequence;
        Batches++;
    }

    public ArmWindow Close(string epoch, long unixNanos, long missedBatches, MeterWindow measured, Output output, long refused, int generation,
        AdaptiveWindow? adaptive) => new(
        epoch, SourceEpoch, Number, Clock.Time(StartedAt), Clock.Time(unixNanos),
        FirstSequence, LastSequence, Batches, missedBatches, Complete,
        new ArmInput(Counts(measured.Input), measured.Checksum, refused - _refusedAtStart),
        new ArmOutput(
            Counts(measured.Output),
            output.WireBytes - _wireBytesAtStart,
            output.ExportErrors - _exportErrorsAtStart,
            output.DroppedPoints - _droppedAtStart,
            MaxDelay / 1e6),
        new ArmCost((Environment.CpuUsage.TotalTime - _cpuAtStart).TotalMilliseconds, Environment.WorkingSet),
        Ledger(measured.Ledger),
        new ProtectedWindow(measured.Protected.Expected, measured.Protected.Retained, measured.Protected.Missing),
        [.. measured.Top.Select(t => new MetricShare(t.Metric, t.SeriesIn, t.SeriesOut))],
        generation, measured.UntrackedPoints, measured.LongestInterval.TotalSeconds, adaptive);

    private static StreamCounts Counts(MeterCounts counts) => new(
        counts.StreamsActive, counts.SeriesActive, counts.StreamsDistinct, counts.SeriesDistinct, counts.Points, counts.Samples, counts.Bytes,
        counts.SamplesPerMinute, counts.Names, Meters(counts.Series), counts.StandardErrorPct, counts.EndedHour);

    private static Contracts.SeriesMeters Meters(Telemetry.SeriesMeters meters) => new(
        ByBackend(meters.Window), ByBackend(meters.Active20Minutes), ByBackend(meters.ActiveHour), ByBackend(meters.DistinctHour),
        ByBackend(meters.DistinctDay), ByBackend(meters.Measurement));

    private static SeriesByBackend ByBackend(SeriesCount count) => new(count.Classic, count.Native, count.Datadog);

    // The name carries what is wrong with the group as far as a person reads it: window, guardrail and verdict.
    private static LedgerWindow Ledger(LedgerResult ledger) => new(
        ledger.Groups, ledger.Increments, ledger.In, ledger.Out, ledger.ErrorPct,
        ledger.WorstAspect is null or "increments" ? ledger.WorstGroup : $"{ledger.WorstGroup} ({ledger.WorstAspect})", ledger.WorstMetric, ledger.WorstErrorPct,
        [.. ledger.Dropped.Select(d => new DroppedByRule(d.Rule, d.Points))], ledger.VoidGroups);
}
