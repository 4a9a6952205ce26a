using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Deployments;

/// <summary>Whether a deployment may begin, and who is in which of its waves.</summary>
public static class RequestDeployment
{
    public static readonly IReadOnlyList<string> DefaultWaves = ["1", "10%", "50%", "100%"];
    public const int MaxWaves = 20, MaxTicketLength = 500;
    public static readonly TimeSpan LongestSoak = TimeSpan.FromDays(7), LongestPatience = TimeSpan.FromDays(7), ShortestPatience = TimeSpan.FromSeconds(1);

    /// <param name="pipeline">Null where there is no such version.</param>
    /// <param name="hosts">In the order in which waves of numbers and shares take them.</param>
    /// <param name="known">Which of the hosts are enrolled.</param>
    /// <param name="waves">Numbers of hosts, shares, or label selectors such as <c>stage=canary</c>, which take the hosts that have the labels.</param>
    /// <param name="selected">Which of the hosts each selector among the waves means.</param>
    /// <param name="policy">What the organisation asks of every change.</param>
    /// <param name="overridesFreeze">Goes on in a freeze.</param>
    /// <param name="shortfallAsked">Somebody has said by how much the saving may fall short, and expects it to be looked at.</param>
    public static Decision Decide(
        ChosenPipeline? pipeline, IReadOnlyList<string> hosts, IReadOnlySet<string> known, IReadOnlyList<string> waves,
        IReadOnlyDictionary<string, IReadOnlySet<string>> selected, DeploymentPlan plan, Guid? experimentId, double? predictedKeptPct, string? ticket,
        ChangePolicy policy, FreezeInForce? freeze, bool overridesFreeze, bool shortfallAsked = false)
    {
        if (pipeline is null) return Rejection.Invalid("pipeline-unknown", "pipeline", "There is no such pipeline version; GET /api/v2/pipelines lists them.");
        if (pipeline.Deprecated) return Rejection.Invalid("pipeline-deprecated", "pipeline", $"Pipeline '{pipeline.Reference.Name}' is deprecated.");
        if (hosts.Count == 0) return Rejection.Invalid("hosts-missing", "hosts", "No host is meant: name hosts, a selector or a group; GET /api/v2/agents lists hosts.");
        if (hosts.GroupBy(h => h).FirstOrDefault(g => g.Count() > 1) is { } twice) return Rejection.Invalid("hosts-invalid", "hosts", $"Host '{twice.Key}' is named twice.");
        if (hosts.FirstOrDefault(h => !known.Contains(h)) is { } stranger)
            return Rejection.Invalid("host-unknown", "hosts", $"Host '{stranger}' is not enrolled; GET /api/v2/agents lists those that are.");
        if (Wrong(plan) is { } wrong) return wrong;
        if (shortfallAsked && predictedKeptPct is null)
            return Rejection.Invalid("gate-invalid", "rollout.gate.maxSavingShortfallPct", "Nothing was predicted that the saving could be held against: that is known where an experiment is promoted whose windows are still kept.");
        if (ticket is { Length: > MaxTicketLength }) return Rejection.Invalid("ticket-invalid", "ticket", $"A ticket has at most {MaxTicketLength} characters.");
        if (policy.TicketRequired && string.IsNullOrWhiteSpace(ticket)) return Rejection.Invalid("ticket-missing", "ticket", "Changes here need a ticket: where it was asked for.");
        if (freeze is not null && !overridesFreeze)
            return Rejection.Conflict("change-frozen", $"'{freeze.Name}' forbids changes until {freeze.Until.UtcDateTime:yyyy-MM-dd HH:mm} UTC. Wait for its end, or override it with overrideFreeze and a reason.");
        var (ordered, ends, unclear) = Waves(hosts, waves, selected);
        return unclear is not null ? unclear
            : Decision.Of(new DeploymentRequested(pipeline.Reference, ordered, ends, plan, experimentId, predictedKeptPct, string.IsNullOrWhiteSpace(ticket) ? null : ticket.Trim(), policy.ApprovalRequired, freeze is not null));
    }

    static (IReadOnlyList<string> Hosts, IReadOnlyList<int> Ends, Rejection? Rejection) Waves(
        IReadOnlyList<string> hosts, IReadOnlyList<string> waves, IReadOnlyDictionary<string, IReadOnlySet<string>> selected)
    {
        if (waves.Count is 0 or > MaxWaves) return ([], [], Rejection.Invalid("waves-invalid", "waves", $"A deployment has 1 to {MaxWaves} waves."));
        List<string> ordered = [], left = [.. hosts];
        List<int> ends = [];
        foreach (var wave in waves)
        {
            var end = ordered.Count;
            if (selected.TryGetValue(wave, out var chosen))
            {
                var now = left.Where(chosen.Contains).ToList();
                if (now.Count == 0) return ([], [], Rejection.Invalid("waves-invalid", "waves", $"'{wave}' means none of the hosts that earlier waves have left."));
                ordered.AddRange(now);
                left.RemoveAll(chosen.Contains);
                end = ordered.Count;
            }
            else if (RolloutStages.End(wave, hosts.Count) is { } number)
            {
                end = number;
                var more = Math.Max(0, end - ordered.Count);
                ordered.AddRange(left.Take(more));
                left.RemoveRange(0, Math.Min(more, left.Count));
            }
            else
            {
                return ([], [], Rejection.Invalid("waves-invalid", "waves", $"'{wave}' is no wave: write a number of hosts such as '1', a share such as '25%', or labels such as 'stage=canary'."));
            }
            // Small fleets have fewer waves: what adds no host is none.
            if (end > ends.LastOrDefault()) ends.Add(end);
        }
        return left.Count == 0 ? (ordered, ends, null)
            : ([], [], Rejection.Invalid("waves-invalid", "waves", $"The waves leave {left.Count} of {hosts.Count} hosts out, '{left[0]}' among them. End with '100%'."));
    }

    static Rejection? Wrong(DeploymentPlan plan) =>
        plan.Soak < TimeSpan.Zero || plan.Soak > LongestSoak ? Rejection.Invalid("soak-invalid", "soakSeconds", $"The soak time is 0 to {LongestSoak.TotalSeconds} s.")
        : plan.Patience < ShortestPatience || plan.Patience > LongestPatience
            ? Rejection.Invalid("patience-invalid", "patienceSeconds", $"A wave waits {ShortestPatience.TotalSeconds} to {LongestPatience.TotalSeconds} s.")
        : plan.MaxFailures < 0 ? Rejection.Invalid("max-failures-invalid", "maxFailures", "Failures are counted from 0.")
        : plan.MaxFailuresPct is not (>= 0 and <= 100) ? Rejection.Invalid("max-failures-invalid", "maxFailuresPct", "The share is 0 to 100 %.")
        : plan.Gate.MaxConservationErrorPct is not (null or (>= 0 and <= 100)) ? Rejection.Invalid("gate-invalid", "gate.maxConservationErrorPct", "An allowed error lies between 0 and 100 per cent.")
        : plan.Gate.MaxSavingShortfallPct is not (null or (>= 0 and <= 100)) ? Rejection.Invalid("gate-invalid", "gate.maxSavingShortfallPct", "A shortfall lies between 0 and 100 percentage points.")
        : plan.Gate.MaxCpuPct is not (null or > 0) ? Rejection.Invalid("gate-invalid", "gate.maxCpuPct", "A limit of CPU is more than 0 per cent of a core.")
        : plan.Gate.MaxResidentBytes is not (null or > 0) ? Rejection.Invalid("gate-invalid", "gate.maxResidentBytes", "A limit of memory is more than 0 bytes.")
        : null;
}
