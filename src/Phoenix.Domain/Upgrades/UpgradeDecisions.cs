namespace Phoenix.Domain.Upgrades;

/// <summary>The guarded state machine of an upgrade. Repeated and late messages decide nothing.</summary>
public static class UpgradeDecisions
{
    /// <param name="upgraded">Hosts whose task succeeded, with the version they had.</param>
    /// <param name="failed">Hosts whose task has failed for good.</param>
    /// <param name="unreached">Hosts that never began.</param>
    public static Decision HostsEnded(
        Upgrade x, IReadOnlyList<UpgradedHost> upgraded, IReadOnlyList<FailedUpgrade> failed, IReadOnlyList<string> unreached)
    {
        List<object> events = [];
        var after = x;
        var done = upgraded.Where(h => x.Waiting.Contains(h.HostId)).ToList();
        var bad = failed.Where(h => x.Waiting.Contains(h.HostId)).ToList();
        var silent = unreached.Where(x.Waiting.Contains).ToList();
        if (done.Count + bad.Count + silent.Count == 0) return Decision.Nothing;
        if (x.State == UpgradeState.RollingBack)
        {
            bad = [.. bad, .. silent.Select(h => new FailedUpgrade(h, "host-silent: it has not called in; the order to return waits for it"))];
            if (done.Count > 0) after = Add(events, new HostsReturned([.. done.Select(h => h.HostId)]), after.Apply);
            if (bad.Count > 0) after = Add(events, new HostReturnsFailed(bad), after.Apply);
            if (after.Waiting.IsEmpty) events.Add(new UpgradeRolledBack());
            return new(events, null);
        }
        if (x.State is not (UpgradeState.Running or UpgradeState.Held)) return Decision.Nothing;
        if (done.Count > 0) after = Add(events, new HostsUpgraded(done), after.Apply);
        if (bad.Count > 0) after = Add(events, new HostUpgradesFailed(bad), after.Apply);
        if (silent.Count > 0) after = Add(events, new HostsUnreached(silent), after.Apply);
        // While it is held, what had begun still ends; nothing follows from it until somebody says so.
        if (x.State == UpgradeState.Running)
            events.AddRange(TooMuch(after) is { } stopped ? [stopped] : after.Waiting.IsEmpty ? [new UpgradeStageCompleted(after.Stage)] : []);
        return new(events, null);
    }

    /// <summary>The soak time of a stage is over.</summary>
    /// <param name="unwell">Upgraded hosts that are silent, run another version, or have an unhealthy collector.</param>
    /// <param name="unwellNext">Hosts of the next stage whose collectors are unhealthy already.</param>
    public static Decision EndSoak(Upgrade x, int stage, int round, IReadOnlyList<FailedUpgrade> unwell, IReadOnlyList<string> unwellNext)
    {
        if (x.State != UpgradeState.Soaking || x.Stage != stage || x.Round != round) return Decision.Nothing;
        List<object> events = [];
        var fresh = unwell.Where(h => x.Upgraded.ContainsKey(h.HostId) && !x.Failed.ContainsKey(h.HostId)).ToList();
        var after = fresh.Count > 0 ? Add(events, new HostUpgradesFailed(fresh), x.Apply) : x;
        events.Add(fresh.Count > 0 && TooMuch(after) is { } stopped ? stopped
            : stage < x.Stages.Count ? new UpgradeStageStarted(stage + 1, unwellNext)
            : new UpgradeCompleted());
        return new(events, null);
    }

    public static Decision Pause(Upgrade x, string? reason) => x.State is UpgradeState.Running or UpgradeState.Soaking
        ? Decision.Of(new UpgradeHeld(UpgradeCause.Operator, reason ?? ""))
        : x.State == UpgradeState.Held ? Decision.Nothing : Illegal(x, "pause", "running or soaking");

    public static Decision Resume(Upgrade x) =>
        x.State == UpgradeState.Held ? Decision.Of(new UpgradeResumed(x.Round + 1)) : Illegal(x, "resume", "held");

    public static Decision Abort(Upgrade x) =>
        x.State is UpgradeState.Running or UpgradeState.Soaking or UpgradeState.Held ? Decision.Of(new UpgradeAborted())
        : x.State == UpgradeState.Aborted ? Decision.Nothing
        : Illegal(x, "abort", "running, soaking or held");

    public static Decision RollBack(Upgrade x, string? reason) =>
        x.State is UpgradeState.RollingBack ? Decision.Nothing
        : x.State is UpgradeState.RolledBack ? Illegal(x, "roll back", "not rolled back yet")
        : Decision.Of(new UpgradeRollbackRequested(UpgradeCause.Operator, reason ?? "", x.Round + 1));

    /// <summary>What stops an upgrade in this state; null where it may go on.</summary>
    static object? TooMuch(Upgrade x)
    {
        var failures = x.Failed.Count - x.Forgiven;
        var allowed = Math.Max(x.Plan.MaxFailures, (int)(x.Begun * x.Plan.MaxFailuresPct / 100));
        if (failures > allowed)
        {
            var detail = $"{failures} of {x.Begun} hosts failed, {allowed} may: " +
                string.Join("; ", x.Failed.Take(3).Select(f => $"{f.Key}: {(f.Value.Length > 200 ? f.Value[..200] : f.Value)}"));
            return x.Plan.RollsBack ? new UpgradeRollbackRequested(UpgradeCause.Failures, detail, x.Round + 1) : new UpgradeHeld(UpgradeCause.Failures, detail);
        }
        return x.Waiting.IsEmpty && !x.HostsOf(x.Stage).Any(x.Upgraded.ContainsKey)
            ? new UpgradeHeld(UpgradeCause.NothingProved, $"No host of stage {x.Stage} was upgraded. Resume to go on all the same.")
            : null;
    }

    static Upgrade Add<T>(List<object> events, T e, Func<T, Upgrade> apply) where T : notnull
    {
        events.Add(e);
        return apply(e);
    }

    static Rejection Illegal(Upgrade x, string what, string needed)
    {
        var state = x.State.ToString();
        return Rejection.Conflict("illegal-transition", $"Cannot {what} upgrade {x.Id} in state {char.ToLowerInvariant(state[0])}{state[1..]}; it must be {needed}.");
    }
}
