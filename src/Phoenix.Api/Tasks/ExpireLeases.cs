using JasperFx.Events;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine.Marten;

namespace Phoenix.Api.Tasks;

public static class ExpireLeases
{
    /// <summary>Takes back what was not answered in time, many tasks in one transaction; silent where a lease was renewed or answered meanwhile.</summary>
    public static async Task Run(
        IReadOnlyList<(Guid Id, long Lease)> expired, IDocumentStore store, IServiceScopeFactory scopes, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var session = store.LightweightSession();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        outbox.Enroll(session);
        session.LastModifiedBy = EventMetadata.System;
        var (tasks, now) = await TaskQueue.Lock(session, [.. expired.Select(e => e.Id)], cancellation);
        List<IEvent> events = [];
        List<(Guid ExperimentId, TaskEnd End)> ended = [];
        foreach (var (id, lease) in expired)
        {
            if (!tasks.TryGetValue(id, out var task)) continue;
            var decision = AgentTaskDecisions.ExpireLease(task, lease, RetryPolicy.Default, now, Random.Shared.NextDouble());
            events.AddRange(decision.Events.Select(data => session.TaskEvent(id, data, task.ExperimentId)));
            if (TaskEnds.Of(task, decision.Events) is { } end) ended.Add((task.ExperimentId, end));
        }
        if (events.Count == 0) return;
        await session.AppendTaskEvents(events, cancellation);
        await outbox.Tell(ended, events);
        await session.SaveChangesAsync(cancellation);
    }
}
