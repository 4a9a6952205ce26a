using Marten;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Tasks;
using Wolverine;

namespace Phoenix.Api.Tasks;

/// <summary>The lease has ended by the database's clock; silent where it was renewed or answered meanwhile.</summary>
public sealed record ExpireLease(Guid TaskId, long Lease);

public static class ExpireLeaseHandler
{
    public static async Task<OutgoingMessages> Handle(ExpireLease message, IDocumentSession session, TimeProvider clock, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<AgentTask>(message.TaskId, cancellation);
        if (stream.Aggregate is not { } task) return [];
        var decision = AgentTaskDecisions.ExpireLease(task, message.Lease, RetryPolicy.Default, clock.GetUtcNow(), Random.Shared.NextDouble());
        session.LastModifiedBy = EventMetadata.System;
        session.ForExperiment(task.ExperimentId);
        stream.AppendMany(decision.Events);
        return decision.Events.OfType<TaskDeadLettered>().Any() ? [new HostTaskEnded(task.Id)] : [];
    }
}
