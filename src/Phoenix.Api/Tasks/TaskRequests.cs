using JasperFx.Events;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>One task that somebody asks of one host.</summary>
/// <param name="Reason">Why, for the audit log.</param>
/// <param name="Decide">The task, or why there is none, for a host as it stands.</param>
public sealed record TaskRequest(string HostId, Caller Caller, string? Reason, Func<HostStanding, (TaskQueued? Task, Rejection? Rejection)> Decide);

/// <param name="Id">Of the task that was queued.</param>
/// <param name="Rejection">Why there is none.</param>
public sealed record TaskRequestAnswer(Guid Id, Rejection? Rejection);

/// <summary>
/// Queues single tasks. Requests that come at the same time are one look at their hosts and one transaction; each is decided alone.
/// </summary>
public sealed class TaskRequests : IAsyncDisposable
{
    readonly Batcher<TaskRequest, TaskRequestAnswer> _batcher;
    readonly IDocumentStore _store;
    readonly NpgsqlDataSource _database;
    readonly TaskQueue _queue;

    public TaskRequests(IDocumentStore store, NpgsqlDataSource database, TaskQueue queue)
    {
        (_store, _database, _queue) = (store, database, queue);
        _batcher = new(Write, TaskEvents.PerTransaction, writers: 2);
    }

    /// <summary>Completes once the task is queued for good, or refused.</summary>
    public Task<TaskRequestAnswer> Add(TaskRequest request, CancellationToken cancellation) => _batcher.Add(request, cancellation);

    public ValueTask DisposeAsync() => _batcher.DisposeAsync();

    async Task<IReadOnlyList<TaskRequestAnswer>> Write(IReadOnlyList<TaskRequest> requests, CancellationToken cancellation)
    {
        var hosts = await _database.Standing([.. requests.Select(r => r.HostId).Distinct()], cancellation);
        var answers = new TaskRequestAnswer[requests.Count];
        List<IEvent> queued = [];
        await using var session = _store.LightweightSession();
        for (var i = 0; i < requests.Count; i++)
        {
            var request = requests[i];
            var host = hosts[request.HostId];
            var (task, rejection) = request.Decide(host);
            if (rejection is null && host.Held) rejection = AgentDecisions.Held(request.HostId, host.Decommissioned);
            answers[i] = new(rejection is null ? Guid.CreateVersion7() : default, rejection);
            if (rejection is not null) continue;
            request.Caller.Stamp(session);
            var e = session.TaskEvent(answers[i].Id, task!, task!.ExperimentId);
            // Of this request alone, where a header of the session would go on to those after it.
            if (!string.IsNullOrWhiteSpace(request.Reason)) e.SetHeader(AuditLog.ReasonHeader, request.Reason);
            queued.Add(e);
        }
        if (queued.Count == 0) return answers;
        await _queue.Begin(session, queued, cancellation);
        await session.SaveChangesAsync(cancellation);
        return answers;
    }
}
