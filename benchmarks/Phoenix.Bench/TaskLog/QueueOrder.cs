using Phoenix.Domain.Tasks;

namespace Phoenix.Bench.TaskLog;

/// <summary>
/// Whether a host got its tasks in the order of their rank. A task was passed over where it could be seen and was due when a
/// claim began that took a later one. It is not held against a claim that somebody had the row in hand at that moment.
/// </summary>
static class QueueOrder
{
    public static IEnumerable<Violation> Violations(IReadOnlyList<TaskTrace> ofHost, QueueRules rules)
    {
        var waits = ofHost.SelectMany(t => Waits(t, rules)).ToList();
        foreach (var task in ofHost)
        {
            foreach (var assigned in task.Log.Where(e => e.Data is TaskAssigned))
            {
                var urgent = task.Queued!.Priority >= rules.UrgentPriority;
                var passed = waits.FirstOrDefault(w => w.Task != task && w.From <= assigned.At && assigned.At < w.Until && Rank(w.Task) < Rank(task)
                    && (!urgent || w.Task.Queued!.Priority >= rules.UrgentPriority));
                if (passed is not null)
                    yield return new(TaskLogCheck.Order, passed.Task.Id, $"it waited since {passed.From:O} and was passed over at {assigned.At:O} for {task.Id}, which ranks after it");
            }
        }
    }

    /// <summary>A minute for each point of priority, as the queue ranks.</summary>
    static DateTimeOffset Rank(TaskTrace task) => task.Log[0].At - TimeSpan.FromMinutes(task.Queued!.Priority);

    sealed record Wait(TaskTrace Task, DateTimeOffset From, DateTimeOffset Until);

    static IEnumerable<Wait> Waits(TaskTrace task, QueueRules rules)
    {
        for (var i = 0; i < task.Log.Count; i++)
        {
            var e = task.Log[i];
            var visible = e.CommittedAt + rules.Flush;
            DateTimeOffset? from = e.Data switch
            {
                TaskQueued => visible,
                TaskRequeued requeued => requeued.NotBefore > visible ? requeued.NotBefore : visible,
                TaskRevived => visible > e.At ? visible : e.At,
                _ => null,
            };
            if (from is null) continue;
            var next = i + 1 < task.Log.Count ? task.Log[i + 1] : null;
            yield return new(task, from.Value, next switch
            {
                null => DateTimeOffset.MaxValue,
                { Data: TaskAssigned } => next.At,
                _ => (next.At < next.CommittedAt ? next.At : next.CommittedAt) - rules.InHand,
            });
        }
    }
}
