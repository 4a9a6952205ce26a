using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Tasks;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Tasks;

/// <param name="Reason">Why, for the audit log.</param>
public sealed record CancelTasksRequest(string? HostId, Guid? ExperimentId, TaskPurpose? Purpose, Guid[]? Ids, string? Reason)
{
    public TaskFilter Filter => new(HostId, ExperimentId, Purpose, Ids);
}

/// <summary>Cancels what the filter takes, after a task's id: one transaction's worth, and then the rest.</summary>
public sealed record CancelTasks(TaskFilter Filter, Guid After, string? Reason);

/// <param name="Reason">Why, for the audit log.</param>
public sealed record TaskReason(string? Reason);

[Wolverine.Attributes.WolverineHandler]
public static class CancelTasksEndpoint
{
    const string Cause = "cancelled by a user";

    /// <summary>
    /// Cancels open tasks, however many: 202, and they go in short transactions. An agent at work on one is told at its next report, and drops it.
    /// For an experiment a cancelled task is one that its host has given up.
    /// </summary>
    [WolverinePost("/api/v2/tasks/cancel"), Tags("Tasks"), ProducesResponseType(202)]
    public static (IResult, OutgoingMessages) Post(CancelTasksRequest command) =>
        (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) ?? command.Filter.Problem) is { } problem
            ? (problem, [])
            : (TypedResults.Accepted("/api/v2/tasks"), [new CancelTasks(command.Filter, Guid.Empty, command.Reason)]);

    public static async Task<OutgoingMessages> Handle(CancelTasks message, IDocumentSession session, CancellationToken cancellation)
    {
        var ids = await message.Filter.Next(session, open: true, message.After, cancellation);
        session.StampDecision();
        if (!string.IsNullOrWhiteSpace(message.Reason)) session.SetHeader(AuditLog.ReasonHeader, message.Reason);
        var changes = await Cancel(session, ids, cancellation);
        return [.. changes.Messages(), .. ids.Length == TaskEvents.PerTransaction ? [message with { After = ids[^1] }] : Array.Empty<object>()];
    }

    /// <summary>Cancels one task. Repeating it is harmless; one that has ended otherwise is 409.</summary>
    [WolverinePost("/api/v2/tasks/{id}/cancel"), Tags("Tasks"), ProducesResponseType(202), ProducesResponseType(404)]
    public static async Task<(IResult, OutgoingMessages)> Post(Guid id, TaskReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (tooLong, []);
        if (await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is not { } task) return (Problems.NotFound("task", id), []);
        session.Stamp(http, command.Reason);
        var changes = await Cancel(session, [id], cancellation);
        return changes.Ends.Count == 0 && task.State is TaskState.Succeeded
            ? (Problems.Of(409, "task-ended", $"Task {id} has succeeded; there is nothing to cancel."), [])
            : (TypedResults.Accepted($"/api/v2/tasks/{id}"), changes.Messages());
    }

    static Task<TaskChanges> Cancel(IDocumentSession session, Guid[] ids, CancellationToken cancellation) =>
        TaskQueue.Change(session, ids, task => AgentTaskDecisions.Cancel(task, Cause), cancellation);
}
