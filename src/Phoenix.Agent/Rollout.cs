using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Brings one collector to a configuration and keeps it only if data flows through it. Every step is written down before
/// it is done, so that an agent killed anywhere in between leaves something that the next one can finish or undo.
/// </summary>
internal sealed class Rollout(AgentSettings settings, Fleet fleet, Runtimes runtimes)
{
    /// <summary>
    /// Applies desired collectors whose configurations have been validated. All are changed before any is judged, since they
    /// may feed each other, and all are put back where one does not become healthy.
    /// </summary>
    /// <param name="together">Each with the name of the collector whose tee it serves or hears.</param>
    /// <param name="renew">Called about every few seconds while waiting, to keep the task's lease.</param>
    public async Task<(IReadOnlyList<AppliedCollector> Applied, TaskError? Error)> ApplyAsync(
        IReadOnlyList<(DesiredCollector Desired, string TeeOf)> together, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var entered = new Dictionary<string, Collector>();
        try
        {
            foreach (var name in together.Select(one => one.Desired.Name).Order(StringComparer.Ordinal))
                entered[name] = await fleet.EnterAsync(name, cancellation);
            var taken = new List<(Collector Collector, AppliedCollector Applied, DateTimeOffset? Since)>();
            // Who hears starts before who sends: Phoenix before a stock collector.
            foreach (var (desired, teeOf) in together.OrderBy(one => one.Desired.Runtime))
            {
                var collector = entered[desired.Name];
                var running = collector.IsRunning;
                var status = running ? await runtimes.Of(collector).StatusAsync(collector, cancellation) : null;
                var step = ApplyDecision.For(desired, collector.State, running, status?.ConfigurationHash);
                Log.Info("A collector is brought to its desired state.",
                    ("collector", desired.Name), ("step", step), ("configuration", desired.ConfigurationHash));
                var (since, refused) = await TakeAsync(step, collector, desired, teeOf, cancellation);
                taken.Add((collector, new AppliedCollector(desired.Name, desired.ConfigurationHash, Changed: step is not ApplyStep.Keep), since));
                if (refused is not null)
                {
                    await RestoreAsync(taken.Select(one => one.Collector), cancellation);
                    return ([], refused);
                }
            }

            foreach (var (collector, _, since) in taken)
            {
                if (await HealthProblemAsync(collector, since, renew, cancellation) is not { } problem)
                    continue;
                var error = NotHealthy(collector, problem);
                await RestoreAsync(taken.Select(one => one.Collector), cancellation);
                return ([], error);
            }
            foreach (var (collector, _, _) in taken)
                Prove(collector);
            return ([.. taken.Select(one => one.Applied)], null);
        }
        finally
        {
            foreach (var collector in entered.Values)
            {
                collector.DeleteNewConfiguration();
                collector.Gate.Release();
            }
        }
    }

    /// <summary>Finishes a trial that an earlier agent began: the configuration proves healthy or the last good one returns.</summary>
    public async Task FinishTrialAsync(Collector collector, CancellationToken cancellation)
    {
        await collector.Gate.WaitAsync(cancellation);
        try
        {
            if (collector.State is not { OnTrial: true })
                return;
            if (!collector.IsRunning)
                collector.Start(runtimes.Of(collector).Launch(collector));
            if (await HealthProblemAsync(collector, null, (_, _) => Task.CompletedTask, cancellation) is not { } problem)
            {
                Prove(collector);
                return;
            }
            _ = NotHealthy(collector, problem);
            await RestoreAsync([collector], cancellation);
        }
        catch (ProgramMissingException e)
        {
            // Still on trial: the supervision starts it as soon as the program is back, and the next task judges it.
            Log.Error("A collector on trial cannot be started.", ("collector", collector.Name), ("reason", e.Message));
        }
        finally
        {
            collector.Gate.Release();
        }
    }

    private async Task<(DateTimeOffset? Since, TaskError? Error)> TakeAsync(
        ApplyStep step, Collector collector, DesiredCollector desired, string teeOf, CancellationToken cancellation)
    {
        var before = collector.State;
        var (now, clock) = (DateTimeOffset.UtcNow, HostClock.Read());
        var state = new CollectorState(
            desired.Name, desired.Arm, desired.ConfigurationHash, null, OnTrial: true, null, teeOf, before?.Plan, before?.Process, desired.Runtime)
            .EndingAt(desired.ExpiresAt, now, clock);
        try
        {
            switch (step)
            {
                case ApplyStep.Keep:
                    collector.Save(before!.EndingAt(desired.ExpiresAt, now, clock) with { TeeOf = teeOf });
                    return (null, null);

                case ApplyStep.Start:
                    Accept(collector, desired, before is null ? state : before.EndingAt(desired.ExpiresAt, now, clock) with { TeeOf = teeOf });
                    collector.Start(runtimes.Of(collector).Launch(collector));
                    return (null, null);

                case ApplyStep.Replace:
                    await collector.StopAsync();
                    Accept(collector, desired, state with { Process = null });
                    collector.Start(runtimes.Of(collector).Launch(collector));
                    return (null, null);

                default:
                    // Only what has proved healthy, and was meant to stay, may become the way back.
                    var staysBack = before!.OnTrial || before.IsTemporary;
                    if (!staysBack)
                        DurableFile.Write(collector.LastGoodFile, await File.ReadAllBytesAsync(collector.ConfigurationFile, cancellation));
                    Accept(collector, desired, state with
                    {
                        LastGoodHash = staysBack ? before.LastGoodHash : before.ConfigurationHash,
                        LastGoodRuntime = staysBack ? before.LastGoodRuntime : before.Runtime,
                    });
                    var answer = await ReloadOrRestartAsync(collector, before.Runtime, cancellation);
                    if (answer.Outcome is not ReloadOutcome.Refused)
                        return (answer.Outcome is ReloadOutcome.TakenOver ? DateTimeOffset.UtcNow : null, null);
                    await RestoreAsync(collector, cancellation);
                    return (null, answer.Error! with { LogTail = LogFile.Tail(collector.LogPath) });
            }
        }
        catch (ProgramMissingException e)
        {
            if (collector.State is { OnTrial: true })
                await RestoreAsync(collector, cancellation);
            return (null, new TaskError("collector-missing", e.Message, Retryable: true, []));
        }
    }

    private static void Accept(Collector collector, DesiredCollector desired, CollectorState state)
    {
        DurableFile.CreatePrivateDirectory(collector.Folder);
        collector.Save(state);
        DurableFile.Write(collector.ConfigurationFile, Encoding.UTF8.GetBytes(desired.Configuration));
        collector.Backoff = RestartBackoff.None;
        collector.CrashTail = [];
    }

    /// <param name="running">What runs the process that is there.</param>
    private async Task<ReloadAnswer> ReloadOrRestartAsync(Collector collector, CollectorRuntime running, CancellationToken cancellation)
    {
        if (collector.IsRunning)
        {
            if (collector.State!.Runtime == running)
            {
                var answer = await runtimes[running].ReloadAsync(collector, cancellation);
                if (answer.Outcome is not ReloadOutcome.NeedsNewProcess)
                    return answer;
            }
            await collector.StopAsync();
        }
        collector.Start(runtimes.Of(collector).Launch(collector));
        return new ReloadAnswer(ReloadOutcome.NeedsNewProcess, null);
    }

    private static void Prove(Collector collector)
    {
        if (collector.State is { OnTrial: true } proved)
            collector.Save(proved with { OnTrial = false });
    }

    private static TaskError NotHealthy(Collector collector, string problem)
    {
        Log.Warn("A collector did not become healthy.", ("collector", collector.Name), ("reason", problem));
        return new TaskError("not-healthy",
            $"Collector '{collector.Name}' did not become healthy: {problem.TrimEnd('.')}.", Retryable: true, LogFile.Tail(collector.LogPath));
    }

    /// <summary>Waits until data flows; says why where it does not.</summary>
    private async Task<string?> HealthProblemAsync(
        Collector collector, DateTimeOffset? since, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var began = Environment.TickCount64;
        var renewal = Task.CompletedTask;
        for (var nextRenewal = Environment.TickCount64; ; await Task.Delay(100, cancellation))
        {
            if (!collector.IsRunning)
                return "its process ended";
            var status = await runtimes.Of(collector).StatusAsync(collector, cancellation);
            collector.Observe(status, DateTimeOffset.UtcNow);
            var problem = ApplyDecision.HealthProblem(status, collector.State!.ConfigurationHash, since);
            var limit = ApplyDecision.HealthLimit(settings.HealthyTimeout, status);
            if (problem is null || Environment.TickCount64 - began >= limit.TotalMilliseconds)
            {
                await renewal;
                return problem;
            }
            if (renewal.IsCompleted && Environment.TickCount64 >= nextRenewal)
            {
                renewal = renew("waiting-for-health", problem);
                nextRenewal = Environment.TickCount64 + 5000;
            }
        }
    }

    /// <summary>Undoes what is on trial, who sends before who hears.</summary>
    private async Task RestoreAsync(IEnumerable<Collector> collectors, CancellationToken cancellation)
    {
        List<Exception> failures = [];
        foreach (var collector in collectors.Reverse().Where(collector => collector.State is { OnTrial: true }).ToList())
        {
            try
            {
                await RestoreAsync(collector, cancellation);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // One that cannot be put back must not keep the others on trial.
                Log.Error("A collector could not be put back.", ("collector", collector.Name), ("reason", e.Message));
                failures.Add(e);
            }
        }
        if (failures.Count > 0)
            throw new IOException($"Not every collector could be put back: {string.Join("; ", failures.Select(e => e.Message))}", failures[0]);
    }

    /// <summary>Production's time with what it runs is over: what it ran before returns; what had nothing before it is removed. The caller holds the gate.</summary>
    public async Task EndTemporaryAsync(Collector collector, CancellationToken cancellation)
    {
        await RestoreAsync(collector, cancellation);
        if (collector.State is { } state)
            collector.Save(state.EndingAt(null, DateTimeOffset.UtcNow, HostClock.Read()));
    }

    /// <summary>
    /// Production returns to the configuration before the one it runs, whether that proved healthy or not. The caller holds the
    /// gate. False where there is none to return to.
    /// </summary>
    /// <param name="start">Whether it runs afterwards; else only its files are changed.</param>
    public async Task<bool> ReturnAsync(Collector collector, bool start, CancellationToken cancellation)
    {
        var state = collector.State!;
        var returns = state.LastGoodHash is { } lastGood && lastGood != state.ConfigurationHash;
        if (returns && start)
        {
            await RestoreAsync(collector, cancellation);
            return true;
        }
        if (returns)
        {
            DurableFile.Write(collector.ConfigurationFile, await File.ReadAllBytesAsync(collector.LastGoodFile, cancellation));
            collector.Save(state with { ConfigurationHash = state.LastGoodHash!, OnTrial = false, Runtime = state.LastGoodRuntime });
        }
        else if (start && !collector.IsRunning)
        {
            collector.Start(runtimes.Of(collector).Launch(collector));
        }
        return returns;
    }

    /// <summary>Production returns to the last good configuration; what has none to return to is removed.</summary>
    private async Task RestoreAsync(Collector collector, CancellationToken cancellation)
    {
        var state = collector.State!;
        if (state.LastGoodHash is not { } lastGood)
        {
            await collector.RemoveAsync();
            fleet.Forget(collector);
            Log.Warn("A collector that never was healthy was removed.", ("collector", collector.Name));
            return;
        }

        DurableFile.Write(collector.ConfigurationFile, await File.ReadAllBytesAsync(collector.LastGoodFile, cancellation));
        collector.Save(state with { ConfigurationHash = lastGood, OnTrial = false, Runtime = state.LastGoodRuntime });
        Log.Warn("A collector returns to its last good configuration.", ("collector", collector.Name), ("configuration", lastGood));
        if (state.Runtime == state.LastGoodRuntime && collector.IsRunning
            && await runtimes.Of(collector).StatusAsync(collector, cancellation) is { } status && status.ConfigurationHash == lastGood)
            return;
        var answer = await ReloadOrRestartAsync(collector, state.Runtime, cancellation);
        if (answer.Outcome is not ReloadOutcome.Refused)
            return;
        // It ran with this before, so a refusal means that the process itself is broken.
        await collector.StopAsync();
        collector.Start(runtimes.Of(collector).Launch(collector));
    }
}
