using Phoenix.Api.Identity;
using Phoenix.Contracts;

namespace Phoenix.Api.Agents;

public static class ReceiveHeartbeat
{
    public static void MapHeartbeat(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/agents/heartbeat", async (Heartbeat heartbeat, HttpContext http, AgentPresence presence) =>
            {
                await presence.Report(http.HostId(), heartbeat, http.RequestAborted);
                return TypedResults.NoContent();
            })
            .WithName("heartbeat").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .Produces(204).ProducesProblem(401).ProducesProblem(503);
}
