using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

/// <param name="Id">Of the task, for <c>GET /api/v2/tasks/{id}</c>.</param>
public sealed record ReapplyStarted(Guid Id, string HostId);

public static class ReapplyPipelineEndpoint
{
    /// <summary>
    /// Puts the pipeline back that the host should run as production: the way to mend drift. Where one is under way already, the answer names
    /// it. Refused on a host that takes part in an experiment.
    /// </summary>
    [WolverinePost("/api/v2/agents/{hostId}/reapply"), Tags("Agents"), ProducesResponseType<ReapplyStarted>(202), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> Post(string hostId, AgentReason command, IDocumentSession session, TaskQueue queue, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if ((await session.Known([hostId], cancellation)).Count == 0) return Problems.NotFound("host", hostId);
        if (await session.Held([hostId], cancellation) is { } held) return held.ToProblem();
        var open = await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where host_id = ? and purpose = '{TaskPurpose.Reapply}' and status in (0, 1)", cancellation, hostId);
        if (open is [var already, ..]) return TypedResults.Accepted($"/api/v2/tasks/{already}", new ReapplyStarted(already, hostId));
        var production = await session.AdvancedSql.QueryAsync<string>(
            $"select production::text from {FleetProjection.TableName} where host_id = ? and production is not null", cancellation, hostId);
        var (task, rejection) = AgentDecisions.Reapply(hostId,
            production is [var json, ..] ? JsonSerializer.Deserialize<RunningCollector>(json, EventStoreOptions.Json) : null,
            (await session.HeldBy(hostId, cancellation)).Count > 0);
        if (rejection is not null) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        var id = Guid.CreateVersion7();
        await queue.Begin(session, [(id, task!)], cancellation);
        return TypedResults.Accepted($"/api/v2/tasks/{id}", new ReapplyStarted(id, hostId));
    }
}
