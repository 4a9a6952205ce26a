using Phoenix.Domain.Tasks;

namespace Phoenix.Bench.TaskLog;

/// <summary>The life of one task, event by event.</summary>
sealed class TaskTrace(Guid id, IReadOnlyList<LoggedEvent> log)
{
    public Guid Id => id;

    /// <summary>By version.</summary>
    public IReadOnlyList<LoggedEvent> Log => log;

    public TaskQueued? Queued { get; } = log[0].Data as TaskQueued;

    /// <summary>Fencing numbers in the order in which they were given.</summary>
    public IReadOnlyList<long> Leases { get; } = [.. log.Select(e => e.Data).OfType<TaskAssigned>().Select(a => a.Lease)];

    public IEnumerable<Violation> Check(bool settled)
    {
        List<Violation> found = [];
        void Found(string rule, string detail) => found.Add(new(rule, id, detail));

        if (Queued is null) Found(TaskLogCheck.Malformed, $"it begins with {Name(log[0])}");
        for (var i = 0; i < log.Count; i++)
            if (log[i].Version != i + 1) Found(TaskLogCheck.Malformed, $"its event {i + 1} has version {log[i].Version}");
        if (log.Skip(1).Any(e => e.Data is TaskQueued)) Found(TaskLogCheck.Malformed, "it was queued twice");

        long lease = 0; // the highest that was given
        var current = false; // whether that one counts
        DateTimeOffset? until = null; // when the newest lease ends, unless its holder gave it back
        LoggedEvent? end = null;
        foreach (var e in log.Skip(1))
        {
            if (end is not null && !(end.Data is TaskDeadLettered && e.Data is TaskRevived)) Found(TaskLogCheck.AfterEnd, $"{Name(e)} after {Name(end)}");
            switch (e.Data)
            {
                case TaskAssigned assigned:
                    if (current) Found(TaskLogCheck.LeasesOverlap, $"lease {assigned.Lease} was given while {lease} was the current one");
                    else if (until > e.At) Found(TaskLogCheck.LeasesOverlap, $"lease {assigned.Lease} was given at {e.At:O}, lease {lease} was in force until {until:O}");
                    if (assigned.Lease <= lease) Found(TaskLogCheck.LeaseFell, $"lease {assigned.Lease} came after {lease}");
                    (lease, current, until) = (Math.Max(lease, assigned.Lease), true, assigned.LeaseUntil);
                    break;
                case TaskProgressed progressed:
                    Holds(progressed.Lease, e);
                    until = progressed.LeaseUntil;
                    break;
                case TaskSucceeded succeeded:
                    Holds(succeeded.Lease, e);
                    if (Queued is { } queued && succeeded.HostId != queued.HostId) Found(TaskLogCheck.ForeignHost, $"'{succeeded.HostId}' succeeded at a task of '{queued.HostId}'");
                    (current, until, end) = (false, null, e);
                    break;
                case TaskFailed failed:
                    Holds(failed.Lease, e);
                    (current, until) = (false, null);
                    break;
                case TaskLeaseExpired expired:
                    Holds(expired.Lease, e);
                    current = false;
                    break;
                case TaskDeadLettered or TaskCancelled:
                    (current, end) = (false, e);
                    break;
                case TaskRevived:
                    end = null;
                    break;
            }
        }
        if (settled && end is null) Found(TaskLogCheck.NoEnd, $"its last event is {Name(log[^1])}");
        return found;

        void Holds(long of, LoggedEvent e)
        {
            if (!current || of != lease) Found(TaskLogCheck.StaleLease, $"{Name(e)} under lease {of}, {(current ? $"{lease} is the current one" : "none is in force")}");
        }
    }

    static string Name(LoggedEvent e) => $"{e.Data.GetType().Name} ({e.Version})";
}
