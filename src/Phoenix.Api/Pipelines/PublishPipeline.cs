using Marten;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Pipelines;
using Phoenix.Projections.Pipelines;
using Wolverine.Http;

namespace Phoenix.Api.Pipelines;

/// <param name="Configuration">The collector configuration as YAML; either this or a template.</param>
/// <param name="Template">A template of the catalogue with parameters, from which the configuration is rendered.</param>
public sealed record DraftPipelineRequest(string? Name, string? Description, string? Configuration, string? Reason, TemplateRequest? Template = null);

/// <param name="Configuration">The collector configuration as YAML; either this or a template.</param>
/// <param name="Template">A template of the catalogue with parameters, from which the configuration is rendered.</param>
public sealed record PublishVersionRequest(string? Configuration, string? Reason, TemplateRequest? Template = null);

public static class DraftPipelineEndpoint
{
    /// <summary>Names a pipeline and publishes its first version.</summary>
    [WolverinePost("/api/v2/pipelines"), Tags("Pipelines"), ProducesResponseType<Created>(201)]
    public static async Task<IResult> Post(DraftPipelineRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength), ("description", command.Description, 5000)) is { } tooLong) return tooLong;
        if (PipelineDefinition.Problem(command.Configuration, command.Template, out var definition) is { } invalid) return invalid;
        var decision = PipelineDecisions.Draft(command.Name, command.Description, definition.Configuration, definition.SourceHash, definition.Template);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        if (await session.Query<PipelineText>().AnyAsync(p => p.Name == command.Name, cancellation))
            return Problems.Of(409, "pipeline-name-taken", $"There is a pipeline '{command.Name}' already; publish a new version of it.", "name");
        session.Stamp(http, command.Reason);
        var id = Guid.CreateVersion7();
        session.Events.StartStream<Pipeline>(id, decision.Events);
        return TypedResults.Created($"/api/v2/pipelines/{id}", new Created(id, 1));
    }
}

public static class PublishPipelineVersionEndpoint
{
    /// <summary>Publishes a new version; the text of the newest one again is no change and answers with its number.</summary>
    [WolverinePost("/api/v2/pipelines/{id}/versions"), Tags("Pipelines"), ProducesResponseType<Created>(201)]
    public static async Task<IResult> Post(Guid id, PublishVersionRequest command, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (PipelineDefinition.Problem(command.Configuration, command.Template, out var definition) is { } invalid) return invalid;
        var stream = await session.Events.FetchForWriting<Pipeline>(id, cancellation);
        if (stream.Aggregate is not { } pipeline) return Problems.NotFound("pipeline", id);
        var decision = PipelineDecisions.Publish(pipeline, definition.Configuration, definition.SourceHash, definition.Template);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        var version = pipeline.Versions.Count + decision.Events.Count;
        return TypedResults.Created($"/api/v2/pipelines/{id}/versions/{version}", new Created(id, version));
    }
}
