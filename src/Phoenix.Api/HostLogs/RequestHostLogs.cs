using Marten;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.HostLogs;

/// <param name="Collector">Of this collector alone, such as <c>production</c>; the agent and all its collectors where left out.</param>
/// <param name="Lines">Last lines of each log, 1 to 1,000; 200 where left out.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record HostLogsRequest(string? Collector, int? Lines, string? Reason);

/// <param name="Id">For <c>GET /api/v2/host-logs/{id}</c>.</param>
public sealed record HostLogsStarted(Guid Id);

/// <param name="State">Succeeded with files; dead-lettered with an error.</param>
/// <param name="Error">Why the last attempt failed, or why there are no files any more.</param>
/// <param name="Files">Empty until the host has answered, and an hour after that.</param>
public sealed record HostLogsView(Guid Id, string HostId, TaskState State, string? Error, IReadOnlyList<HostLogFile> Files);

public static class HostLogsEndpoints
{
    const int DefaultLines = 200;

    /// <summary>
    /// Asks a host for the last lines of its agent's and its collectors' logs, 256 KiB at most. The agent takes secrets out before they leave the host,
    /// and the host owner's allow-list may forbid it (<c>tasks</c> without <c>logs</c>).
    /// </summary>
    [WolverinePost("/api/v2/agents/{hostId}/logs"), Tags("Agents"), ProducesResponseType<HostLogsStarted>(202), ProducesResponseType(404), ProducesResponseType(409)]
    public static async Task<IResult> Post(string hostId, HostLogsRequest command, TaskRequests requests, NpgsqlDataSource database, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var understands = (await AgentUnderstanding.Of(Understanding.Logs, [hostId], database, cancellation)).Count > 0;
        var answer = await requests.Add(
            new(hostId, Caller.Of(http), command.Reason, standing => HostWorkDecisions.Logs(hostId, standing.Known, understands, new(command.Collector, command.Lines ?? DefaultLines))), cancellation);
        return answer.Rejection?.ToProblem() ?? TypedResults.Accepted($"/api/v2/host-logs/{answer.Id}", new HostLogsStarted(answer.Id));
    }

    /// <summary>The lines, for an hour after the host has sent them. They are in no event: the audit log says only who asked for them and why.</summary>
    [WolverineGet("/api/v2/host-logs/{id}"), RequireRole(Roles.Operator), Tags("Agents"), ProducesResponseType<HostLogsView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, HostLogStore store, CancellationToken cancellation)
    {
        if (await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is not { Desired.Logs: not null } task) return Problems.NotFound("request for logs", id);
        // Only of a success: what an attempt has sent whose success did not count is shown by none.
        var files = task.State == TaskState.Succeeded ? await store.Read(id, cancellation) : null;
        var gone = task.State == TaskState.Succeeded && files is null;
        return TypedResults.Ok(new HostLogsView(id, task.HostId, task.State,
            gone ? $"Log lines are kept for {HostLogStore.KeptFor.TotalMinutes:0} minutes and are gone. Ask for them anew." : task.State == TaskState.Succeeded ? null : task.LastError,
            files ?? []));
    }
}
