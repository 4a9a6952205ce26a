using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
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
    public static async Task<IResult> Post(string hostId, AgentReason command, IQuerySession session, TaskRequests requests, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var open = await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where host_id = ? and purpose = '{TaskPurpose.Reapply}' and status in (0, 1)", cancellation, hostId);
        if (open is [var already, ..]) return TypedResults.Accepted($"/api/v2/tasks/{already}", new ReapplyStarted(already, hostId));
        var found = await session.AdvancedSql.QueryAsync<string>(
            $"select production::text from {FleetProjection.TableName} where host_id = ? and production is not null", cancellation, hostId);
        var production = found is [var json, ..] ? JsonSerializer.Deserialize<RunningCollector>(json, EventStoreOptions.Json) : null;
        var answer = await requests.Add(new(hostId, Caller.Of(http), command.Reason, standing => standing.Known
            ? AgentDecisions.Reapply(hostId, production, standing.InExperiment)
            : (null, Rejection.NotFound("not-found", $"There is no host '{hostId}'."))), cancellation);
        return answer.Rejection?.ToProblem() ?? TypedResults.Accepted($"/api/v2/tasks/{answer.Id}", new ReapplyStarted(answer.Id, hostId));
    }
}
