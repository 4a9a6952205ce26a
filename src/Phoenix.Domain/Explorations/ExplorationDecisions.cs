using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Explorations;

/// <summary>Whose input may be explored.</summary>
public static class ExplorationDecisions
{
    /// <summary>Hosts of one exploration: what each of them tells is added up whenever somebody looks.</summary>
    public const int MaxHosts = 50;

    public const int MaxMetricLength = 200;

    /// <summary>Behind what experiments ask of the host.</summary>
    const int Low = -10;

    /// <param name="hosts">The hosts that are meant, each with the id that its task would have.</param>
    /// <param name="known">Those that have enrolled.</param>
    /// <param name="understanding">Those whose agents understand such a task: another one could not read the tasks that come with it.</param>
    public static (ExplorationRequested? Requested, IReadOnlyList<(Guid Id, TaskQueued Task)> Tasks, Rejection? Rejection) Request(
        IReadOnlyList<ExploredHost> hosts, IReadOnlySet<string> known, IReadOnlySet<string> understanding, string? metric, string? priceEntry)
    {
        if (hosts.Count == 0 || hosts.Select(h => h.HostId).Distinct().Count() != hosts.Count)
            return Refused("hosts-invalid", "hosts", "Name hosts, each once, or give a selector or a group that some host belongs to.");
        if (hosts.Count > MaxHosts)
            return Refused("hosts-too-many", "hosts", $"{hosts.Count} hosts are meant; at most {MaxHosts} are explored at a time. Name some of them, or narrow the selector.");
        if (metric is not null && (string.IsNullOrWhiteSpace(metric) || metric.Length > MaxMetricLength))
            return Refused("metric-invalid", "metric", $"A metric's name has 1 to {MaxMetricLength} characters; leave it out for those with most series.");
        if (hosts.FirstOrDefault(h => !known.Contains(h.HostId)) is { } stranger) return Refused("host-unknown", "hosts", $"No agent has enrolled as '{stranger.HostId}'.");
        var asked = hosts.Where(h => understanding.Contains(h.HostId)).ToList();
        if (asked.Count == 0)
            return (null, [], Rejection.Conflict("agent-too-old",
                $"The agent of '{hosts[0].HostId}'{(hosts.Count == 1 ? "" : $" and those of {hosts.Count - 1} others")} said in no heartbeat that it understands explorations. Upgrade it (POST /api/v2/upgrades), or wait for its first heartbeat."));
        var specification = new ExplorationSpecification(metric);
        return (
            new ExplorationRequested(metric, priceEntry, asked,
                [.. hosts.Except(asked).Select(h => new HostNotExplored(h.HostId, "agent-too-old: its agent said in no heartbeat that it understands explorations; upgrade it"))]),
            [.. asked.Select(h => (h.TaskId, new TaskQueued(h.HostId, TaskPurpose.ExploreInput, Low, Guid.Empty, DesiredHostState.Exploring(specification))))], null);
    }

    static (ExplorationRequested?, IReadOnlyList<(Guid, TaskQueued)>, Rejection?) Refused(string code, string field, string detail) => (null, [], Rejection.Invalid(code, field, detail));
}
