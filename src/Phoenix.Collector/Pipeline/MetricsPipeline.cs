using Phoenix.Collector.Exporters;
using Phoenix.Collector.Preview;
using Phoenix.Collector.Tee;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>
/// One arm's pipeline, on one thread: measure the batch, number it, give it to the tee, process it, measure what comes out,
/// hand it to the exporters. Window cuts, exports of folded points, reloads and new measurements happen between batches.
/// The production arm sets the cuts by its clock; the candidate takes them from the tee, so that both arms close their
/// windows over exactly the same batches.
/// </summary>
internal sealed class MetricsPipeline : IDisposable
{
    private readonly CollectorArm _arm;
    private readonly InputQueue _queue;
    private readonly TeePublisher? _tee;
    private readonly ReducerStorage? _storage;
    private readonly Output _output;
    private readonly BatchDecoder _decoder = new();
    private readonly WindowWarnings _warnings = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CollectorConfiguration _configuration;
    private volatile ProcessorChain _chain;
    private ArmMeter _meter;
    private OpenWindow _window;
    private MeasurementSettings? _measurement;
    private MeasurementSettings? _newMeasurement;
    private int _generation;
    private long _sequence;
    private long _nextCut;
    private long _nextExport;
    // When the oldest input came that is folded and has not left; 0 where none is.
    private long _oldestFolded;
    private long _refusedPoints;
    private long _settlesUntil;
    // Those that the closed windows tell of: what comes between two readings belongs to the next one.
    private long _refusedTold;
    private volatile PipelineStatus _status;
    private volatile RecentInput? _recent;
    // Of the last window that was long enough to have seen every input; null before.
    private volatile FlowWindow? _flow;

    public MetricsPipeline(
        CollectorArm arm, bool shadow, CollectorConfiguration configuration, string configurationHash, Guid epoch, long firstWindow,
        InputQueue queue, TeePublisher? tee, ReducerStorage? storage)
    {
        (_arm, _configuration, _queue, _tee, _storage) = (arm, configuration, queue, tee, storage);
        // The meter needs the processors, they need the output, and that needs the meter: the circle is closed two lines below.
        _output = new Output(shadow ? CollectorArm.Candidate : arm, configuration, queue.RoomMade) { Meter = null! };
        (_chain, _meter) = Build(configuration);
        var now = Clock.UnixNanos();
        GoOn(now);
        _output.Meter = _meter;
        KeepRecent(configuration.Telemetry.Sample);
        _status = new PipelineStatus(epoch.ToString(), configurationHash, firstWindow, 0);
        // Never complete: it does not begin at a mark, and a candidate has not joined its source yet.
        _window = NewWindow(arm == CollectorArm.Production ? _status.Epoch : "", firstWindow, now, complete: false);
        ScheduleCut(now);
        ScheduleExport(now);
        _thread = new Thread(Run) { Name = "pipeline", IsBackground = true };
    }

    public WindowRing Windows { get; } = new();

    /// <summary>Decoders that travel with the batches of receivers.</summary>
    public DecoderPool Decoders { get; } = new();

    /// <summary>Recent input for previews; null in a candidate, whose input production has, and where nothing is to be kept.</summary>
    public RecentInput? Recent => _recent;

    public PipelineStatus Status => _status;

    /// <summary>
    /// What goes through by metric, service and namespace: of the last window of full length, before there is one of the window that is open. Null in a
    /// candidate, which does not count it.
    /// </summary>
    public async Task<FlowWindow?> FlowAsync()
    {
        if (_arm == CollectorArm.Candidate || _flow is not null)
        {
            return _flow;
        }

        FlowWindow? open = null;
        await OnPipelineAsync(() =>
        {
            var now = Clock.UnixNanos();
            open = _meter.Flow() is { } flow ? FlowReading.Of(flow, _window.StartedAt, now) : null;
        });
        return open;
    }

    public IReadOnlyList<IExporter> Exporters => _output.Exporters;

    public IReadOnlyList<IMetricProcessor> Processors => _chain.Processors;

    /// <summary>Where what the reducers hold outlives the process; null where it does not.</summary>
    public ReducerStorage? Storage => _storage;

    /// <summary>Streams of before a restart or a reload that the reducers still wait for.</summary>
    public int Resuming => _chain.Resuming;

    /// <summary>Whether full exporter queues hold the input.</summary>
    public bool IsHeld => !_output.HasRoom;

    public long RefusedPoints => Interlocked.Read(ref _refusedPoints);

    public void Start() => _thread.Start();

    /// <summary>Completes when the queue was closed and everything in it is processed and flushed; faults where processing failed.</summary>
    public Task Ended => _ended.Task;

    public Task DrainExportersAsync(CancellationToken limit) => _output.DrainAsync(limit);

    /// <summary>
    /// Writes what the reducers hold to the disk, once the pipeline has ended: after the exporters, whose points nobody has
    /// twice, and however long it takes.
    /// </summary>
    public void KeepState() => _storage?.KeepAtEnd(_chain, Clock.UnixNanos());

    public void Dispose()
    {
        _output.Dispose();
        _storage?.Dispose();
    }

    /// <summary>Counts points that a receiver turned away.</summary>
    public void Refuse(long points) => Interlocked.Add(ref _refusedPoints, points);

    /// <summary>The adaptive processors that run now.</summary>
    public AdaptiveProcessors Adaptive => _chain.Adaptive;

    /// <summary>Full detail for a while, from the next export on.</summary>
    public Task DeclareIncidentAsync(IncidentCommand command) => OnPipelineAsync(() => _chain.Adaptive.DeclareIncident(command, Clock.UnixNanos()));

    /// <summary>Takes a measurement's settings over. The same settings again change nothing.</summary>
    public Task MeasureAsync(MeasurementSettings settings) => OnPipelineAsync(() => Measure(settings));

    /// <inheritdoc cref="ExporterSet.Prepare"/>
    public ExporterChange PrepareExporters(CollectorConfiguration configuration) => _output.Prepare(configuration);

    /// <summary>Replaces the processors and exporters between two batches and begins a new epoch.</summary>
    public Task ReloadAsync(CollectorConfiguration configuration, string configurationHash, ExporterChange exporters) =>
        OnPipelineAsync(() => Reload(configuration, configurationHash, exporters));

    /// <summary>The tee begins, or begins anew, inside a window: what was counted of the window before is worthless.</summary>
    public void SourceJoined(Guid epoch, long openWindow)
    {
        var now = Clock.UnixNanos();
        Flush(now);
        _meter.Cut();
        Begin(NewWindow(epoch.ToString(), openWindow, now, complete: false));
        Log.Info("joined the tee", ("sourceEpoch", epoch), ("window", openWindow));
    }

    /// <summary>The production arm closed a window here.</summary>
    public void SourceCut(TeeCut cut)
    {
        var sent = cut.First == 0 ? 0 : cut.Last - cut.First + 1;
        if (_window.Number != cut.Window || _window.Batches + cut.Dropped != sent)
        {
            _window.Complete = false;
        }

        CloseWindow(cut.UnixNanos, cut.Dropped);
        Begin(NewWindow(_window.SourceEpoch, cut.Window + 1, cut.UnixNanos, complete: true));
    }

    private void Run()
    {
        Func<bool> hasRoom = () => _output.HasRoom;
        try
        {
            while (true)
            {
                FollowClock(Clock.UnixNanos());
                // While full queues hold the input, what was gathered waits too.
                var due = _output.HasRoom ? Math.Min(_nextExport, _chain.Due) : _nextExport;
                due = _arm == CollectorArm.Production ? Math.Min(_nextCut, due) : due;
                if (_queue.Take(due, hasRoom, out var drained) is { } work)
                {
                    Do(work);
                }
                else if (drained)
                {
                    break;
                }
                else
                {
                    Mark(Clock.UnixNanos());
                }
            }

            var now = Clock.UnixNanos();
            _storage?.BeforeFlush(now);
            _chain.Flush(now);
            _ended.SetResult();
        }
        catch (Exception e)
        {
            // A processor that fails has lost its state: the arm must end and be started anew, not go on with a hole in it.
            _ended.SetException(e);
        }
    }

    private void Do(Work work)
    {
        if (work.Batch is not { } batch)
        {
            work.Action!();
            return;
        }

        try
        {
            var sequence = _arm == CollectorArm.Production ? ++_sequence : work.Sequence;
            _window.Count(sequence);
            var decoded = work.Decoder is { } travelled ? travelled.Decoded(batch.Span) : _decoder.Decode(batch.Span);
            _meter.ObserveInput(decoded, work.UnixNanos);
            _tee?.Batch(sequence, work.UnixNanos, batch);
            _recent?.Offer(work.UnixNanos, batch);
            _chain.Process(decoded, work.UnixNanos);
            if (!_chain.Folds)
            {
                _window.Delayed(Clock.UnixNanos() - work.UnixNanos);
            }
            else if (_oldestFolded == 0)
            {
                _oldestFolded = work.UnixNanos;
            }

            _status = _status with { LastInput = Clock.UnixNanos() };
        }
        finally
        {
            batch.Release();
            if (work.Decoder is { } travelled)
            {
                Decoders.Arrived(travelled);
            }
        }
    }

    private void Mark(long now)
    {
        if (_arm == CollectorArm.Production && now >= _nextCut)
        {
            // While full queues hold the input, a flush would only add to them. Without it the window is not what it should be.
            var held = !_output.HasRoom;
            _window.Complete &= !held;
            CloseWindow(now, missedBatches: 0, flush: !held);
            _tee!.Cut(_window.Number, now, _window.FirstSequence, _window.LastSequence);
            Begin(NewWindow(_status.Epoch, _window.Number + 1, now, complete: true));
            ScheduleCut(now);
            ScheduleExport(now);
        }
        else if (now >= _nextExport)
        {
            if (_output.HasRoom)
            {
                Flush(now);
            }

            ScheduleExport(now);
        }
        else if (_output.HasRoom)
        {
            _chain.FlushDue(now);
        }
    }

    /// <summary>A mark further ahead than its period means that the clock was set back: the window would stay open for that long.</summary>
    private void FollowClock(long now)
    {
        if (_nextCut - now > CutPeriod)
        {
            ScheduleCut(now);
        }

        if (_nextExport - now > Clock.Nanos(_chain.ExportInterval))
        {
            ScheduleExport(now);
        }
    }

    /// <summary>Flushes first, so that what was folded in the window is out in the window.</summary>
    private void CloseWindow(long unixNanos, long missedBatches, bool flush = true)
    {
        if (flush)
        {
            Flush(Clock.UnixNanos());
        }

        if (_settlesUntil != 0)
        {
            Settle(unixNanos, flush);
        }

        var measured = _meter.Cut(unixNanos);
        // A short one, as before a reload, may have missed inputs that come less often; better that than nothing.
        if (measured.Flow is { } flow && (_flow is null || unixNanos - _window.StartedAt >= CutPeriod / 2))
        {
            _flow = FlowReading.Of(flow, _window.StartedAt, unixNanos);
        }

        _warnings.Look(_window.Number, TimeSpan.FromTicks((unixNanos - _window.StartedAt) / 100), _window.Complete, measured);
        _refusedTold = RefusedPoints;
        Windows.Add(_window.Close(_status.Epoch, unixNanos, missedBatches, measured, _output, _refusedTold, _generation, _chain.Adaptive.CloseWindow()));
    }

    /// <summary>Everything that leaves the reducers leaves here, so that what is on disk is known to be as new, or not to be.</summary>
    private void Flush(long now)
    {
        _storage?.BeforeFlush(now);
        _chain.Flush(now);
        if (_oldestFolded != 0)
        {
            _window.Delayed(now - _oldestFolded);
            _oldestFolded = 0;
        }

        _storage?.AfterFlush(_chain, now);
    }

    /// <summary>Goes on from where the process before this one stood, as far as that is known.</summary>
    private void GoOn(long now)
    {
        switch (_storage?.Restore(_chain, now))
        {
            case Restored.Whole:
                _chain.Adaptive.Resumed();
                _settlesUntil = now + Clock.Nanos(_chain.Staleness);
                break;
            case Restored.InPart:
                (_chain, _meter) = Build(_configuration);
                break;
        }
    }

    /// <summary>
    /// Reducers that go on count what a stream added while the meter was not there to see it. Until each has come again or is stale
    /// the two sides cannot be compared: the window is not whole, and the ledger begins at its end.
    /// </summary>
    private void Settle(long now, bool flushed)
    {
        _window.Complete = false;
        _meter.SettleLedger();
        if (flushed && (_chain.Resuming == 0 || now >= _settlesUntil))
        {
            _settlesUntil = 0;
        }
    }

    private void Begin(OpenWindow window)
    {
        _window = window;
        _status = _status with { Window = window.Number };
        if (_newMeasurement is { } settings)
        {
            // At the mark, so that distinct counts and retention begin with a whole window, the same one in both arms.
            _meter.Reset(settings.ProtectedMetrics);
            _generation = settings.Generation;
            _newMeasurement = null;
        }
    }

    private void Measure(MeasurementSettings settings)
    {
        if (_measurement is { } old && old.ExperimentId == settings.ExperimentId && old.WindowSeconds == settings.WindowSeconds
            && old.Generation == settings.Generation && old.ProtectedMetrics.SequenceEqual(settings.ProtectedMetrics))
        {
            return;
        }

        _measurement = settings;
        _newMeasurement = settings;
        _window.Complete = false;
        ScheduleCut(Clock.UnixNanos());
    }

    private void Reload(CollectorConfiguration configuration, string configurationHash, ExporterChange exporters)
    {
        // Built before anything is given up: where this throws, the old configuration goes on. Processors that stay as they are
        // keep what they hold, so that their counters go on.
        var goesOn = configuration.ProcessesLike(_configuration);
        var (chain, meter) = goesOn ? (_chain, _meter) : Build(configuration, _chain);
        var now = Clock.UnixNanos();
        _window.Complete = false;
        CloseWindow(now, missedBatches: 0);
        if (_measurement is { } measurement)
        {
            meter.Reset(measurement.ProtectedMetrics);
        }

        if (!goesOn)
        {
            Replace(chain, now);
        }

        // After the flush: what was folded before belongs to the exporters of before.
        _output.Apply(exporters);
        (_chain, _meter, _configuration, _output.Meter) = (chain, meter, configuration, meter);
        KeepRecent(configuration.Telemetry.Sample);
        var epoch = Guid.NewGuid();
        var source = _arm == CollectorArm.Production ? epoch.ToString() : _window.SourceEpoch;
        // In the candidate the window goes on under its number, since only the production arm's cuts end it.
        var number = _arm == CollectorArm.Production ? _window.Number + 1 : _window.Number;
        _tee?.Cut(_window.Number, now, _window.FirstSequence, _window.LastSequence);
        _tee?.BeginEpoch(epoch, number);
        _status = _status with { Epoch = epoch.ToString(), ConfigurationHash = configurationHash };
        Begin(NewWindow(source, number, now, complete: false));
        ScheduleCut(now);
        ScheduleExport(now);
        Log.Info("configuration taken over", ("epoch", epoch), ("configurationHash", configurationHash));
    }

    private void Replace(ProcessorChain next, long now)
    {
        next.Adaptive.GoOnFrom(_chain.Adaptive);
        _storage?.BeforeFlush(now);
        _chain.Close(now, next);
        foreach (var kept in next.Reducers.Where(r => _chain.Processors.Contains(r)))
        {
            kept.Resume();
            _settlesUntil = now + Clock.Nanos(next.Staleness);
        }
    }

    private void KeepRecent(SampleSettings? settings)
    {
        if (_arm == CollectorArm.Candidate || settings == _recent?.Settings)
        {
            return;
        }

        _recent?.Complete();
        _recent = settings is null ? null : new RecentInput(settings);
    }

    private (ProcessorChain Chain, ArmMeter Meter) Build(CollectorConfiguration configuration, ProcessorChain? before = null)
    {
        var chain = new ProcessorChain(configuration, _output, before);
        return (chain, new ArmMeter(chain.MeterOptions(configuration, _measurement?.ProtectedMetrics ?? []) with
        {
            FlowRows = _arm == CollectorArm.Production ? FlowTable.MaxRows : 0,
        }));
    }

    private OpenWindow NewWindow(string sourceEpoch, long number, long startedAt, bool complete) =>
        new(sourceEpoch, number, startedAt, complete, _output, _refusedTold);

    /// <summary>Half-way between two ticks of the fastest receiver, so that a window of N intervals holds N of its scrapes.</summary>
    private long MarkPhase => Clock.Nanos(_configuration.ShortestInputInterval ?? TimeSpan.Zero) / 2;

    private long CutPeriod =>
        Clock.Nanos(_measurement is { } measurement ? TimeSpan.FromSeconds(measurement.WindowSeconds) : _configuration.Telemetry.Window);

    private void ScheduleCut(long now) => _nextCut = Clock.NextMark(now, CutPeriod, MarkPhase);

    private void ScheduleExport(long now) => _nextExport = Clock.NextMark(now, Clock.Nanos(_chain.ExportInterval), MarkPhase);

    private async Task OnPipelineAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var queued = _queue.Enqueue(
            () =>
            {
                try
                {
                    action();
                    done.SetResult();
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            Clock.UnixNanos());
        if (!queued)
        {
            throw new OperationCanceledException("The collector is stopping.");
        }

        // Where the pipeline ends before it comes to the action, the caller must not wait for ever.
        if (await Task.WhenAny(done.Task, Ended) != done.Task && !done.Task.IsCompleted)
        {
            throw new OperationCanceledException("The collector is stopping.");
        }

        await done.Task;
    }
}

/// <summary>What the control server tells about the pipeline. Replaced as a whole, so that it is read consistently.</summary>
/// <param name="LastInput">Unix nanoseconds; 0 where nothing came yet.</param>
internal sealed record PipelineStatus(string Epoch, string ConfigurationHash, long Window, long LastInput);
