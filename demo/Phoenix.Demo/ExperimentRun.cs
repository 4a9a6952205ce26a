namespace Phoenix.Demo;

/// <summary>Runs experiments through the API and tells what happens, window by window.</summary>
internal sealed class ExperimentRun(ControlPlane api, Narrator tell)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Drafts, starts and follows an experiment until it is over, with or without a verdict.</summary>
    public async Task<Experiment> ToTheEndAsync(ExperimentDraft draft, CancellationToken cancel)
    {
        var id = await api.DraftAsync(draft, cancel);
        try
        {
            await api.CommandAsync(id, "start", draft.Reason, cancel);
        }
        catch (ApiProblem e) when (e.Code == "baseline-not-live")
        {
            throw new DemoFailure($"{e.Message}\nThe host runs a pipeline that this demo did not leave there. ./run --reset begins afresh.");
        }

        // Twice the planned time and a minute is the control plane's own deadline; the rest is for tasks and restarts.
        var limit = TimeSpan.FromSeconds(draft.Plan.WarmUpSeconds + 2 * draft.Plan.DurationSeconds + 120);
        return await UntilAsync(id, "completed, rolled back or stopped", e => e.State is "completed" or "rolledBack" or "stopped", limit, cancel);
    }

    /// <summary>Sends a command and follows the experiment into the wanted state.</summary>
    public async Task<Experiment> CommandAsync(Guid id, string what, string reason, string wanted, CancellationToken cancel)
    {
        var before = await api.ExperimentAsync(id, cancel);
        await api.CommandAsync(id, what, reason, cancel);
        return await UntilAsync(id, wanted, e => e.State == wanted, TimeSpan.FromSeconds(90), cancel, before);
    }

    /// <param name="before">What was told already.</param>
    public async Task<Experiment> UntilAsync(
        Guid id, string what, Func<Experiment, bool> reached, TimeSpan limit, CancellationToken cancel, Experiment? before = null)
    {
        var deadline = DateTime.UtcNow + limit;
        while (true)
        {
            var now = await api.ExperimentAsync(id, cancel);
            Tell(before, now);
            if (reached(now))
            {
                return now;
            }

            if (DateTime.UtcNow > deadline)
            {
                throw new DemoFailure(
                    $"Experiment '{now.Name}' is {now.State} and not {what} after {limit.TotalSeconds:0} s. See the logs of api and agent in the state directory.");
            }

            before = now;
            await Task.Delay(Pause, cancel);
        }
    }

    private void Tell(Experiment? before, Experiment now)
    {
        if (now.State != before?.State)
        {
            tell.Say($"{now.Name}: {now.State}");
        }

        if (now.VoidWindows > (before?.VoidWindows ?? 0))
        {
            tell.Say($"{now.Name}: a window is void and counts for nothing ({now.VoidWindows} so far)");
        }

        if (now.Windows > (before?.Windows ?? 0) && now.Evidence is { } e)
        {
            tell.Say($"window {now.Windows}: {e.SeriesReductionPct:0.0} % fewer series ({e.LiveSeriesReductionPct:0.0} % of live ones), {e.PointsReductionPct:0.0} % fewer points, conservation error {e.ConservationErrorPct:0.0000} % over {e.ConservationGroups} groups and {e.IncrementsChecked} increments, protected {e.ProtectedRetained}/{e.ProtectedExpected}");
        }

        if (now.Breach is { } breach && before?.Breach is null)
        {
            tell.Say($"guardrail {breach.Guardrail} in window {breach.Window}: {breach.Detail}");
        }

        if (now.Verdict is { } verdict && before?.Verdict is null)
        {
            tell.Say($"verdict: {verdict.Outcome} for {verdict.Scope}");
            foreach (var reason in verdict.Reasons)
            {
                tell.Say($"  {reason}");
            }
        }
    }
}
