using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Wolverine.Http;

namespace Phoenix.Api.Agents;

public sealed record AllowReEnrolment(string? Reason);

public static class AllowReEnrolmentEndpoint
{
    /// <summary>Lets a host whose state was lost enrol once more with a new credential.</summary>
    [WolverinePost("/api/v2/agents/{hostId}/re-enrolment"), Tags("Agents"), ProducesResponseType(204)]
    public static async Task<IResult> Post(string hostId, AllowReEnrolment command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var id = StreamIds.Agent(hostId);
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForWriting<Agent>(id, cancellation);
        if (stream.Aggregate is not { } agent) return Problems.NotFound("host", hostId);
        if (agent.MayEnrolAgain) return TypedResults.NoContent();
        session.Stamp(http, command.Reason);
        stream.AppendOne(new AgentReEnrolmentAllowed(hostId));
        return TypedResults.NoContent();
    }
}
