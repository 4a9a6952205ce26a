namespace Phoenix.Agent;

/// <summary>One run of the agent: adopts what runs, works until told to stop, and then ends what it started.</summary>
internal static class AgentProcess
{
    public const int Stopped = 0;
    public const int Faulted = 1;
    public const int SettingsWrong = 2;
    public const int Fenced = 3;

    /// <param name="stop">Set by SIGTERM or SIGINT.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(AgentSettings settings, CancellationToken stop)
    {
        var directory = Prepare(settings);
        await using var owned = directory.Lock();
        var identity = Identity.LoadOrCreate(directory.IdentityFile);
        if (!identity.Enrolled && settings.EnrolmentToken is null)
            throw new SettingsException(AgentSettings.EnrolmentTokenVariable, "is not set and this host is not enrolled yet", "issue an enrolment token at the control plane and set it for the first start");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var api = new ApiClient(settings, identity.Credential, Guid.NewGuid());
        using var control = new ControlSocket(directory);
        var ports = new LoopbackPorts(directory);
        using var stock = new StockRuntime(settings, ports);
        var runtimes = new Runtimes(new PhoenixRuntime(settings.CollectorPath, directory, control, ports), stock);
        var fleet = new Fleet(directory, runtimes);
        using var outbox = new WindowOutbox(directory.Outbox);
        using var gatherer = new WindowGatherer(directory, fleet, control, stock, outbox);
        using var heartbeat = new HeartbeatLoop(api, fleet);
        var rollout = new Rollout(settings, fleet, runtimes);
        var enrolment = new Enrolment(settings, directory, api, identity);
        var applier = new TaskApplier(directory, fleet, runtimes, rollout, gatherer);
        var jobs = new HostJobs(new PreviewJob(settings, directory), new LoadJob(settings, directory, fleet));
        using var poll = new PollLoop(settings, api, enrolment, applier, jobs, new TaskJournal(directory.TasksFile));
        var supervisor = new Supervisor(fleet, runtimes, heartbeat.Changed);

        Log.Info("The agent starts.", ("host", settings.HostId), ("version", HeartbeatLoop.Version), ("controlPlane", settings.ApiUrl.GetLeftPart(UriPartial.Authority)));
        List<Task> loops = [];
        try
        {
            // What a killed agent's previews left; their processes end by themselves.
            directory.ForgetJobs();
            await fleet.AdoptAsync(stop);
            gatherer.ForgetOldExperiments();
            // Start-up leaves garbage that an idle agent would otherwise keep resident for hours.
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            loops =
            [
                supervisor.RunAsync(ending.Token),
                gatherer.RunAsync(ending.Token),
                FinishTrialsAsync(fleet, rollout, ending.Token),
                EnrolledAsync(enrolment, [poll.RunAsync, heartbeat.RunAsync, token => outbox.SendAsync(api, token)], ending),
            ];
            await foreach (var ended in Task.WhenEach(loops))
                await ended;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await EndAsync(ending, loops);
            Log.Info("The agent stops and ends its collectors.");
            await fleet.StopAsync();
            return Stopped;
        }
        catch (FencedException e)
        {
            Log.Error(e.Message);
            await EndAsync(ending, loops);
            return Fenced;
        }
        catch (Exception e)
        {
            // The last line of defence: collectors go on, and the service manager's next start adopts them.
            Log.Error("The agent cannot go on; its collectors do.", ("error", e.GetType().Name), ("detail", e.Message), ("at", e.StackTrace));
            await EndAsync(ending, loops);
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
    private static async Task EnrolledAsync(Enrolment enrolment, IReadOnlyList<Func<CancellationToken, Task>> loops, CancellationTokenSource ending)
    {
        await enrolment.EnsureAsync(ending.Token);
        await foreach (var ended in Task.WhenEach(loops.Select(loop => loop(ending.Token)).ToList()))
            await ended;
    }

    private static Task FinishTrialsAsync(Fleet fleet, Rollout rollout, CancellationToken cancellation) =>
        Task.WhenAll(fleet.All.Where(collector => collector.State is { OnTrial: true })
            .Select(collector => rollout.FinishTrialAsync(collector, cancellation)));

    /// <summary>Lets every loop leave where it stands, so that none touches a collector any more.</summary>
    private static async Task EndAsync(CancellationTokenSource ending, List<Task> loops)
    {
        await ending.CancelAsync();
        foreach (var loop in loops)
        {
            try
            {
                await loop;
            }
            catch (Exception e)
            {
                // Cancelled is how a loop ends here; anything else comes second to what ended the agent, but is not lost.
                if (e is not (OperationCanceledException or FencedException))
                    Log.Error("Part of the agent failed while it ended.", ("error", e.GetType().Name), ("detail", e.Message));
            }
        }
    }
}
