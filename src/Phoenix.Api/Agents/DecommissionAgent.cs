using Marten;
using Phoenix.Api.Flow;
using Phoenix.Api.Identity;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Users;
using Phoenix.Projections.Tasks;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

public static class DecommissionAgentEndpoint
{
    const string Cause = "the host was decommissioned";

    /// <summary>
    /// Takes a host out of the fleet: its credential is void, its open tasks are cancelled and it gets no others; experiments go on
    /// without it. Its id can be enrolled again only once that is allowed (<c>re-enrolment</c>). Repeating it is harmless.
    /// </summary>
    [WolverinePost("/api/v2/agents/{hostId}/decommission"), RequireRole(Roles.Admin), Tags("Agents"), ProducesResponseType<AgentHold>(200), ProducesResponseType(404)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        string hostId, AgentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (await AgentCommand.Run(hostId, command.Reason, session, http, AgentDecisions.Decommission, cancellation) is { } refused) return (refused, []);
        session.Delete<AgentCredential>(hostId);
        session.QueueSqlCommand($"delete from {FlowStore.TableName} where host_id = ?", hostId);
        var open = await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where host_id = ? and status in (0, 1)", cancellation, hostId);
        var changes = await TaskQueue.Change(session, [.. open], task => AgentTaskDecisions.Cancel(task, Cause), cancellation);
        return (TypedResults.Ok(new AgentHold(hostId, false, true, await session.HeldBy(hostId, cancellation))), changes.Messages());
    }
}
