using System.Reflection;
using System.Runtime;
using System.Runtime.InteropServices;
using Phoenix.Collector.Control;
using Phoenix.Collector.Exporters;
using Phoenix.Collector.Http;
using Phoenix.Collector.Pipeline;
using Phoenix.Collector.Receivers;
using Phoenix.Collector.Tee;
using Phoenix.Contracts;
using Phoenix.Pipelines;
using Phoenix.Pipelines.Components;

namespace Phoenix.Collector;

/// <summary>One running arm: puts the parts together, and takes them apart in order when asked to stop.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private const int CannotStart = 3;
    private const int PartFailed = 4;
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    private readonly RunOptions _options;
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly InputQueue _queue;
    private readonly TeePublisher? _tee;
    private readonly TeeReceiver? _teeReceiver;
    private readonly MetricsPipeline _pipeline;
    private readonly UnixSocketPath _controlPath;
    private readonly OrphanDeadline _deadline;
    private readonly ReceiverSet _receivers;
    private readonly OwnMetrics _ownMetrics;
    private readonly ServiceListeners _service;
    private readonly SemaphoreSlim _reloading = new(1);
    private CollectorConfiguration _configuration;
    private BareServer? _control;
    private MemoryLimiter? _memoryLimiter;

    private Collector(RunOptions options, CollectorConfiguration configuration, string hash)
    {
        (_options, _configuration) = (options, configuration);
        _deadline = new OrphanDeadline(options.EndsAfter, OrphanDeadline.Silence);
        var epoch = Guid.NewGuid();
        // Numbers rise over restarts too, so that whoever asks for windows after the last one seen misses none.
        var firstWindow = _startedAt.ToUnixTimeMilliseconds();
        _queue = new InputQueue(configuration.Telemetry.QueueBatches, configuration.Telemetry.QueueBytes);
        _controlPath = UnixSocketPath.Claim(options.ControlSocket);
        _tee = options.Arm == CollectorArm.Production ? new TeePublisher(options.TeeSocket, epoch, firstWindow) : null;
        _pipeline = new MetricsPipeline(options.Arm, options.Shadow, configuration, hash, epoch, firstWindow, _queue, _tee, StorageOf(options, configuration));
        var intake = new Intake(_queue, _pipeline);
        _receivers = new ReceiverSet(intake);
        _ownMetrics = new OwnMetrics(Status, _pipeline, _queue, intake);
        _service = new ServiceListeners(Status, _ownMetrics.Text, () => _pipeline.Exporters);
        _teeReceiver = options.Arm == CollectorArm.Candidate ? new TeeReceiver(options.TeeSocket, _queue, _pipeline) : null;
    }

    public static string Version { get; } =
        typeof(Collector).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(RunOptions options, ConfigurationFile file)
    {
        var configuration = file.Loaded.Configuration!;
        (Log.Level, Log.Json) = (configuration.Telemetry.Level, configuration.Telemetry.JsonLogs);
        foreach (var warning in file.Loaded.Warnings)
        {
            Log.Warn("configuration", ("line", warning.Line), ("key", warning.Key), ("warning", warning.Message), ("remedy", warning.Remedy));
        }

        Libc.ShareNativeMemory();
        // Sockets and lock files are 0600 from the first instant of their existence: a later chmod would leave a gap.
        _ = Libc.Umask(0b001_111_111);
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await using var collector = new Collector(options, configuration, file.Hash);
            await collector.StartAsync();
            Libc.TakeHangUp();
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                _ = collector.ReloadOnSignalAsync();
            });
            // What starting up needed will not be needed again: give it back before the long quiet life.
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            StartUpMemory.GiveBack();
            using var waiting = new CancellationTokenSource();
            var over = collector._deadline.OverAsync(waiting.Token);
            var ended = await Task.WhenAny(stop.Task, collector._pipeline.Ended, collector._receivers.Failed, over);
            await waiting.CancelAsync();
            if (ended == over)
            {
                Log.Warn("the time of this arm is over and no agent looks after it any more");
                return 0;
            }

            if (ended == stop.Task)
            {
                return 0;
            }

            // A receiver that ended by itself would leave a collector that looks alive and receives nothing.
            Log.Error("the collector failed", ("reason", ended.Exception?.ToString() ?? "a part of it ended by itself"));
            return PartFailed;
        }
        catch (UnixSocketException e)
        {
            await Console.Error.WriteLineAsync($"phoenix-collector: {e.Message}");
            return CannotStart;
        }
        catch (UnusableFileException e)
        {
            await Console.Error.WriteLineAsync($"{options.Config}:{e.File.Line}: {e.File.Key}: {e.Problem}; {e.Remedy}");
            return CannotStart;
        }
        catch (IOException e)
        {
            await Console.Error.WriteLineAsync($"phoenix-collector: cannot listen: {e.Message}; stop the process that uses the address, or change the endpoint in {options.Config}");
            return CannotStart;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }
    }

    /// <summary>Receivers first, so that nothing new comes; then what is queued is processed, flushed and sent, within five seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        Log.Info("stopping");
        using var limit = new CancellationTokenSource(DrainLimit);
        await _receivers.DisposeAsync();
        if (_memoryLimiter is not null)
        {
            await _memoryLimiter.DisposeAsync();
        }

        _queue.Complete();
        _teeReceiver?.Dispose();
        await Task.WhenAny(_pipeline.Ended, Task.Delay(Timeout.Infinite, limit.Token));
        if (!_pipeline.Ended.IsCompleted)
        {
            Log.Error("input lost: it could not be processed in time", ("batches", _queue.Batches));
        }
        else
        {
            await _pipeline.DrainExportersAsync(limit.Token);
            if (_pipeline.Ended.IsCompletedSuccessfully)
            {
                _pipeline.KeepState();
            }

            _pipeline.Dispose();
        }

        if (_tee is not null)
        {
            await _tee.DisposeAsync();
        }

        await _service.DisposeAsync();
        if (_control is not null)
        {
            await _control.DisposeAsync();
        }

        _controlPath.Dispose();
        _reloading.Dispose();
        Log.Info("stopped");
    }

    /// <summary>
    /// The production arm's alone: a candidate that is started anew warms up again, and what a baseline counts goes nowhere.
    /// </summary>
    private static ReducerStorage? StorageOf(RunOptions options, CollectorConfiguration configuration) =>
        options is { Arm: CollectorArm.Production, Shadow: false } && configuration.Storage is { } storage
            ? ReducerStorage.Open(storage, configuration.Pipeline.Name)
            : null;

    private CollectorStatus StatusForAgent()
    {
        _deadline.Asked();
        return Status();
    }

    private async Task StartAsync()
    {
        _pipeline.Start();
        _control = await new ControlServer(_pipeline, StatusForAgent, _ownMetrics.Text, ReloadAsync).StartAsync(_options.ControlSocket);
        _teeReceiver?.Start();
        if (_options.Arm == CollectorArm.Production)
        {
            await LimitMemoryAsync(_configuration);
            await _service.ApplyAsync(_configuration);
            await _receivers.ApplyAsync(_configuration.Receivers);
        }

        Log.Info("started", ("version", Version), ("arm", _options.Arm), ("epoch", _pipeline.Status.Epoch), ("configurationHash", _pipeline.Status.ConfigurationHash));
    }

    private CollectorStatus Status()
    {
        var status = _pipeline.Status;
        var exporters = _pipeline.Exporters.Select(e => e.Counters).ToList();
        var connected = _teeReceiver?.Connected ?? false;
        var reason = ArmHealth.Unhealthy(_options.Arm, Clock.UnixNanos(), status.LastInput, _configuration.LongestInputInterval, connected, exporters);
        var lastExport = exporters.Max(e => e.LastSuccess);
        return new CollectorStatus(
            status.Epoch, Environment.ProcessId, _options is { Arm: CollectorArm.Production, Shadow: true } ? CollectorArm.Baseline : _options.Arm, status.ConfigurationHash, reason is null, reason, _startedAt,
            status.LastInput == 0 ? null : Clock.Time(status.LastInput), lastExport == 0 ? null : Clock.Time(lastExport),
            _tee?.Subscribers ?? 0, connected, status.Window, Environment.WorkingSet,
            ArmHealth.Patience(_configuration.LongestInputInterval).TotalSeconds, Breach(), Flow(status.Epoch));
    }

    private ConservationBreach? Breach() =>
        _pipeline.Windows.Last is { Ledger: { WorstGroup: { } group } ledger } ? new(ledger.ErrorPct, group, ledger.WorstErrorPct) : null;

    private CollectorFlow? Flow(string epoch) => _pipeline.Windows.Last is { Complete: true } w && w.Epoch == epoch
        ? new((w.EndedAt - w.StartedAt).TotalSeconds, w.Input.Counts.SeriesActive, w.Output.Counts.SeriesActive, w.Input.Counts.Points, w.Output.Counts.Points,
            w.Output.ExportErrors, w.Output.DroppedPoints, w.Cost.CpuMs)
        : null;

    private async Task ReloadOnSignalAsync()
    {
        try
        {
            if (await ReloadAsync() is ReloadOutcome.NeedsNewProcess needed)
            {
                Log.Warn("reload refused", ("reason", needed.Detail));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            Log.Info("reload left out: the collector is stopping");
        }
    }

    private async Task<ReloadOutcome> ReloadAsync()
    {
        // One at a time: the second reads what the first may have replaced.
        await _reloading.WaitAsync();
        try
        {
            var file = ConfigurationFile.Read(_options.Config);
            if (file.Loaded.Configuration is not { } configuration)
            {
                Log.Warn("reload refused: the configuration is invalid", ("errors", file.Loaded.Errors.Count), ("first", file.Loaded.Errors[0]));
                return new ReloadOutcome.Invalid(file.Problem);
            }

            if (NeedsNewProcess(configuration) is { } changed)
            {
                return new ReloadOutcome.NeedsNewProcess($"{changed} changed; stop this process and start a new one");
            }

            return await TakeOverAsync(configuration, file.Hash);
        }
        finally
        {
            _reloading.Release();
        }
    }

    /// <summary>
    /// What can fail comes first and leaves everything as it was: the exporters' files, then the receivers' addresses.
    /// The pipeline then changes between two batches.
    /// </summary>
    private async Task<ReloadOutcome> TakeOverAsync(CollectorConfiguration configuration, string hash)
    {
        ExporterChange? exporters = null;
        try
        {
            exporters = _pipeline.PrepareExporters(configuration);
            if (_options.Arm == CollectorArm.Production)
            {
                await ListenAsync(configuration);
            }

            await _pipeline.ReloadAsync(configuration, hash, exporters);
            await LimitMemoryAsync(configuration);
        }
        catch (UnusableFileException e)
        {
            Log.Warn("reload refused: a file cannot be used", ("key", e.File.Key), ("reason", e.Problem));
            return new ReloadOutcome.Invalid(new([new ConfigurationError(e.File.Line, e.File.Key, e.Problem, e.Remedy)]));
        }
        catch (IOException e)
        {
            exporters?.Abandon();
            Log.Warn("reload refused: a listener cannot take its settings over", ("reason", e.Message));
            return new ReloadOutcome.Invalid(new([new ConfigurationError(0, "(file)", e.Message, "choose an address that is free and files that can be read")]));
        }

        _configuration = configuration;
        (Log.Level, Log.Json) = (configuration.Telemetry.Level, configuration.Telemetry.JsonLogs);
        return new ReloadOutcome.TakenOver();
    }

    private async Task ListenAsync(CollectorConfiguration configuration)
    {
        await _service.ApplyAsync(configuration);
        if (configuration.SourceSection == _configuration.SourceSection)
        {
            return;
        }

        try
        {
            await _receivers.ApplyAsync(configuration.Receivers);
        }
        catch (IOException)
        {
            await _service.ApplyAsync(_configuration);
            throw;
        }
    }

    /// <summary>In the production arm only: the candidate's input comes from the tee, which refuses nobody.</summary>
    private async Task LimitMemoryAsync(CollectorConfiguration configuration)
    {
        if (_memoryLimiter is not null)
        {
            await _memoryLimiter.DisposeAsync();
            _memoryLimiter = null;
        }

        if (_options.Arm == CollectorArm.Production && configuration.Processors.OfType<MemoryLimiterProcessorSettings>().FirstOrDefault() is { } settings)
        {
            _memoryLimiter = new MemoryLimiter(settings, _queue);
        }
    }

    /// <summary>What is laid out once for the life of a process: queues and tables.</summary>
    private string? NeedsNewProcess(CollectorConfiguration configuration)
    {
        var (now, then) = (_configuration.Telemetry, configuration.Telemetry);
        return (now.QueueBatches, now.QueueBytes) != (then.QueueBatches, then.QueueBytes) ? "service.telemetry.phoenix.queue_batches or queue_bytes"
            : _configuration.Storage != configuration.Storage ? "service.telemetry.phoenix.storage"
            : null;
    }
}
