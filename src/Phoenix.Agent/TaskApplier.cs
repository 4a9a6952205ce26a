using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Makes what a task desires true: all configurations are checked first, then collectors, removals, measurement.</summary>
internal sealed class TaskApplier(StateDirectory directory, Fleet fleet, Runtimes runtimes, Rollout rollout, WindowGatherer windows, TrustedKeys keys, HostAllowList allowed, Panic panic)
{
    private readonly ConfigurationCheck _check = new(runtimes, directory, allowed);

    public async Task<TaskResult> ApplyAsync(AssignedTask task, Func<string, string?, Task> renew, CancellationToken cancellation)
    {
        var desired = task.Desired;
        // Before anything else: names become paths.
        if (Names(desired).FirstOrDefault(name => !CollectorState.IsName(name)) is { } wrong)
        {
            return Failed(task, [], new TaskError("configuration-invalid",
                $"'{wrong}' is no collector name: use 1 to 48 lower-case letters, digits and inner hyphens.", false, []));
        }

        if (panic.Refusal(task) is { } inPanic)
            return Failed(task, [], inPanic);
        if (await allowed.CheckAsync(task.Kind, cancellation) is { } forbidden)
            return Failed(task, [], forbidden);
        foreach (var wanted in desired.Collectors)
        {
            await renew("validating", wanted.Name);
            var refused = await keys.CheckAsync($"The configuration of '{wanted.Name}'", wanted.ConfigurationHash, wanted.Signature, cancellation)
                ?? await _check.RunAsync(wanted, cancellation);
            if (refused is null)
                continue;
            foreach (var collector in desired.Collectors)
                DeleteUnused(collector.Name);
            return Failed(task, [], refused);
        }

        var applied = new List<AppliedCollector>();
        // Production collectors feed each other where a stock one is chained before Phoenix: neither can prove healthy alone.
        foreach (var group in desired.Collectors.OrderBy(collector => collector.Arm).GroupBy(collector => collector.Arm is CollectorArm.Production ? "" : collector.Name))
        {
            await renew("applying", string.Join(", ", group.Select(wanted => wanted.Name)));
            var (done, error) = await rollout.ApplyAsync([.. group.Select(wanted => (wanted, TeeOf(wanted, desired)))], renew, cancellation);
            if (error is not null)
                return Failed(task, applied, error);
            applied.AddRange(done);
        }

        foreach (var name in desired.Remove)
        {
            await renew("removing", name);
            await RemoveAsync(name, cancellation);
        }

        if (desired.Measurement is { } plan && await MeasureAsync(plan, cancellation) is { } problem)
            return Failed(task, applied, problem);
        return new TaskResult(task.Lease, TaskOutcome.Succeeded, applied, null);
    }

    private static IEnumerable<string> Names(DesiredState desired) =>
    [
        .. desired.Collectors.Select(collector => collector.Name), .. desired.Remove,
        .. desired.Measurement is { } plan ? [plan.ProductionName, plan.CandidateName, plan.StockName ?? plan.ProductionName] : Array.Empty<string>(),
    ];

    private static TaskResult Failed(AssignedTask task, IReadOnlyList<AppliedCollector> applied, TaskError error) =>
        new(task.Lease, TaskOutcome.Failed, applied, error);

    /// <summary>A production or baseline arm listens on its own tee; a candidate hears the one that its plan names, or the only one there is.</summary>
    private string TeeOf(DesiredCollector wanted, DesiredState desired)
    {
        if (wanted.Arm is not CollectorArm.Candidate)
            return wanted.Name;
        if (desired.Measurement is { } plan && plan.CandidateName == wanted.Name)
            return plan.ProductionName;
        return desired.Collectors.FirstOrDefault(collector => collector.Arm is CollectorArm.Production)?.Name
            ?? fleet.All.FirstOrDefault(collector => collector.State?.Arm is CollectorArm.Production)?.Name
            ?? "production";
    }

    private void DeleteUnused(string name)
    {
        if (CollectorState.IsName(name) && fleet.Find(name) is null && Directory.Exists(directory.Collector(name)))
            Directory.Delete(directory.Collector(name), recursive: true);
    }

    private async Task RemoveAsync(string name, CancellationToken cancellation)
    {
        if (fleet.Find(name) is not { } collector)
            return;
        // What its last closed windows say is still wanted.
        await windows.GatherAsync(cancellation);
        await collector.Gate.WaitAsync(cancellation);
        try
        {
            await collector.RemoveAsync();
            fleet.Forget(collector);
            Log.Info("A collector was removed.", ("collector", name));
        }
        finally
        {
            collector.Gate.Release();
        }
    }

    private async Task<TaskError?> MeasureAsync(MeasurementPlan plan, CancellationToken cancellation)
    {
        foreach (var name in new[] { plan.ProductionName, plan.CandidateName, plan.StockName ?? plan.ProductionName })
        {
            if (fleet.Find(name) is null)
                return new TaskError("internal", $"The measurement names collector '{name}', which does not run on this host.", false, []);
        }

        var candidate = fleet.Find(plan.CandidateName)!;
        await candidate.Gate.WaitAsync(cancellation);
        try
        {
            if (candidate.State is not { } state)
                return new TaskError("internal", $"Candidate '{plan.CandidateName}' was ended before its measurement began: its time is over.", true, []);
            candidate.Save(state with { Plan = plan });
        }
        finally
        {
            candidate.Gate.Release();
        }
        var problem = await windows.TellAsync(plan, cancellation);
        return problem is null ? null : new TaskError("internal", $"The measurement could not begin: {problem}.", true, []);
    }
}
