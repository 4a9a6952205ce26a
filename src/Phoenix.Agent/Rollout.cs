using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Brings one collector to a configuration and keeps it only if data flows through it. Every step is written down before
/// it is done, so that an agent killed anywhere in between leaves something that the next one can finish or undo.
/// </summary>
internal sealed class Rollout(AgentSettings settings, Fleet fleet, ControlSocket control)
{
    /// <summary>Applies one desired collector whose configuration has been validated. The result or the error is not null.</summary>
    /// <param name="renew">Called about every few seconds while waiting, to keep the task's lease.</param>
    public async Task<(AppliedCollector? Applied, TaskError? Error)> ApplyAsync(
        DesiredCollector desired, string teeOf, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var collector = await fleet.EnterAsync(desired.Name, cancellation);
        try
        {
            var running = collector.IsRunning;
            var status = running ? await control.StatusAsync(collector.Name, cancellation) : null;
            var step = ApplyDecision.For(desired, collector.State, running, status?.ConfigurationHash);
            Log.Info("A collector is brought to its desired state.",
                ("collector", desired.Name), ("step", step), ("configuration", desired.ConfigurationHash));
            var (since, error) = await TakeAsync(step, collector, desired, teeOf, cancellation);
            error ??= await ProveAsync(collector, since, renew, cancellation);
            collector.DeleteNewConfiguration();
            return error is null
                ? (new AppliedCollector(desired.Name, desired.ConfigurationHash, Changed: step is not ApplyStep.Keep), null)
                : (null, error);
        }
        finally
        {
            collector.Gate.Release();
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
                collector.Start(settings.CollectorPath);
            await ProveAsync(collector, null, (_, _) => Task.CompletedTask, cancellation);
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
        var state = new CollectorState(
            desired.Name, desired.Arm, desired.ConfigurationHash, null, OnTrial: true, desired.ExpiresAt, teeOf, before?.Plan, before?.Process);
        try
        {
            switch (step)
            {
                case ApplyStep.Keep:
                    collector.Save(before! with { ExpiresAt = desired.ExpiresAt, TeeOf = teeOf });
                    return (null, null);

                case ApplyStep.Start:
                    Accept(collector, desired, before is null ? state : before with { ExpiresAt = desired.ExpiresAt, TeeOf = teeOf });
                    collector.Start(settings.CollectorPath);
                    return (null, null);

                case ApplyStep.Replace:
                    await collector.StopAsync();
                    Accept(collector, desired, state with { Process = null });
                    collector.Start(settings.CollectorPath);
                    return (null, null);

                default:
                    // Only what has proved healthy may become the way back.
                    if (!before!.OnTrial)
                        DurableFile.Write(collector.LastGoodFile, await File.ReadAllBytesAsync(collector.ConfigurationFile, cancellation));
                    Accept(collector, desired, state with { LastGoodHash = before.OnTrial ? before.LastGoodHash : before.ConfigurationHash });
                    var answer = await ReloadOrRestartAsync(collector, cancellation);
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

    private async Task<ReloadAnswer> ReloadOrRestartAsync(Collector collector, CancellationToken cancellation)
    {
        if (collector.IsRunning)
        {
            var answer = await control.ReloadAsync(collector.Name, cancellation);
            if (answer.Outcome is not ReloadOutcome.NeedsNewProcess)
                return answer;
            await collector.StopAsync();
        }
        collector.Start(settings.CollectorPath);
        return new ReloadAnswer(ReloadOutcome.NeedsNewProcess, null);
    }

    /// <summary>Waits until data flows. If it does not, says why and, where the configuration was on trial, undoes it.</summary>
    private async Task<TaskError?> ProveAsync(
        Collector collector, DateTimeOffset? since, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var problem = await HealthProblemAsync(collector, since, renew, cancellation);
        if (problem is null)
        {
            if (collector.State is { OnTrial: true } proved)
                collector.Save(proved with { OnTrial = false });
            return null;
        }

        var error = new TaskError("not-healthy",
            $"Collector '{collector.Name}' did not become healthy: {problem.TrimEnd('.')}.", Retryable: true, LogFile.Tail(collector.LogPath));
        Log.Warn("A collector did not become healthy.", ("collector", collector.Name), ("reason", problem));
        if (collector.State is { OnTrial: true })
            await RestoreAsync(collector, cancellation);
        return error;
    }

    private async Task<string?> HealthProblemAsync(
        Collector collector, DateTimeOffset? since, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var began = Environment.TickCount64;
        var renewal = Task.CompletedTask;
        for (var nextRenewal = Environment.TickCount64; ; await Task.Delay(100, cancellation))
        {
            if (!collector.IsRunning)
                return "its process ended";
            var status = await control.StatusAsync(collector.Name, cancellation);
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
        collector.Save(state with { ConfigurationHash = lastGood, OnTrial = false });
        Log.Warn("A collector returns to its last good configuration.", ("collector", collector.Name), ("configuration", lastGood));
        if (await control.StatusAsync(collector.Name, cancellation) is { } status && status.ConfigurationHash == lastGood && collector.IsRunning)
            return;
        var answer = await ReloadOrRestartAsync(collector, cancellation);
        if (answer.Outcome is not ReloadOutcome.Refused)
            return;
        // It ran with this before, so a refusal means that the process itself is broken.
        await collector.StopAsync();
        collector.Start(settings.CollectorPath);
    }
}
