using JasperFx.Events;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine.Marten;

namespace Phoenix.Api.Tasks;

/// <summary>What a host says of one of its tasks.</summary>
/// <param name="Decide">What follows for the task as it is, at a time of the database's clock.</param>
/// <param name="Beside">What else is written where something follows, in the same transaction; null for nothing.</param>
public sealed record TaskReport(
    Guid TaskId, string HostId, Caller Caller, Func<AgentTask, DateTimeOffset, Decision> Decide, Action<IDocumentSession>? Beside = null);

/// <param name="Rejection">Why it changed nothing; null where it was accepted.</param>
/// <param name="LeaseUntil">Where it renewed the lease, its new end.</param>
public sealed record TaskReportAnswer(Rejection? Rejection, DateTimeOffset LeaseUntil);

/// <summary>
/// Writes what hosts report. Reports that come at the same time are one transaction: their tasks are locked, each is decided alone, and
/// all events are appended together. Two transactions with the same task take it one after the other, by its lock.
/// </summary>
public sealed class TaskReports : IAsyncDisposable
{
    readonly Batcher<TaskReport, TaskReportAnswer> _batcher;
    readonly IDocumentStore _store;
    readonly IServiceScopeFactory _scopes;
    readonly NpgsqlDataSource _database;
    readonly WakeUps _wakeUps;

    public TaskReports(IDocumentStore store, IServiceScopeFactory scopes, NpgsqlDataSource database, WakeUps wakeUps)
    {
        (_store, _scopes, _database, _wakeUps) = (store, scopes, database, wakeUps);
        _batcher = new(Write, TaskEvents.PerTransaction, writers: 2);
    }

    /// <summary>Completes once the report is accepted for good, or refused.</summary>
    public Task<TaskReportAnswer> Add(TaskReport report, CancellationToken cancellation) => _batcher.Add(report, cancellation);

    public ValueTask DisposeAsync() => _batcher.DisposeAsync();

    async Task<IReadOnlyList<TaskReportAnswer>> Write(IReadOnlyList<TaskReport> reports, CancellationToken cancellation)
    {
        var answers = new TaskReportAnswer[reports.Count];
        // Of two reports of one task the second is decided on what the first has made of it.
        for (var left = Enumerable.Range(0, reports.Count).ToList(); left.Count > 0;)
        {
            var now = left.DistinctBy(i => reports[i].TaskId).ToList();
            left = [.. left.Except(now)];
            await WriteOnce(now, reports, answers, cancellation);
        }
        return answers;
    }

    async Task WriteOnce(List<int> indexes, IReadOnlyList<TaskReport> reports, TaskReportAnswer[] answers, CancellationToken cancellation)
    {
        await using var scope = _scopes.CreateAsyncScope();
        await using var session = _store.LightweightSession();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        outbox.Enroll(session);
        var (tasks, now) = await TaskQueue.Lock(session, [.. indexes.Select(i => reports[i].TaskId)], cancellation);
        List<IEvent> events = [];
        List<(Guid ExperimentId, TaskEnd End)> ended = [];
        foreach (var i in indexes)
        {
            var report = reports[i];
            // Another host's task is not there for this one: it must not learn that it exists.
            if (!tasks.TryGetValue(report.TaskId, out var task) || task.HostId != report.HostId)
            {
                answers[i] = new(Rejection.NotFound("not-found", $"There is no task '{report.TaskId}'."), default);
                continue;
            }
            var decision = report.Decide(task, now);
            answers[i] = new(decision.Rejection, decision.Events?.OfType<TaskProgressed>().LastOrDefault()?.LeaseUntil ?? default);
            report.Caller.Stamp(session);
            if (decision.Events is { Count: > 0 }) report.Beside?.Invoke(session);
            foreach (var data in decision.Events ?? []) events.Add(session.TaskEvent(task.Id, data, task.ExperimentId));
            if (TaskEnds.Of(task, decision.Events) is { } end) ended.Add((task.ExperimentId, end));
        }
        if (events.Count == 0) return;
        await session.AppendTaskEvents(events, cancellation);
        await outbox.Tell(ended, events);
        await session.SaveChangesAsync(cancellation);
        if (ended.Count == 0) return;
        // One that waited for the host to have room can go now. Looked for after the commit: what is queued until then may have found no room.
        foreach (var host in await TaskQueue.HaveMore(_database, [.. ended.Select(e => e.End.HostId).Distinct()], cancellation)) _wakeUps.Wake(host);
    }
}
