using System.Text;
using Marten;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.HostLogs;

public static class ReceiveHostLogs
{
    /// <summary>In JSON a character may take six bytes.</summary>
    const int MaxBodyBytes = 2 << 20;

    const int MaxNameLength = 200;

    /// <summary>Log lines that a task asked the host for, before its result. Sending them again under the same lease is harmless.</summary>
    public static void MapHostLogs(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/tasks/{taskId:guid}/logs", Post)
            .WithName("receiveHostLogs").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .Produces(200).ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(422).ProducesProblem(503);

    static async Task<IResult> Post(Guid taskId, HostLogsReport report, IQuerySession session, HostLogStore store, HttpContext http)
    {
        // Another host's task is not there for this one: it must not learn that it exists.
        if (await session.Events.AggregateStreamAsync<AgentTask>(taskId, token: http.RequestAborted) is not { Desired.Logs: not null } task || task.HostId != http.HostId())
            return Problems.NotFound("request for logs", taskId);
        if (AgentTaskDecisions.Superseded(task, report.Lease) is { } superseded) return superseded.ToProblem();
        if (Wrong(report) is var (field, detail)) return Problems.Of(422, "logs-invalid", detail, field);
        await store.Keep(taskId, task.HostId, report.Files, http.RequestAborted);
        return TypedResults.Ok();
    }

    static (string Field, string Detail)? Wrong(HostLogsReport report)
    {
        if (report.Files is null || report.Files.Count > HostLogLimits.Files) return ("files", $"A report has 0 to {HostLogLimits.Files} files.");
        var bytes = 0L;
        for (var i = 0; i < report.Files.Count; i++)
        {
            if (report.Files[i] is not { Name: { Length: > 0 and <= MaxNameLength }, Lines: { } lines } file || file.Collector is { Length: > MaxNameLength })
                return ($"files[{i}]", $"A file has a name of 1 to {MaxNameLength} characters, lines, and perhaps the name of a collector.");
            if (lines.Count > HostLogLimits.Lines) return ($"files[{i}].lines", $"At most {HostLogLimits.Lines} lines of a file.");
            foreach (var line in lines)
            {
                if (line is not { Length: <= HostLogLimits.LineLength }) return ($"files[{i}].lines", $"A line is a text of at most {HostLogLimits.LineLength} characters.");
                bytes += Encoding.UTF8.GetByteCount(line);
            }
        }
        return bytes > HostLogLimits.Bytes ? ("files", $"All lines together have at most {HostLogLimits.Bytes} bytes in UTF-8.") : null;
    }
}
