using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Another version of the agent: fetched and checked beside the poll loop, then tried. The task is begun by this process and
/// answered by the one that runs in the end.
/// </summary>
internal sealed class UpgradeJob : IDisposable
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(15);
    private readonly UpgradeStore _store;
    private readonly UpgradeDownload _download;
    private readonly UpgradeTrust _trust;
    private readonly ApiClient _api;
    private readonly Fleet _fleet;
    private readonly Runtimes _runtimes;
    private readonly TaskJournal _journal;
    private readonly Func<string, ICollectorRuntime> _runtimeOf;
    private readonly Func<AssignedTask?, LogRedaction> _redaction;
    private readonly ConcurrentDictionary<Guid, Task> _running = new();
    private readonly SemaphoreSlim _quiet;
    private readonly TaskCompletionSource _due = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _busy;

    /// <param name="runtimeOf">The Phoenix runtime with another collector program.</param>
    /// <param name="redaction">What this host knows of secrets at the moment.</param>
    public UpgradeJob(
        UpgradeStore store, UpgradeTrust trust, ApiClient api, Fleet fleet, Runtimes runtimes, TaskJournal journal, Func<string, ICollectorRuntime> runtimeOf,
        Func<AssignedTask?, LogRedaction> redaction)
    {
        (_store, _trust, _api, _fleet, _runtimes, _journal, _runtimeOf, _redaction) = (store, trust, api, fleet, runtimes, journal, runtimeOf, redaction);
        _download = new UpgradeDownload(store, api);
        // While a version is on trial nothing is changed on the host: what it must find has to stay as it was.
        _quiet = new SemaphoreSlim(store.OnTrial ? 0 : 1, 1);
    }

    public void Dispose() => _quiet.Dispose();

    /// <summary>True where the task is being worked on, or its version is on trial: a copy of its assignment changes nothing.</summary>
    public bool Runs(Guid task) => _running.ContainsKey(task);

    public Task EndedAsync() => Task.WhenAll(_running.Values);

    /// <summary>Waits until collectors may be changed; the caller gives that back by disposing of it.</summary>
    public async Task<Turn> EnterAsync(CancellationToken cancellation)
    {
        await _quiet.WaitAsync(cancellation);
        return new Turn(_quiet);
    }

    /// <param name="progress">Tells the control plane how far it is; false where it wants the work no more.</param>
    /// <param name="end">Takes the result.</param>
    public void Begin(AssignedTask task, Func<string, string?, Task<bool>> progress, Func<TaskResult, Task> end, CancellationToken stop) =>
        _running[task.Id] = Task.Run(
            async () =>
            {
                try
                {
                    if (await RunAsync(task, progress, stop) is { } result)
                        await end(result);
                }
                catch (OperationCanceledException) when (stop.IsCancellationRequested)
                {
                    // The control plane need not wait for the lease to run out; the next agent goes on with what is downloaded.
                    _journal.End(task.Id, Failed(task, HostJobs.Interrupted(retryable: true)));
                    Log.Info("An upgrade that has not come to its trial ends with the agent and is taken up again.", ("task", task.Id));
                }
                catch (Exception e)
                {
                    // The lease runs out and the control plane decides anew; the agent and all else go on.
                    Log.Error("The end of an upgrade could not be kept.", ("task", task.Id), ("error", e));
                }
                finally
                {
                    _running.TryRemove(task.Id, out _);
                }
            },
            CancellationToken.None);

    /// <summary>Brings a trial to its end, reports it, and switches when that is due or a person asks for it.</summary>
    /// <param name="deliver">Sends the results of the journal.</param>
    /// <exception cref="SwitchException">Another program is to run.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> deliver, CancellationToken cancellation)
    {
        if (_store.OnTrial)
        {
            await ProveAsync(cancellation);
            _quiet.Release();
        }
        if (_store.State?.Outcome is { Reported: false } outcome)
        {
            _journal.End(outcome.TaskId, _redaction(null).Apply(ResultOf(outcome, outcome.Lease)));
            _store.Change(state => state with { Outcome = outcome with { Reported = true } });
            await deliver(cancellation);
        }
        while (!_due.Task.IsCompleted && !File.Exists(_store.RollbackMarker))
            await Task.WhenAny(_due.Task, Task.Delay(TimeSpan.FromSeconds(1), cancellation)).Unwrap();
        throw new SwitchException("Another version is to run; the collectors go on.");
    }

    private async Task<TaskResult?> RunAsync(AssignedTask task, Func<string, string?, Task<bool>> progress, CancellationToken stop)
    {
        if (task.Upgrade is not { } order)
            return Failed(task, "internal", "The task of kind Upgrade says not what to do.", false);
        if (_store.State?.Trial is not null
            && _store.Change(state => state.Trial is { } trial && trial.TaskId == task.Id ? state with { Trial = trial with { Lease = task.Lease } } : state).Trial?.TaskId == task.Id)
        {
            // Handed out again because the lease ran out meanwhile: the trial's end is reported under this one.
            return null;
        }
        if (_store.State?.Outcome is { } outcome && outcome.TaskId == task.Id)
            return ResultOf(outcome, task.Lease);
        if (_store.State?.Trial is not null || Interlocked.Exchange(ref _busy, 1) == 1)
            return Failed(task, "busy", "Another version is being tried on this host.", true);
        using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            return await TakeAsync(task, order, async (phase, detail) =>
            {
                if (!await progress(phase, detail))
                    await unwanted.CancelAsync();
            }, unwanted.Token);
        }
        catch (OperationCanceledException) when (unwanted.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            Log.Info("An upgrade is no longer wanted.", ("task", task.Id), ("version", order.Version));
            return Failed(task, "not-wanted", "The control plane took the task back.", false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(task, "not-written", e.Message, true);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    private async Task<TaskResult?> TakeAsync(AssignedTask task, UpgradeOrder order, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var running = HeartbeatLoop.Version;
        if ((running == order.Version) == (order.Action is UpgradeAction.Install))
            return Succeeded(task.Lease, new UpgradeReport(running, running, RuntimeInformation.RuntimeIdentifier, 0));
        if (!ReleaseVersion.IsVersion(order.Version))
            return Failed(task, "upgrade-invalid", $"'{order.Version}' is no version.", false);

        string program;
        if (order.Action is UpgradeAction.Return)
        {
            if (_store.State?.Previous is not { } previous)
                return Failed(task, "no-way-back", $"{running} is what this host was installed with; there is no version before it.", false);
            program = previous;
        }
        else
        {
            await renew("downloading", order.Version);
            var (release, refused) = await _trust.ReleaseAsync(order, cancellation);
            refused ??= await _download.FetchAsync(release!, renew, cancellation);
            if (refused is not null)
                return Failed(task, refused);
            await renew("checking", order.Version);
            if (await CheckAsync(order.Version, cancellation) is { } broken)
            {
                _store.Discard(order.Version);
                return Failed(task, broken);
            }
            program = order.Version;
        }

        do
            await renew("switching", _store.State?.VersionOf(program) ?? program);
        while (!await _quiet.WaitAsync(RenewEvery, cancellation));
        try
        {
            var collectors = _fleet.All.Where(collector => collector.IsRunning).Select(collector => new TrialCollector(collector.Name, collector.State?.ExpiresAt)).ToList();
            _store.Change(state => state with
            {
                Trial = new UpgradeTrial(task.Id, task.Lease, program, running, order.Action is UpgradeAction.Return, order.ConfirmSeconds, 0, null, collectors),
            });
        }
        catch
        {
            _quiet.Release();
            throw;
        }
        _due.TrySetResult();
        return null;
    }

    /// <summary>What can be known of a version without letting it run the host: whether it starts here, and takes what the collectors run with.</summary>
    private async Task<TaskError?> CheckAsync(string version, CancellationToken cancellation)
    {
        var folder = _store.Version(version);
        var output = Path.Combine(folder, "check.out");
        try
        {
            int? exit;
            try
            {
                exit = await ChildProcess.RunAsync(Path.Combine(folder, UpgradeStore.AgentName), ["--version"], output, CheckLimit, cancellation);
            }
            catch (IOException e)
            {
                return new TaskError("program-broken", $"The agent of {version} cannot be executed on this host: {e.Message}", false, []);
            }
            var says = LogFile.Tail(output);
            if (exit is not 0 || !says.Contains($"{UpgradeStore.AgentName} {version}"))
            {
                return new TaskError("program-broken",
                    $"The agent of {version} {(exit is { } code ? $"ended with exit code {code.ToString(CultureInfo.InvariantCulture)}" : "ended by a signal or not in time")} when asked for its version.", false, says);
            }
            var collector = Path.Combine(folder, UpgradeStore.CollectorName);
            if (!File.Exists(collector))
                return null;
            var runtime = _runtimeOf(collector);
            foreach (var running in _fleet.All.Where(c => c.State is { Runtime: CollectorRuntime.Phoenix }))
            {
                File.Delete(output);
                if (await runtime.ValidateAsync(running.Name, running.ConfigurationFile, output, cancellation) is { } refused)
                    return new TaskError("program-broken", $"The collector of {version} refuses what '{running.Name}' runs with: {refused.Detail}", false, refused.LogTail);
            }
            return null;
        }
        finally
        {
            File.Delete(output);
        }
    }

    /// <summary>This process is on trial: it must reach the control plane and find every collector again, within its time.</summary>
    private async Task ProveAsync(CancellationToken cancellation)
    {
        var began = Environment.TickCount64;
        var renewal = Task.CompletedTask;
        var nextRenewal = began;
        while (true)
        {
            var trial = _store.State!.Trial!;
            var missing = _api.Answered ? await MissingAsync(trial, cancellation) : "the control plane has taken nothing from it";
            if (missing is null)
            {
                _ = Native.Alarm(0);
                _store.Change(state => state.Confirm());
                UpgradeLauncher.Release(_store, trial);
                _store.Prune();
                Log.Info("This version has proved itself.", ("version", HeartbeatLoop.Version), ("before", trial.FromVersion), ("attempts", trial.Attempts));
                return;
            }
            if (Environment.TickCount64 - began >= trial.ConfirmSeconds * 1000)
            {
                UpgradeLauncher.FallBack(_store, $"within {trial.ConfirmSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s {missing}");
                throw new SwitchException("This version has not proved itself; the one before runs again and the collectors go on.");
            }
            if (File.Exists(_store.RollbackMarker))
                throw new SwitchException("A person asked for the version before; the collectors go on.");
            if (_api.Answered && renewal.IsCompleted && Environment.TickCount64 >= nextRenewal)
            {
                await renewal;
                renewal = _api.PostAsync($"api/v2/tasks/{trial.TaskId:D}/progress", new TaskProgress(trial.Lease, "on-trial", missing), WireJson.Default.TaskProgress, cancellation);
                nextRenewal = Environment.TickCount64 + (long)RenewEvery.TotalMilliseconds;
            }
            await Task.Delay(LookEvery, cancellation);
        }
    }

    private async Task<string?> MissingAsync(UpgradeTrial trial, CancellationToken cancellation)
    {
        foreach (var (name, expiresAt) in trial.Collectors)
        {
            if (_fleet.Find(name) is not { } collector)
            {
                if (expiresAt is { } end && end <= DateTimeOffset.UtcNow)
                    continue;
                return $"it did not find collector '{name}'";
            }
            if (!collector.IsRunning || await _runtimes.Of(collector).StatusAsync(collector, cancellation) is null)
                return $"collector '{name}' did not answer it";
        }
        return null;
    }

    private static TaskResult ResultOf(UpgradeOutcome outcome, long lease) => outcome.Problem is null
        ? Succeeded(lease, new UpgradeReport(outcome.FromVersion, outcome.Version, RuntimeInformation.RuntimeIdentifier, outcome.Attempts))
        : new TaskResult(lease, TaskOutcome.Failed, [], new TaskError("upgrade-not-confirmed",
            $"{outcome.Version} did not prove itself: {outcome.Problem}. {outcome.FromVersion} runs again.", false, outcome.LogTail));

    private static TaskResult Succeeded(long lease, UpgradeReport report) => new(lease, TaskOutcome.Succeeded, [], null, Upgrade: report);

    private static TaskResult Failed(AssignedTask task, string code, string detail, bool retryable) => Failed(task, new TaskError(code, detail, retryable, []));

    private static TaskResult Failed(AssignedTask task, TaskError error) => new(task.Lease, TaskOutcome.Failed, [], error);

    /// <summary>Nothing else changes collectors until it is disposed of.</summary>
    internal readonly struct Turn(SemaphoreSlim? gate) : IDisposable
    {
        public void Dispose() => gate?.Release();
    }
}
