using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>One run of the agent: adopts what runs, works until told to stop, and then ends what it started.</summary>
internal static class AgentProcess
{
    public const int Stopped = 0;
    public const int Faulted = 1;
    public const int SettingsWrong = 2;
    public const int Fenced = 3;

    /// <summary>How long loops may take to leave: as long as a collector that they are ending may take.</summary>
    private static readonly TimeSpan LoopsLimit = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(5);

    /// <summary>No exit code: another program is to run in this process.</summary>
    public const int Switching = -1;

    /// <param name="stop">Set by SIGTERM or SIGINT.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(AgentSettings settings, UpgradeStore store, CancellationToken stop)
    {
        var directory = Prepare(settings);
        await using var owned = await directory.LockAsync(stop);
        var identity = IdentityFile.LoadOrCreate(directory.IdentityFile);
        if (!identity.Current.Enrolled && settings.EnrolmentToken is null)
            throw new SettingsException(AgentSettings.EnrolmentTokenVariable, "is not set and this host is not enrolled yet", "issue an enrolment token at the control plane and set it for the first start");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var api = new ApiClient(settings, identity.Current.Credential, Guid.NewGuid());
        var keys = new TrustedKeys(settings, api, identity);
        using var control = new ControlSocket(directory);
        var ports = new LoopbackPorts(directory);
        using var stock = new StockRuntime(settings, ports);
        var runtimes = new Runtimes(new PhoenixRuntime(settings.CollectorPath, directory, control, ports), stock);
        var fleet = new Fleet(directory, runtimes, ResourceControl.For(settings));
        LogRedaction Redaction(AssignedTask? task) => LogRedaction.For(settings, identity.Current, fleet.All, LogRedaction.ConfigurationsOf(task));
        using var outbox = new WindowOutbox(directory.Outbox);
        using var usage = new UsageReporter(directory.UsageFile, fleet, control);
        var flow = new FlowReporter(api, fleet, control);
        using var gatherer = new WindowGatherer(directory, fleet, control, stock, outbox);
        var rollout = new Rollout(settings, fleet, runtimes);
        var allowed = new HostAllowList(settings, directory, ports);
        var panic = new Panic(directory, fleet, rollout);
        var journal = new TaskJournal(directory.TasksFile);
        using var heartbeat = new HeartbeatLoop(api, fleet, Redaction, beat => beat with
        {
            PanicAt = panic.At,
            Understands = Understanding.All,
            Dropped = outbox.Dropped + journal.Dropped > 0 ? new DroppedReports(outbox.Dropped, journal.Dropped) : null,
        });
        var enrolment = new Enrolment(settings, api, identity, keys);
        var applier = new TaskApplier(directory, fleet, runtimes, rollout, gatherer, keys, allowed, panic);
        using var jobs = new HostJobs(new PreviewJob(settings, directory, keys, allowed), new LoadJob(settings, directory, fleet), new LogsJob(fleet, api, Redaction), new ExploreJob(settings, directory), panic, allowed);
        using var upgrade = new UpgradeJob(store, new UpgradeTrust(api, keys), api, fleet, runtimes, journal, program => new PhoenixRuntime(program, directory, control, ports), Redaction);
        using var poll = new PollLoop(settings, api, enrolment, applier, jobs, upgrade, journal, panic, allowed, Redaction);
        var service = new ServiceManager(Environment.GetEnvironmentVariable);
        var supervisor = new Supervisor(fleet, runtimes, rollout, heartbeat.Changed, service.Alive);
        using var trials = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        var panicWatch = new PanicWatch(directory, panic, () =>
        {
            trials.Cancel();
            poll.GiveBack();
        }, heartbeat.Changed);

        Log.Info("The agent starts.", ("host", settings.HostId), ("version", HeartbeatLoop.Version), ("controlPlane", settings.ApiUrl.GetLeftPart(UriPartial.Authority)));
        List<Task> loops = [], enrolled = [];
        try
        {
            // What a killed agent's previews left; their processes end by themselves.
            directory.ForgetJobs();
            await fleet.AdoptAsync(stop);
            await allowed.AnnounceAsync(stop);
            gatherer.ForgetOldExperiments();
            GiveBack();
            service.Ready($"looks after {fleet.All.Count} collectors");
            loops =
            [
                supervisor.RunAsync(ending.Token),
                panicWatch.RunAsync(ending.Token),
                gatherer.RunAsync(ending.Token),
                usage.RunAsync(ending.Token),
                FinishTrialsAsync(fleet, rollout, trials.Token, ending.Token),
                upgrade.RunAsync(poll.DeliverAsync, ending.Token),
                SettleAsync(ending.Token),
                EnrolledAsync(enrolment, keys, [poll.RunAsync, heartbeat.RunAsync, token => outbox.SendAsync(api, token), token => usage.SendAsync(api, token), flow.RunAsync], enrolled, ending.Token),
            ];
            await foreach (var ended in Task.WhenEach(loops))
                await ended;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            service.Stopping();
            Log.Info("The agent stops and ends its collectors.");
            await EndAsync(ending, loops, enrolled);
            var farewell = identity.Current.Enrolled ? FarewellAsync(poll, heartbeat) : Task.CompletedTask;
            await fleet.StopAsync();
            await farewell;
            return Stopped;
        }
        catch (FencedException e)
        {
            Log.Error(e.Message);
            await EndAsync(ending, loops, enrolled);
            return Fenced;
        }
        catch (SwitchException e)
        {
            Log.Info(e.Message);
            await EndAsync(ending, loops, enrolled);
            return Switching;
        }
        catch (Exception e)
        {
            // The last line of defence: collectors go on, and the service manager's next start adopts them.
            Log.Error("The agent cannot go on; its collectors do.", ("error", e.GetType().Name), ("detail", e.Message), ("at", e.StackTrace));
            await EndAsync(ending, loops, enrolled);
            return Faulted;
        }
        throw new InvalidOperationException("The agent's loops ended without a reason.");
    }

    private static StateDirectory Prepare(AgentSettings settings)
    {
        if (!File.Exists(settings.CollectorPath))
            throw new SettingsException(AgentSettings.CollectorVariable, $"points to {settings.CollectorPath}, which does not exist", "set it to the path of the phoenix-collector executable");
        var directory = new StateDirectory(settings.StateDirectory);
        try
        {
            directory.Create();
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new SettingsException(AgentSettings.StateDirectoryVariable, $"is {settings.StateDirectory}, which cannot be used ({e.Message.TrimEnd('.')})", "set it to a directory that this user may write");
        }
        return directory;
    }

    /// <summary>What talks to the control plane begins when the host is enrolled; the first of it to fail ends the rest.</summary>
    private static async Task EnrolledAsync(Enrolment enrolment, TrustedKeys keys, IReadOnlyList<Func<CancellationToken, Task>> loops, List<Task> begun, CancellationToken ending)
    {
        await enrolment.EnsureAsync(ending);
        await keys.EnsureAsync(ending);
        begun.AddRange(loops.Select(loop => loop(ending)));
        await foreach (var ended in Task.WhenEach([.. begun]))
            await ended;
    }

    /// <summary>Start-up leaves garbage that an idle agent would otherwise keep resident for hours.</summary>
    private static void GiveBack() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);

    /// <summary>Once more when collectors have been started and asked for the first time.</summary>
    private static async Task SettleAsync(CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromSeconds(45), cancellation);
        GiveBack();
    }

    private static async Task FinishTrialsAsync(Fleet fleet, Rollout rollout, CancellationToken trials, CancellationToken ending)
    {
        try
        {
            await Task.WhenAll(fleet.All.Where(collector => collector.State is { OnTrial: true })
                .Select(collector => rollout.FinishTrialAsync(collector, trials)));
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            Log.Info("Trials of an earlier agent are ended by the panic.");
        }
    }

    /// <summary>Gives back the task under way and says goodbye, within a bound: nobody waits long for a control plane that is away.</summary>
    private static async Task FarewellAsync(PollLoop poll, HeartbeatLoop heartbeat)
    {
        using var limit = new CancellationTokenSource(FarewellLimit);
        try
        {
            await poll.DeliverAsync(limit.Token);
            await heartbeat.FarewellAsync(limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or FencedException or IOException)
        {
            Log.Warn("The control plane could not be told that this agent stops.", ("error", e.Message));
        }
    }

    /// <summary>Lets every loop leave where it stands, so that none touches a collector any more.</summary>
    private static async Task EndAsync(CancellationTokenSource ending, List<Task> loops, List<Task> enrolled)
    {
        await ending.CancelAsync();
        var until = Environment.TickCount64 + (long)LoopsLimit.TotalMilliseconds;
        foreach (var loop in loops.Concat(enrolled))
        {
            try
            {
                await loop.WaitAsync(TimeSpan.FromMilliseconds(Math.Max(1, until - Environment.TickCount64)));
            }
            catch (Exception e)
            {
                // Cancelled is how a loop ends here; anything else comes second to what ended the agent, but is not lost.
                if (e is not (OperationCanceledException or FencedException or SwitchException))
                    Log.Error("Part of the agent failed while it ended.", ("error", e.GetType().Name), ("detail", e.Message));
            }
        }
    }
}
