using System.Diagnostics;
using Phoenix.Collector.Exporters;
using Phoenix.Collector.Pipeline;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Preview;

/// <summary>How far a preview goes. Streams are bounded by the configuration, as in a running collector.</summary>
/// <param name="MaxBytes">Bytes of input read at most.</param>
/// <param name="MaxTime">Time it may take.</param>
/// <param name="CountWire">Whether to compress what goes in and out, which costs as much as all the rest.</param>
internal sealed record PreviewBounds(long MaxBytes, TimeSpan MaxTime, bool CountWire)
{
    public static readonly PreviewBounds Default = new(4L << 30, TimeSpan.FromSeconds(60), CountWire: true);
}

/// <summary>
/// Plays a sample through a configuration's processors with the meter and the ledger of a real arm, by the sample's own
/// clock: folded points leave at the marks at which they would, and windows are cut as in an experiment. Receivers and
/// exporters are not built, so that nothing is heard or sent.
/// </summary>
internal sealed class PreviewRun : IBatchSink, IDisposable
{
    private const int MaxChanges = 50;
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromMinutes(1);

    private readonly ProcessorChain _chain;
    private readonly ArmMeter _meter;
    private readonly PreviewBounds _bounds;
    private readonly BatchDecoder _decoder = new();
    private readonly EncodedBatch _encoded = new();
    private readonly TimeSpan _window;
    private readonly List<MeterWindow> _windows = [];
    private long _start;
    private long _windowStart;
    private long _wireIn;
    private long _wireOut;
    private PreviewFlow? _flow;
    private (long In, long Out) _wireBefore;

    private PreviewRun(CollectorConfiguration configuration, IReadOnlyList<string> protectedMetrics, PreviewBounds bounds)
    {
        _bounds = bounds;
        _chain = new ProcessorChain(configuration, this);
        _meter = new ArmMeter(_chain.MeterOptions(configuration, protectedMetrics) with { Top = int.MaxValue });
        // An input that comes less often would be missing from every other window.
        var twice = configuration.LongestInputInterval * 2 ?? TimeSpan.Zero;
        _window = twice > ShortestWindow ? twice : ShortestWindow;
    }

    /// <exception cref="InvalidDataException">The sample is empty or cannot be read.</exception>
    public static PreviewReport Play(
        CollectorConfiguration configuration, string source, long missedBatches, IEnumerable<SampleBatch> batches,
        IReadOnlyList<string> protectedMetrics, PreviewBounds bounds)
    {
        using var run = new PreviewRun(configuration, protectedMetrics, bounds);
        return run.Play(source, missedBatches, batches);
    }

    public void Dispose() => _encoded.Dispose();

    void IBatchSink.Write(ReadOnlySpan<byte> batch)
    {
        _meter.ObserveOutput(batch);
        _wireOut += Wire(batch);
    }

    private PreviewReport Play(string source, long missedBatches, IEnumerable<SampleBatch> batches)
    {
        var (cpu, clock) = (Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        var interval = Clock.Nanos(_chain.ExportInterval);
        var (last, nextExport, count, bytes, whole) = (0L, 0L, 0L, 0L, true);
        foreach (var (at, batch) in batches)
        {
            if (bytes + batch.Length > _bounds.MaxBytes || clock.Elapsed > _bounds.MaxTime)
            {
                whole = false;
                break;
            }

            // Samples of several senders may be a little out of order; the pipeline's clock never goes back.
            var now = Math.Max(at, last);
            if (count == 0)
            {
                (_start, _windowStart, nextExport) = (now, now, now + interval);
            }

            if (_chain.Due <= now)
            {
                _chain.FlushDue(now);
            }

            if (now - _windowStart >= Clock.Nanos(_window))
            {
                Cut(now);
                nextExport = now + interval;
            }
            else if (now >= nextExport)
            {
                _chain.Flush(now);
                nextExport = now + interval;
            }

            Take(batch.Span, now);
            (last, count, bytes) = (now, count + 1, bytes + batch.Length);
        }

        if (count == 0)
        {
            throw new InvalidDataException($"{source} holds no batch: wait until the collector has received something, or give another sample");
        }

        Cut(last);
        return Report(new(source, Clock.Time(_start), Clock.Time(last), count, _window.TotalSeconds, whole, missedBatches), Environment.CpuUsage.TotalTime - cpu);
    }

    private void Take(ReadOnlySpan<byte> batch, long now)
    {
        var decoded = _decoder.Decode(batch);
        _meter.ObserveInput(decoded, now);
        _wireIn += Wire(batch);
        _chain.Process(decoded, now);
    }

    private void Cut(long now)
    {
        _chain.Flush(now);
        var window = _meter.Cut();
        if (now - _windowStart >= Clock.Nanos(_window))
        {
            _flow = new(
                (Clock.Time(now) - Clock.Time(_windowStart)).TotalSeconds, window.Input.Samples, window.Output.Samples, _wireIn - _wireBefore.In, _wireOut - _wireBefore.Out);
        }

        _wireBefore = (_wireIn, _wireOut);
        _windows.Add(window);
        _windowStart = now;
    }

    private PreviewReport Report(PreviewSample sample, TimeSpan cpu)
    {
        var end = _windows[^1];
        // The last window may be too short to see every input once: the one before it says what is active.
        var active = _flow is null ? end : _windows[^2];
        var ledger = end.Ledger;
        return new(
            sample,
            Counts(active.Input, end.Input, _windows.Select(w => w.Input)),
            Counts(active.Output, end.Output, _windows.Select(w => w.Output)),
            _wireIn, _wireOut,
            new(ledger.Groups, ledger.Increments, ledger.ErrorPct, ledger.WorstMetric, ledger.WorstErrorPct, [.. ledger.Dropped.Select(d => new DroppedByRule(d.Rule, d.Points))]),
            new(_windows.Sum(w => w.Protected.Expected), _windows.Sum(w => w.Protected.Retained), [.. _windows.SelectMany(w => w.Protected.Missing).Distinct().Take(20)]),
            [
                .. active.Top.Where(m => m.SeriesIn != m.SeriesOut)
                    .OrderByDescending(m => Math.Abs(m.SeriesIn - m.SeriesOut)).ThenBy(m => m.Metric, StringComparer.Ordinal).Take(MaxChanges)
                    .Select(m => new MetricChange(m.Metric, m.SeriesIn, m.SeriesOut, LabelsOf(m.Metric))),
            ],
            _windows.Sum(w => w.UntrackedPoints), cpu.TotalMilliseconds, _flow);
    }

    private static StreamCounts Counts(MeterCounts active, MeterCounts end, IEnumerable<MeterCounts> all)
    {
        var (points, samples, bytes) = (0L, 0L, 0L);
        foreach (var window in all)
        {
            (points, samples, bytes) = (points + window.Points, samples + window.Samples, bytes + window.Bytes);
        }

        return new(active.StreamsActive, active.SeriesActive, end.StreamsDistinct, end.SeriesDistinct, points, samples, bytes);
    }

    private IReadOnlyList<string> LabelsOf(string metric)
    {
        var name = System.Text.Encoding.UTF8.GetBytes(metric);
        return [.. _chain.Processors.SelectMany(p => p.Folds).Where(f => f.Metrics.Matches(name)).SelectMany(f => f.Labels).Distinct().Order(StringComparer.Ordinal)];
    }

    private int Wire(ReadOnlySpan<byte> batch)
    {
        if (!_bounds.CountWire)
        {
            return 0;
        }

        _encoded.Set(batch, OtlpReader.Validate(batch));
        return _encoded.As(Compression.Gzip).Length;
    }
}
