using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Tasks;

public static class ReportProgressEndpoint
{
    public const int MaxTextLength = 2000;

    /// <summary>Acknowledges an assignment or tells how far it is; renews the lease by the database's clock.</summary>
    [WolverinePost("/api/v2/tasks/{taskId}/progress"), Authorize(AgentAuthentication.SchemeName), Tags("Agent protocol")]
    [ProducesResponseType<TaskProgressAccepted>(200)]
    public static async Task<IResult> Post(
        Guid taskId, TaskProgress command, IDocumentSession session, TaskQueue queue, HttpContext http, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<AgentTask>(taskId, cancellation);
        // Another host's task is not there for this one: it must not learn that it exists.
        if (stream.Aggregate is not { } task || task.HostId != http.HostId()) return Problems.NotFound("task", taskId);
        if (string.IsNullOrWhiteSpace(command.Phase) || command.Phase.Length > 100)
            return Problems.Of(422, "phase-invalid", "A phase has 1 to 100 characters.", "phase");
        var until = await queue.LeaseFromNow(cancellation);
        var detail = command.Detail is { Length: > MaxTextLength } ? command.Detail[..MaxTextLength] : command.Detail;
        var decision = AgentTaskDecisions.Progress(task, command.Lease, command.Phase, detail, until);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http);
        session.ForExperiment(task.ExperimentId);
        stream.AppendMany(decision.Events);
        return TypedResults.Ok(new TaskProgressAccepted(until));
    }
}
