using System.Text.Json;
using Marten;
using Phoenix.Api.Agents;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Fleet;
using Wolverine.Http;

namespace Phoenix.Api.Pipelines;

/// <param name="Configuration">The collector configuration as YAML; either this or a template.</param>
/// <param name="Template">A template of the catalogue with parameters.</param>
/// <param name="Hosts">Ids of enrolled hosts; each plays the recent input of its own production collector.</param>
/// <param name="ProtectedMetrics">Metrics that must leave untouched, beside those that the organisation protects; <c>*</c> matches any run of characters.</param>
public sealed record PreviewRequest(string? Configuration, TemplateRequest? Template, string[]? Hosts, string[]? ProtectedMetrics, string? Reason);

/// <param name="Id">Of the preview, for <c>GET /api/v2/previews/{id}</c>.</param>
public sealed record PreviewStarted(Guid Id, string HostId);

/// <param name="State">Succeeded with a report; dead-lettered with an error.</param>
/// <param name="Error">Why the last attempt failed.</param>
public sealed record PreviewView(Guid Id, string HostId, TaskState State, string ConfigurationHash, string? Error, PreviewReport? Report);

public static class PreviewPipelineEndpoints
{
    /// <summary>
    /// Asks hosts what a pipeline would make of their recent input, without deploying it. Only numbers and the names of metrics
    /// and labels leave the host. Its production pipeline has to keep recent input (<c>service.telemetry.phoenix.sample</c>).
    /// </summary>
    [WolverinePost("/api/v2/pipelines/preview"), Tags("Pipelines"), ProducesResponseType<IReadOnlyList<PreviewStarted>>(202)]
    public static async Task<IResult> Post(PreviewRequest command, IDocumentSession session, TaskQueue queue, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (PipelineDefinition.Problem(command.Configuration, command.Template, out var definition) is { } invalid) return invalid;
        if (string.IsNullOrWhiteSpace(definition.Configuration))
            return Problems.Of(422, "configuration-missing", "Give 'configuration' as YAML, or 'template' with parameters.", "configuration");
        var hosts = (command.Hosts ?? []).Where(h => h is not null).ToArray();
        var known = await session.Known(hosts, cancellation);
        var own = command.ProtectedMetrics ?? [];
        var (tasks, rejection) = HostWorkDecisions.Preview(hosts, known, definition.Configuration, [.. own, .. (await session.Protection(cancellation)).Beyond(own)]);
        if ((rejection ?? await session.Held(hosts, cancellation)) is { } refused) return refused.ToProblem();
        session.Stamp(http, command.Reason);
        List<PreviewStarted> started = [];
        foreach (var task in tasks) started.Add(new(Guid.CreateVersion7(), task.HostId));
        await queue.Begin(session, [.. started.Zip(tasks, (s, task) => (s.Id, task))], cancellation);
        return TypedResults.Accepted((string?)null, (IReadOnlyList<PreviewStarted>)started);
    }

    [WolverineGet("/api/v2/previews/{id}"), Tags("Pipelines"), ProducesResponseType<PreviewView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, CancellationToken cancellation) =>
        await Find(id, session, cancellation) is { } preview ? TypedResults.Ok(preview) : Problems.NotFound("preview", id);

    /// <summary>Null where there is no such preview.</summary>
    internal static async Task<PreviewView?> Find(Guid id, IQuerySession session, CancellationToken cancellation) =>
        await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is { Desired.Preview: { } preview } task
            ? new(id, task.HostId, task.State, preview.ConfigurationHash, task.LastError, task.Report?.Deserialize(WireJson.Default.PreviewReport))
            : null;
}
