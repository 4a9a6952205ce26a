using System.Text.Json;
using Marten;
using Phoenix.Api.Explorations;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pipelines;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Upgrades;

namespace Phoenix.Api.Tasks;

public static class AcceptResult
{
    /// <summary>The end of an attempt. Repeating the accepted one is harmless; under another lease it is 409 and changes nothing.</summary>
    public static void MapTaskResult(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/tasks/{taskId:guid}/result", Post)
            .WithName("acceptResult").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .Produces(200).ProducesProblem(401).ProducesProblem(404).ProducesProblem(409).ProducesProblem(422).ProducesProblem(503);

    static async Task<IResult> Post(Guid taskId, TaskResult command, TaskReports reports, HttpContext http)
    {
        if (command.Outcome == TaskOutcome.Failed && command.Error is null)
            return Problems.Of(422, "error-missing", "A failed result says why in 'error'.", "error");
        if (command.Preview is { } preview && PreviewCheck.Wrong(preview) is { } impossible) return Problems.Of(422, "preview-invalid", impossible, "preview");
        if (command.Exploration is { } found && ExplorationCheck.Wrong(found) is { } wrong) return Problems.Of(422, "exploration-invalid", wrong, "exploration");
        var answer = await reports.Add(new(taskId, http.HostId(), Caller.Of(http), (task, now) => Decide(task, command, now), Beside(taskId, http.HostId(), command)), http.RequestAborted);
        if (answer.Rejection is { } rejection) return rejection.ToProblem();
        Figures.Results.Add(1, new KeyValuePair<string, object?>("outcome", command.Outcome == TaskOutcome.Succeeded ? "succeeded" : "failed"));
        return TypedResults.Ok();
    }

    static Decision Decide(AgentTask task, TaskResult result, DateTimeOffset now)
    {
        if (result.Outcome == TaskOutcome.Failed)
            return AgentTaskDecisions.Fail(task, Failed(result.Lease, result.Error!), RetryPolicy.Default, now, Random.Shared.NextDouble());
        return Contradiction(task, result) is { } contradiction
            ? Rejection.Invalid("result-contradicts-task", "collectors", contradiction)
            : AgentTaskDecisions.Succeed(task, result.Lease, Running(task, result), Report(result));
    }

    /// <summary>What an exploration found has values of labels in it, which are kept for days and in no event.</summary>
    static Action<IDocumentSession>? Beside(Guid taskId, string hostId, TaskResult result) =>
        result is { Outcome: TaskOutcome.Succeeded, Exploration: { } found } ? session => ExplorationStore.Add(session, taskId, hostId, found) : null;

    /// <summary>Success is believed of a host that says of every collector that it runs the configuration asked for.</summary>
    static string? Contradiction(AgentTask task, TaskResult result) =>
        task.Desired.Preview is not null && result.Preview is null ? "A preview succeeds with its report in 'preview'."
        : task.Desired.Load is not null && result.Load is null ? "A load simulation succeeds with its report in 'load'."
        : task.Desired.Exploration is not null && result.Exploration is null ? "An exploration succeeds with its report in 'exploration'."
        : task.Desired.Exploration is null && result.Exploration is not null ? "No exploration was asked for."
        : task.Desired.Upgrade is { } upgrade && (result.Upgrade is not { } now || (now.Version == upgrade.Release) != (upgrade.Direction == UpgradeDirection.Install))
            ? $"Such a task succeeds with what runs now in 'upgrade': {(upgrade.Direction == UpgradeDirection.Install ? "" : "not ")}version {upgrade.Release}."
        : Missing(task, result);

    static JsonElement? Report(TaskResult result) =>
        result.Preview is { } preview ? JsonSerializer.SerializeToElement(preview, WireJson.Default.PreviewReport)
        : result.Load is { } load ? JsonSerializer.SerializeToElement(load, WireJson.Default.LoadReport)
        : result.Upgrade is { } upgrade ? JsonSerializer.SerializeToElement(upgrade, WireJson.Default.UpgradeReport)
        : null;

    static string? Missing(AgentTask task, TaskResult result) =>
        task.Desired.Collectors.FirstOrDefault(c => result.Collectors?.Any(a => a?.Name == c.Name && a.ConfigurationHash == c.ConfigurationHash) != true) is { } missing
            ? $"Collector '{missing.Name}' should run with configuration {missing.ConfigurationHash}; the result does not say that it does."
            : null;

    static IReadOnlyList<RunningCollector> Running(AgentTask task, TaskResult result) =>
        [.. task.Desired.Collectors.Select(c => new RunningCollector(c.Name, c.Arm, c.PipelineId, c.PipelineVersion, c.ConfigurationHash,
            result.Collectors.First(a => a.Name == c.Name).Changed, c.ExpiresAt))];

    static TaskFailed Failed(long lease, TaskError error) => new(
        lease, Cut(error.Code, 100), Cut(error.Detail, ReportProgress.MaxTextLength), error.Retryable,
        [.. (error.LogTail ?? []).TakeLast(20).Select(line => Cut(line, 500))]);

    static string Cut(string? text, int length) => text is null ? "" : text.Length <= length ? text : text[..length];
}
