using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.Tasks;

public static class ReportProgress
{
    public const int MaxTextLength = 2000;

    const int MaxPhaseLength = 100;

    /// <summary>Acknowledges an assignment or tells how far it is; renews the lease by the database's clock.</summary>
    public static void MapTaskProgress(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/tasks/{taskId:guid}/progress", Post)
            .WithName("reportProgress").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .Produces<TaskProgressAccepted>().ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(422).ProducesProblem(503);

    static async Task<IResult> Post(Guid taskId, TaskProgress command, TaskReports reports, HttpContext http)
    {
        if (string.IsNullOrWhiteSpace(command.Phase) || command.Phase.Length > MaxPhaseLength)
            return Problems.Of(422, "phase-invalid", $"A phase has 1 to {MaxPhaseLength} characters.", "phase");
        var detail = command.Detail is { Length: > MaxTextLength } ? command.Detail[..MaxTextLength] : command.Detail;
        var answer = await reports.Add(
            new(taskId, http.HostId(), Caller.Of(http), (task, now) => AgentTaskDecisions.Progress(task, command.Lease, command.Phase, detail, now + TaskQueue.LeaseLength)),
            http.RequestAborted);
        return answer.Rejection is { } rejection ? rejection.ToProblem() : TypedResults.Ok(new TaskProgressAccepted(answer.LeaseUntil));
    }
}
