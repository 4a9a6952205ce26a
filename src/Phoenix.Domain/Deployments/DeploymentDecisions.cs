namespace Phoenix.Domain.Deployments;

/// <summary>A time in which nothing new is deployed, as it holds now.</summary>
/// <param name="Until">When it ends.</param>
public sealed record FreezeInForce(string Name, DateTimeOffset Until);

/// <summary>The guarded state machine of a deployment. Repeated and late messages decide nothing.</summary>
public static class DeploymentDecisions
{
    /// <summary>A way back is waited for at least so long: hosts that are given up are given free, and would still take it.</summary>
    static readonly TimeSpan LeastPatienceBack = TimeSpan.FromMinutes(10);

    public static TimeSpan PatienceOf(Deployment x) => x.State == DeploymentState.RollingBack && x.Plan.Patience < LeastPatienceBack ? LeastPatienceBack : x.Plan.Patience;

    /// <summary>The next wave begins, unless a freeze has.</summary>
    /// <param name="before">What the hosts of the next wave run now.</param>
    public static Decision StartWave(Deployment x, IReadOnlyList<RanBefore> before, FreezeInForce? freeze) =>
        x.State != DeploymentState.Running || x.Wave > 0 ? Decision.Nothing : Decision.Of(Next(x, before, freeze));

    static object Next(Deployment x, IReadOnlyList<RanBefore> before, FreezeInForce? freeze) => freeze is not null && !x.OverridesFreeze
        ? new DeploymentHeld(DeploymentCause.Frozen, $"'{freeze.Name}' forbids changes until {freeze.Until.UtcDateTime:yyyy-MM-dd HH:mm} UTC; it goes on by itself then.", freeze.Until)
        : new WaveStarted(x.Wave + 1, before);

    /// <param name="done">Hosts whose task succeeded.</param>
    /// <param name="failed">Hosts whose task has failed for good.</param>
    /// <param name="unreached">Hosts that never began.</param>
    public static Decision HostsEnded(Deployment x, IReadOnlyList<string> done, IReadOnlyList<FailedDeployment> failed, IReadOnlyList<string> unreached)
    {
        List<object> events = [];
        var after = x;
        var good = done.Where(x.Waiting.Contains).Distinct().ToList();
        var bad = failed.Where(h => x.Waiting.Contains(h.HostId)).DistinctBy(h => h.HostId).ToList();
        var silent = unreached.Where(x.Waiting.Contains).Distinct().ToList();
        if (good.Count + bad.Count + silent.Count == 0) return Decision.Nothing;
        if (x.State == DeploymentState.RollingBack)
        {
            bad = [.. bad, .. silent.Select(h => new FailedDeployment(h, "host-silent: it has not called in; the order to return waits for it"))];
            if (good.Count > 0) after = Add(events, new HostsRestored(good), after.Apply);
            if (bad.Count > 0) after = Add(events, new HostRestoresFailed(bad), after.Apply);
            if (after.Waiting.IsEmpty) events.Add(new DeploymentRolledBack());
            return new(events, null);
        }
        if (x.State is not (DeploymentState.Running or DeploymentState.Held)) return Decision.Nothing;
        if (good.Count > 0) after = Add(events, new HostsDeployed(good), after.Apply);
        if (bad.Count > 0) after = Add(events, new HostDeploymentsFailed(bad), after.Apply);
        if (silent.Count > 0) after = Add(events, new HostsNotReached(silent), after.Apply);
        // While it is held, what had begun still ends; nothing follows from it until somebody says so.
        if (x.State == DeploymentState.Running)
            events.AddRange(TooMuch(after) is { } stopped ? [stopped] : after.Waiting.IsEmpty ? [new WaveCompleted(after.Wave)] : []);
        return new(events, null);
    }

    /// <summary>The soak time of a wave is over: what was measured decides whether the next one begins.</summary>
    /// <param name="figures">Of every host that runs the version.</param>
    /// <param name="before">What the hosts of the next wave run now.</param>
    /// <param name="again">The look before this one, a while ago, found a limit broken too: then it does not wait for the soak time.</param>
    public static Decision EndSoak(
        Deployment x, int wave, int round, IReadOnlyList<HostFigures> figures, IReadOnlyList<RanBefore> before, FreezeInForce? freeze, DateTimeOffset now,
        double? predictedKeptPct = null, bool again = false)
    {
        if (x.State != DeploymentState.Soaking || x.Wave != wave || x.Round != round) return Decision.Nothing;
        if (x.Until is { } until)
            return now < until ? Decision.Nothing : Decision.Of(new DeploymentRollbackRequested(DeploymentCause.TimeOver, $"It was for the time until {until.UtcDateTime:yyyy-MM-dd HH:mm} UTC.", x.Round + 1, []));
        // Somebody has let it go on although no host has taken it: there is nothing to judge.
        if (x.Deployed.IsEmpty) return Decision.Of(wave < x.Waves.Count ? Next(x, before, freeze) : new DeploymentCompleted());
        var checks = DeploymentGate.Judge(x, figures, predictedKeptPct);
        var judged = new WaveJudged(wave, checks);
        if (now < x.SoakingSince + x.Plan.Soak && !(again && IsBroken(checks))) return Decision.Nothing;
        switch (DeploymentGate.Of(checks))
        {
            case GateOutcome.NotMet:
                return Decision.Of(judged, Stopped(x, DeploymentCause.Gate, DeploymentGate.Describe(checks.Where(c => c.Outcome == GateOutcome.NotMet))));
            // Asked again until there is no patience left: an empty window proves nothing, and neither does its absence.
            case GateOutcome.Open when !x.GoesOnUnproved:
                return now < x.SoakingSince + x.Plan.Soak + x.Plan.Patience ? Decision.Nothing
                    : Decision.Of(judged, new DeploymentHeld(DeploymentCause.NothingProved, DeploymentGate.Describe(checks.Where(c => c.Outcome == GateOutcome.Open))));
            default:
                return Decision.Of(judged, wave < x.Waves.Count ? Next(x, before, freeze) : new DeploymentCompleted());
        }
    }

    /// <summary>Whether what is measured already breaks a limit that does not need the whole soak time to be judged. A reducer that has just begun saves less than it will.</summary>
    public static bool IsBroken(IReadOnlyList<GateCheck> checks) => checks.Any(c => c is { Outcome: GateOutcome.NotMet, Kind: GateKind.DataLeaves or GateKind.Fidelity });

    /// <summary>A freeze that held it is over.</summary>
    public static Decision EndFreeze(Deployment x, FreezeInForce? freeze) =>
        x is not { State: DeploymentState.Held, HeldBy: DeploymentCause.Frozen } || freeze is not null ? Decision.Nothing : Decision.Of(new DeploymentResumed(x.Round + 1));

    /// <param name="user">Opaque id of who approves; another one than who asked for it.</param>
    public static Decision Approve(Deployment x, string? user) =>
        x.State != DeploymentState.AwaitingApproval ? x.State is DeploymentState.Rejected ? Illegal(x, "approve", "awaiting approval") : Decision.Nothing
        : user is null || user == x.RequestedBy ? Rejection.Conflict("approval-by-requester", "Who asked for a change cannot approve it. Somebody else has to.")
        : Decision.Of(new DeploymentApproved());

    /// <summary>Anybody may withdraw what has not begun, who asked for it too.</summary>
    public static Decision Reject(Deployment x) =>
        x.State == DeploymentState.AwaitingApproval ? Decision.Of(new DeploymentRejected())
        : x.State == DeploymentState.Rejected ? Decision.Nothing
        : Illegal(x, "reject", "awaiting approval");

    public static Decision Pause(Deployment x, string? reason) => x.Until is not null
        ? Rejection.Conflict("deployment-temporary", "It is for a while only and has nothing to pause. Roll it back to end it now.")
        : x.State is DeploymentState.Running or DeploymentState.Soaking
        ? Decision.Of(new DeploymentHeld(DeploymentCause.Operator, reason ?? ""))
        : x.State == DeploymentState.Held ? Decision.Nothing : Illegal(x, "pause", "running or soaking");

    /// <param name="freeze">In force now; a resumption does not go over it.</param>
    public static Decision Resume(Deployment x, FreezeInForce? freeze) =>
        x.State != DeploymentState.Held ? Illegal(x, "resume", "held")
        : freeze is not null && !x.OverridesFreeze ? Rejection.Conflict("change-frozen", $"'{freeze.Name}' forbids changes until {freeze.Until.UtcDateTime:yyyy-MM-dd HH:mm} UTC.")
        : Decision.Of(new DeploymentResumed(x.Round + 1));

    /// <summary>Ends it where it is. Of an experiment's promotion that has begun the experiment is rolled back instead, or it would be neither on nor off.</summary>
    public static Decision Abort(Deployment x) =>
        x.State == DeploymentState.Aborted ? Decision.Nothing
        : x.Until is not null ? Rejection.Conflict("deployment-temporary", "It is for a while only: roll it back to end it now.")
        : x.State is not (DeploymentState.Running or DeploymentState.Soaking or DeploymentState.Held) ? Illegal(x, "abort", "running, soaking or held")
        : x.ExperimentId is { } experiment && x.Begun > 0
            ? Rejection.Conflict("deployment-of-experiment", $"It promotes experiment {experiment} and has begun. Roll it back, or let it go on.")
        : Decision.Of(new DeploymentAborted(""));

    /// <summary>Something else decides from now on what its hosts run; silent where it has ended.</summary>
    public static Decision Supersede(Deployment x, string detail) => x.HasEnded ? Decision.Nothing : Decision.Of(new DeploymentAborted(detail));

    /// <param name="busy">Whether an experiment or another deployment has one of its hosts now, where this one has ended.</param>
    /// <param name="live">Configuration hash of what should run, by host; null where it has not ended.</param>
    public static Decision RollBack(Deployment x, string? reason, bool busy, IReadOnlyDictionary<string, string>? live = null) =>
        x.State is DeploymentState.RollingBack ? Decision.Nothing
        : x.State is DeploymentState.RolledBack or DeploymentState.Rejected or DeploymentState.AwaitingApproval || x.Begun == 0 ? Illegal(x, "roll back", "begun and not rolled back yet")
        : x.ExperimentId is { } experiment && x.HasEnded ? Rejection.Conflict("deployment-of-experiment", $"It promoted experiment {experiment}. Roll the experiment back.")
        : busy ? Rejection.Conflict("host-busy", "One of its hosts takes part in an experiment or another deployment. Wait for its end, or deploy the older version.")
        : live is not null && x.Deployed.FirstOrDefault(h => live.GetValueOrDefault(h) != x.Pipeline.ConfigurationHash) is { } elsewhere
            ? Rejection.Conflict("deployment-not-live", $"Host '{elsewhere}' runs something else since. Deploy the version that you want there; GET /api/v2/agents/{elsewhere}/versions lists what it ran.")
        : Decision.Of(new DeploymentRollbackRequested(DeploymentCause.Operator, reason ?? "", x.Round + 1, x.HasEnded ? [.. x.Hosts.Take(x.Begun)] : []));

    /// <summary>What stops a deployment in this state; null where it may go on.</summary>
    static object? TooMuch(Deployment x)
    {
        var failures = x.Failed.Count - x.Forgiven;
        if (failures > x.AllowedFailures)
            return Stopped(x, DeploymentCause.Failures,
                $"{failures} of {x.Begun} hosts failed, {x.AllowedFailures} may: " +
                string.Join("; ", x.Failed.Take(3).Select(f => $"{f.Key}: {(f.Value.Length > 200 ? f.Value[..200] : f.Value)}")));
        return x.Waiting.IsEmpty && x.Until is null && !x.HostsOf(x.Wave).Any(x.Deployed.Contains)
            ? new DeploymentHeld(DeploymentCause.NothingProved, $"No host of wave {x.Wave} runs it. Resume to go on all the same.")
            : null;
    }

    static object Stopped(Deployment x, DeploymentCause cause, string detail) =>
        x.Plan.RollsBack ? new DeploymentRollbackRequested(cause, detail, x.Round + 1, []) : new DeploymentHeld(cause, detail);

    static Deployment Add<T>(List<object> events, T e, Func<T, Deployment> apply) where T : notnull
    {
        events.Add(e);
        return apply(e);
    }

    static Rejection Illegal(Deployment x, string what, string needed)
    {
        var state = x.State.ToString();
        return Rejection.Conflict("illegal-transition", $"Cannot {what} deployment {x.Id} in state {char.ToLowerInvariant(state[0])}{state[1..]}; it must be {needed}.");
    }
}
