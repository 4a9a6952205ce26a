using Phoenix.Api.Experiments;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>A task has its end.</summary>
/// <param name="Error">Why it was given up; null where it succeeded.</param>
public sealed record TaskEnd(Guid TaskId, string HostId, TaskPurpose Purpose, string? Error);

/// <summary>Tells those on whose behalf tasks were queued that they have ended.</summary>
public static class TaskEnds
{
    /// <summary>The end that these events bring the task to; null where it goes on.</summary>
    public static TaskEnd? Of(AgentTask task, IReadOnlyList<object>? events) => events is [.., var last] ? last switch
    {
        TaskSucceeded => new(task.Id, task.HostId, task.Purpose, null),
        TaskDeadLettered dead => new(task.Id, task.HostId, task.Purpose, $"{dead.Code}: {dead.Detail}"),
        TaskCancelled cancelled => new(task.Id, task.HostId, task.Purpose, cancelled.Cause),
        _ => null,
    } : null;

    /// <summary>One message for each experiment, however many of its hosts have ended together.</summary>
    public static IEnumerable<object> Messages(IEnumerable<(Guid ExperimentId, TaskEnd End)> ends) =>
        ends.Where(e => e.ExperimentId != Guid.Empty).GroupBy(e => e.ExperimentId, e => e.End)
            .Select(experiment => new HostTasksEnded(experiment.Key, [.. experiment]));
}
