using System.Text.Json;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Experiments;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Tasks;

public static class AcceptResultEndpoint
{
    /// <summary>The end of an attempt. Repeating the accepted one is harmless; under another lease it is 409 and changes nothing.</summary>
    [WolverinePost("/api/v2/tasks/{taskId}/result"), Authorize(AgentAuthentication.SchemeName), Tags("Agent protocol"), ProducesResponseType(200)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        Guid taskId, TaskResult command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<AgentTask>(taskId, cancellation);
        if (stream.Aggregate is not { } task || task.HostId != http.HostId()) return (Problems.NotFound("task", taskId), []);
        if (command.Outcome == TaskOutcome.Failed && command.Error is null)
            return (Problems.Of(422, "error-missing", "A failed result says why in 'error'.", "error"), []);
        if (command.Outcome == TaskOutcome.Succeeded && Contradiction(task, command) is { } contradiction)
            return (Problems.Of(422, "result-contradicts-task", contradiction, "collectors"), []);
        var decision = command.Outcome == TaskOutcome.Succeeded
            ? AgentTaskDecisions.Succeed(task, command.Lease, Running(task, command), Report(command))
            : AgentTaskDecisions.Fail(task, Failed(command.Lease, command.Error!), RetryPolicy.Default, clock.GetUtcNow(), Random.Shared.NextDouble());
        if (decision.Rejection is { } rejection) return (rejection.ToProblem(), []);
        session.Stamp(http);
        session.ForExperiment(task.ExperimentId);
        stream.AppendMany(decision.Events);
        var ended = decision.Events.Any(e => e is TaskSucceeded or TaskDeadLettered);
        return (TypedResults.Ok(), ended && task.ExperimentId != Guid.Empty ? [new HostTaskEnded(taskId)] : []);
    }

    /// <summary>Success is believed of a host that says of every collector that it runs the configuration asked for.</summary>
    static string? Contradiction(AgentTask task, TaskResult result) =>
        task.Desired.Preview is not null && result.Preview is null ? "A preview succeeds with its report in 'preview'."
        : task.Desired.Load is not null && result.Load is null ? "A load simulation succeeds with its report in 'load'."
        : Missing(task, result);

    static JsonElement? Report(TaskResult result) =>
        result.Preview is { } preview ? JsonSerializer.SerializeToElement(preview, WireJson.Default.PreviewReport)
        : result.Load is { } load ? JsonSerializer.SerializeToElement(load, WireJson.Default.LoadReport)
        : null;

    static string? Missing(AgentTask task, TaskResult result) =>
        task.Desired.Collectors.FirstOrDefault(c => result.Collectors?.Any(a => a?.Name == c.Name && a.ConfigurationHash == c.ConfigurationHash) != true) is { } missing
            ? $"Collector '{missing.Name}' should run with configuration {missing.ConfigurationHash}; the result does not say that it does."
            : null;

    static IReadOnlyList<RunningCollector> Running(AgentTask task, TaskResult result) =>
        [.. task.Desired.Collectors.Select(c => new RunningCollector(c.Name, c.Arm, c.PipelineId, c.PipelineVersion, c.ConfigurationHash,
            result.Collectors.First(a => a.Name == c.Name).Changed))];

    static TaskFailed Failed(long lease, TaskError error) => new(
        lease, Cut(error.Code, 100), Cut(error.Detail, ReportProgressEndpoint.MaxTextLength), error.Retryable,
        [.. (error.LogTail ?? []).TakeLast(20).Select(line => Cut(line, 500))]);

    static string Cut(string? text, int length) => text is null ? "" : text.Length <= length ? text : text[..length];
}
