using Phoenix.Domain.Tasks;

namespace Phoenix.Bench.TaskLog;

/// <summary>An event of a task as the log has it.</summary>
/// <param name="At">Its timestamp; of an assignment by the database's clock, when the claim began.</param>
/// <param name="CommittedAt">By the database's clock (<c>pg_xact_commit_timestamp(xmin)</c>): before that nobody could see it.</param>
public sealed record LoggedEvent(long Sequence, Guid TaskId, long Version, DateTimeOffset At, DateTimeOffset CommittedAt, object Data);

/// <summary>A task as it came to a host, from the host's side.</summary>
/// <param name="Succeeded">What the result said that the control plane took with 200; null where it took none.</param>
public sealed record Delivery(Guid TaskId, string HostId, long Lease, bool? Succeeded);

/// <param name="Rule">Stable, one of the constants of <see cref="TaskLogCheck"/>.</param>
public sealed record Violation(string Rule, Guid TaskId, string Detail);

/// <summary>What must hold of tasks whatever was killed, stalled, repeated or cut off: read from the event log and from what hosts received.</summary>
public static class TaskLogCheck
{
    /// <summary>The log of a task does not begin with its queueing, or versions are missing or given twice.</summary>
    public const string Malformed = "malformed";

    /// <summary>A task has no accepted end although everything was given time to end.</summary>
    public const string NoEnd = "no-end";

    /// <summary>Something happened to a task after its accepted end, another end for example.</summary>
    public const string AfterEnd = "after-end";

    /// <summary>A fencing number of a task did not rise.</summary>
    public const string LeaseFell = "lease-fell";

    /// <summary>A fencing number was given twice in the whole system.</summary>
    public const string LeaseTwice = "lease-twice";

    /// <summary>A task was assigned while an earlier lease of it was in force, and whose holder had not given it back.</summary>
    public const string LeasesOverlap = "leases-overlap";

    /// <summary>Progress, a result or an expiry was accepted under a lease that was not the current one.</summary>
    public const string StaleLease = "stale-lease";

    /// <summary>A host received, or succeeded at, a task of another host.</summary>
    public const string ForeignHost = "foreign-host";

    /// <summary>A host received a task under a lease that the log does not have.</summary>
    public const string NotAssigned = "not-assigned";

    /// <summary>The control plane took a result and the log does not have it.</summary>
    public const string ResultLost = "result-lost";

    /// <summary>A host was given a task although one before it in its queue was due and free.</summary>
    public const string Order = "order";

    /// <param name="log">Every event of the tasks, in any order.</param>
    /// <param name="deliveries">What hosts received; empty where only the log is at hand.</param>
    /// <param name="rules">How tasks are chosen.</param>
    /// <param name="settled">Whether everything was given time to end.</param>
    public static IReadOnlyList<Violation> Violations(IEnumerable<LoggedEvent> log, IEnumerable<Delivery> deliveries, QueueRules rules, bool settled)
    {
        var tasks = log.GroupBy(e => e.TaskId).Select(g => new TaskTrace(g.Key, [.. g.OrderBy(e => e.Version)])).ToList();
        List<Violation> found = [.. tasks.SelectMany(t => t.Check(settled))];
        found.AddRange(tasks.SelectMany(t => t.Leases.Select(lease => (lease, t.Id))).GroupBy(l => l.lease)
            .Where(g => g.Count() > 1).Select(g => new Violation(LeaseTwice, g.First().Id, $"lease {g.Key} was given {g.Count()} times")));
        var byId = tasks.ToDictionary(t => t.Id);
        found.AddRange(deliveries.Select(d => Violation(d, byId.GetValueOrDefault(d.TaskId))).OfType<Violation>());
        found.AddRange(tasks.Where(t => t.Queued is not null && !rules.HeldHosts.Contains(t.Queued.HostId)).GroupBy(t => t.Queued!.HostId)
            .SelectMany(host => QueueOrder.Violations([.. host], rules)));
        return found;
    }

    static Violation? Violation(Delivery delivery, TaskTrace? task)
    {
        if (task is null || !task.Leases.Contains(delivery.Lease))
            return new(NotAssigned, delivery.TaskId, $"host '{delivery.HostId}' received it under lease {delivery.Lease}, which was never given");
        if (task.Queued is { } queued && queued.HostId != delivery.HostId)
            return new(ForeignHost, delivery.TaskId, $"host '{delivery.HostId}' received a task of '{queued.HostId}'");
        return delivery.Succeeded switch
        {
            true when !task.Log.Any(e => e.Data is TaskSucceeded s && s.Lease == delivery.Lease) => Lost("success"),
            false when !task.Log.Any(e => e.Data is TaskFailed f && f.Lease == delivery.Lease) => Lost("failure"),
            _ => null,
        };

        Violation Lost(string what) => new(ResultLost, delivery.TaskId, $"a {what} under lease {delivery.Lease} was taken and is not in the log");
    }
}

/// <param name="UrgentPriority">Tasks of this priority and above come to a host that has all the work it may have.</param>
/// <param name="HeldHosts">Hosts that were drained or decommissioned at some time: their order is not judged.</param>
/// <param name="InHand">How long before its commit a change may have held a task's row, so that a claim passed it by.</param>
/// <param name="Flush">How long after its commit's time a change may have become visible: the time is taken before the log is flushed.</param>
public sealed record QueueRules(int UrgentPriority, IReadOnlySet<string> HeldHosts, TimeSpan InHand, TimeSpan Flush = default);
