using Phoenix.Api.Agents;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Tasks;

public static class PollTasks
{
    public const double MaxWaitSeconds = 30;

    /// <summary>Long-poll: 200 at once when there are tasks, 204 after at most 30 s without. Outside Wolverine: nothing but memory is held while it waits.</summary>
    public static void MapPollTasks(this IEndpointRouteBuilder app) =>
        app.MapGet("/api/v2/tasks/poll", Poll)
            .WithName("pollTasks").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .WithMetadata(new AdmitAttribute(Admission.Poll)).ProducesProblem(429)
            .Produces<PollResponse>().Produces(204).ProducesProblem(401).ProducesProblem(409).ProducesProblem(503);

    static async Task<IResult> Poll(
        HttpContext http, Matchmaker matchmaker, [FromQuery] double? waitSeconds)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (waitSeconds is < 0 or double.NaN)
            return Problems.Of(400, "wait-invalid", $"waitSeconds lies between 0 and {MaxWaitSeconds}.", "waitSeconds");
        // Up to a fifth less, at random: agents that were parked together do not come back together.
        var wait = TimeSpan.FromSeconds(Math.Min(waitSeconds ?? MaxWaitSeconds, MaxWaitSeconds) * (1 - 0.2 * Random.Shared.NextDouble()));
        var tasks = await matchmaker.Poll(http.HostId(), wait, http.RequestAborted);
        return tasks.Count == 0 ? TypedResults.NoContent() : TypedResults.Ok(new PollResponse(tasks));
    }
}
