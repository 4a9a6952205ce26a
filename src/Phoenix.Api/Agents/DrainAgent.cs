using Marten;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Agents;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

public static class DrainAgentEndpoints
{
    /// <summary>
    /// Lets nothing new onto a host: it gets only tasks that take something off, and experiments with it can be neither drafted nor started.
    /// What runs goes on; the answer says which experiments hold the host. Repeating it is harmless.
    /// </summary>
    [WolverinePost("/api/v2/agents/{hostId}/drain"), Tags("Agents"), ProducesResponseType<AgentHold>(200), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> Post(string hostId, AgentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        await AgentCommand.Run(hostId, command.Reason, session, http, AgentDecisions.Drain, cancellation)
        ?? TypedResults.Ok(new AgentHold(hostId, true, false, await session.HeldBy(hostId, cancellation)));

    /// <summary>Lets a drained host take part again; what waited for it is delivered. Repeating it is harmless.</summary>
    [WolverinePost("/api/v2/agents/{hostId}/drain-end"), Tags("Agents"), ProducesResponseType<AgentHold>(200), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> End(
        string hostId, AgentReason command, IDocumentSession session, TaskQueue queue, HttpContext http, CancellationToken cancellation)
    {
        if (await AgentCommand.Run(hostId, command.Reason, session, http, AgentDecisions.EndDrain, cancellation) is { } refused) return refused;
        queue.WakeAfterCommit(session, [hostId]);
        return TypedResults.Ok(new AgentHold(hostId, false, false, await session.HeldBy(hostId, cancellation)));
    }
}
