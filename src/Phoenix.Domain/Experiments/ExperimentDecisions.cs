namespace Phoenix.Domain.Experiments;

/// <summary>The guarded state machine of an experiment: which command or message does what in which state.</summary>
public static class ExperimentDecisions
{
    /// <summary>How long a state waits for a host that does not do what was asked, before it goes on without it.</summary>
    public static readonly TimeSpan HostPatience = TimeSpan.FromMinutes(10);

    /// <param name="live">Configuration hash of what runs as production, by host; hosts where nothing runs are absent.</param>
    public static Decision Start(Experiment x, IReadOnlyDictionary<string, string> live, DateTimeOffset now)
    {
        if (x.State != ExperimentState.Draft) return Illegal(x, "start", "a draft");
        return NotLive(x, x.Baseline, "baseline-not-live", live) ?? Decision.Of(new ExperimentStarted(x.Hosts, now + HostPatience + x.Plan.WarmUp + x.Plan.Deadline + TimeSpan.FromMinutes(5)));
    }

    public static Decision Stop(Experiment x) =>
        x.Measures ? Decision.Of(new StopRequested()) : Illegal(x, "stop", "starting, warming up or running");

    public static Decision Promote(Experiment x, IReadOnlyDictionary<string, string> live) =>
        x.State is not (ExperimentState.Completed or ExperimentState.RolledBack) || x.Verdict is null
            ? Illegal(x, "promote", "completed with a verdict")
            : x.Verdict.Outcome != VerdictOutcome.Promote
                ? Rejection.Conflict("verdict-not-promote",
                    $"The verdict is {x.Verdict.Outcome.ToString().ToLowerInvariant()}: {string.Join("; ", x.Verdict.Reasons)}")
                : NotLive(x, x.Baseline, "baseline-not-live", live) ?? Decision.Of(new PromotionRequested(x.Round + 1, x.Hosts));

    public static Decision RollBack(Experiment x, IReadOnlyDictionary<string, string> live) =>
        x.State == ExperimentState.Promoted && NotLive(x, x.Candidate, "candidate-not-live", live) is { } elsewhere ? elsewhere
        : x.Measures || x.State is ExperimentState.Promoting or ExperimentState.Promoted
            ? Decision.Of(new RollbackRequested(RollbackCause.Operator, "", x.Round + 1, x.Hosts))
            : Illegal(x, "roll back", "started or promoted");

    /// <summary>Silent where the state no longer waits for it: timers come late, messages twice.</summary>
    public static Decision EndWarmUp(Experiment x) =>
        x.State == ExperimentState.WarmingUp ? Decision.Of(new WarmUpEnded()) : Decision.Nothing;

    /// <summary>The deadline: the verdict is reached with what there is.</summary>
    public static Decision EndRun(Experiment x) =>
        x.State == ExperimentState.Running ? Decision.Of(Verdicts.Reach(x)) : Decision.Nothing;

    /// <summary>A window over all reporting hosts: recorded once, checked against the guardrails, and perhaps the last that was needed.</summary>
    public static Decision Record(Experiment x, WindowMeasured? measured, IReadOnlyList<WindowVoided> voided)
    {
        var number = measured?.Number ?? voided[0].Number;
        if (x.State is not (ExperimentState.WarmingUp or ExperimentState.Running) || x.RecordedWindows.Contains(number)) return Decision.Nothing;
        List<object> events = [.. voided];
        if (measured is null) return new Decision(events, null);
        events.Add(measured);
        var after = x.Apply(measured);
        if (Guardrails.Check(measured, x.Criteria) is { } breach)
        {
            var verdict = Verdicts.Reach(after);
            events.Add(breach);
            events.Add(verdict with { Outcome = VerdictOutcome.Reject, Reasons = [$"guardrail {breach.Guardrail}: {breach.Detail}"] });
            events.Add(new RollbackRequested(RollbackCause.Guardrail, breach.Detail, x.Round + 1, x.Hosts));
        }
        else if (after.State == ExperimentState.Running && after.Evidence.Windows >= x.Plan.RequiredWindows)
        {
            events.Add(Verdicts.Reach(after));
        }
        return new Decision(events, null);
    }

    /// <summary>A host has done what the state waits for; the last one moves the experiment on.</summary>
    public static Decision HostDone(Experiment x, string hostId)
    {
        if (!x.Waiting.Contains(hostId)) return Decision.Nothing;
        var last = x.Waiting.Count == 1;
        return x.State switch
        {
            ExperimentState.Starting => Decision.Of(new VariantsApplied([hostId])),
            ExperimentState.Completing => With(new CandidateRemoved([hostId]), last, new ExperimentCompleted()),
            ExperimentState.Stopping => With(new CandidateRemoved([hostId]), last, new ExperimentStopped()),
            ExperimentState.Promoting => With(new VariantPromoted([hostId]), last, new ExperimentPromoted()),
            ExperimentState.RollingBack => With(new BaselineRestored([hostId]), last, new ExperimentRolledBack()),
            _ => Decision.Nothing,
        };
    }

    /// <summary>
    /// A host's task was dead-lettered. While something is being put on hosts, all go back; while something is being
    /// taken off, the others go on and the failed host stays named in the log (its candidate ends by its own switch).
    /// </summary>
    public static Decision HostGaveUp(Experiment x, string hostId, string purpose, string error)
    {
        if (!x.Waiting.Contains(hostId)) return Decision.Nothing;
        var failed = new HostFailed(hostId, purpose, error);
        var last = x.Waiting.Count == 1;
        return x.State switch
        {
            ExperimentState.Starting or ExperimentState.Promoting =>
                Decision.Of(failed, new RollbackRequested(RollbackCause.HostFailed, $"{hostId}: {error}", x.Round + 1, x.Hosts)),
            ExperimentState.Completing => With(failed, last, new ExperimentCompleted()),
            ExperimentState.Stopping => With(failed, last, new ExperimentStopped()),
            ExperimentState.RollingBack => With(failed, last, new ExperimentRolledBack()),
            _ => Decision.Of(failed),
        };
    }

    static Decision With(object first, bool last, object end) => last ? Decision.Of(first, end) : Decision.Of(first);

    /// <summary>Another pipeline than the one that is to be replaced would be lost; hosts where nothing runs lose nothing.</summary>
    static Decision? NotLive(Experiment x, PipelineReference expected, string code, IReadOnlyDictionary<string, string> live)
    {
        if (x.Hosts.FirstOrDefault(h => live.TryGetValue(h, out var hash) && hash != expected.ConfigurationHash) is not { } host) return null;
        return Rejection.Conflict(code,
            $"Host '{host}' runs another pipeline than '{expected.Name}' v{expected.Version} as production. " +
            "Draft an experiment with the live pipeline as its baseline.");
    }

    static Rejection Illegal(Experiment x, string what, string needed) =>
        Rejection.Conflict("illegal-transition", $"Cannot {what} experiment {x.Id} in state {Camel(x.State)}; it must be {needed}.");

    static string Camel(ExperimentState state)
    {
        var name = state.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
