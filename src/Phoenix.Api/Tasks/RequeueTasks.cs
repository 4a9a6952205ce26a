using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Tasks;

/// <param name="Reason">Why, for the audit log.</param>
public sealed record RequeueTasksRequest(string? HostId, Guid? ExperimentId, TaskPurpose? Purpose, Guid[]? Ids, string? Reason)
{
    public TaskFilter Filter => new(HostId, ExperimentId, Purpose, Ids);
}

/// <summary>Requeues dead letters that the filter takes, after a task's id: one transaction's worth, and then the rest.</summary>
public sealed record RequeueTasks(TaskFilter Filter, Guid After, string? Reason);

[Wolverine.Attributes.WolverineHandler]
public static class RequeueTasksEndpoint
{
    /// <summary>
    /// Gives dead letters new attempts, however many: 202, and they go in short transactions. Those whose experiment has moved on, so that their
    /// work would be wrong now, stay dead.
    /// </summary>
    [WolverinePost("/api/v2/tasks/requeue"), Tags("Tasks"), ProducesResponseType(202)]
    public static (IResult, OutgoingMessages) Post(RequeueTasksRequest command) =>
        (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) ?? command.Filter.Problem) is { } problem
            ? (problem, [])
            : (TypedResults.Accepted("/api/v2/tasks"), [new RequeueTasks(command.Filter, Guid.Empty, command.Reason)]);

    public static async Task<OutgoingMessages> Handle(RequeueTasks message, IDocumentSession session, TaskQueue queue, CancellationToken cancellation)
    {
        var ids = await message.Filter.Next(session, open: false, message.After, cancellation);
        session.StampDecision();
        if (!string.IsNullOrWhiteSpace(message.Reason)) session.SetHeader(AuditLog.ReasonHeader, message.Reason);
        await Requeue(session, queue, ids, cancellation);
        return ids.Length == TaskEvents.PerTransaction ? [message with { After = ids[^1] }] : [];
    }

    /// <summary>Gives a dead-lettered task new attempts. Repeating it is harmless; 409 where the task has ended or its experiment has moved on.</summary>
    [WolverinePost("/api/v2/tasks/{id}/requeue"), Tags("Tasks"), ProducesResponseType(202), ProducesResponseType(404)]
    public static async Task<IResult> Post(Guid id, TaskReason command, IDocumentSession session, TaskQueue queue, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        session.Stamp(http, command.Reason);
        var refused = await Requeue(session, queue, [id], cancellation);
        return refused is null ? Problems.NotFound("task", id)
            : refused.TryGetValue(id, out var rejection) ? rejection.ToProblem()
            : TypedResults.Accepted($"/api/v2/tasks/{id}");
    }

    /// <returns>Who stays as it is, and why; null where none of them is known.</returns>
    static async Task<IReadOnlyDictionary<Guid, Rejection>?> Requeue(IDocumentSession session, TaskQueue queue, Guid[] ids, CancellationToken cancellation)
    {
        // Experiments before their tasks, as everywhere: none can change its state until this is decided.
        var experimentIds = (await session.AdvancedSql.QueryAsync<Guid>(
            $"select distinct experiment_id from {TaskQueueProjection.TableName} where id = any(?) order by experiment_id", cancellation, ids)).Where(id => id != Guid.Empty);
        Dictionary<Guid, Experiment> experiments = [];
        foreach (var experimentId in experimentIds)
            if ((await session.Events.FetchForExclusiveWriting<Experiment>(experimentId, cancellation)).Aggregate is { } experiment) experiments[experimentId] = experiment;
        var (tasks, _) = await TaskQueue.Lock(session, ids, cancellation);
        if (tasks.Count == 0) return null;
        Dictionary<Guid, Deployment> deployments = (await session.LoadManyAsync<Deployment>(cancellation, tasks.Values.Select(t => t.Desired.DeploymentId).OfType<Guid>().Distinct())).ToDictionary(d => d.Id);
        var holders = (await session.AdvancedSql.QueryAsync<string, Guid>(
            $"select row(host_id), row(experiment_id) from {ExperimentHostsProjection.TableName} where host_id = any(?)", cancellation, (object)tasks.Values.Select(t => t.HostId).ToArray()))
            .ToDictionary(h => h.Item1, h => h.Item2);
        var live = deployments.Count == 0 ? new Dictionary<string, string>() : await session.ProductionHashes([.. tasks.Values.Select(t => t.HostId).Distinct()], cancellation);
        Dictionary<Guid, Rejection> refused = [];
        List<AgentTask> revived = [];
        foreach (var task in tasks.Values)
        {
            Guid? holder = holders.TryGetValue(task.HostId, out var held) ? held : null;
            var outdated = task.Desired.DeploymentId is { } id && deployments.TryGetValue(id, out var deployment) ? DeploymentTasks.Outdated(deployment, task, holder, live.GetValueOrDefault(task.HostId))
                : experiments.TryGetValue(task.ExperimentId, out var experiment) ? ExperimentTasks.Outdated(experiment, task, holder) : null;
            var decision = outdated ?? AgentTaskDecisions.Revive(task);
            if (decision.Rejection is { } rejection) refused[task.Id] = rejection;
            else if (decision.Events.Count > 0) revived.Add(task);
        }
        await queue.Revive(session, revived, cancellation);
        return refused;
    }
}
