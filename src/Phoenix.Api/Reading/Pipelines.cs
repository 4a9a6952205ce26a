using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections.Pipelines;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

public sealed record PipelineView(Guid Id, string Name, string Description, bool Deprecated, int LatestVersion, IReadOnlyList<PipelineVersionView> Versions);

/// <param name="Template">Name of the template that it was rendered from; null where it was written by hand.</param>
public sealed record PipelineVersionView(int Version, string ConfigurationHash, DateTimeOffset PublishedAt, string? Template);

public static class PipelineReads
{
    /// <summary>Pipelines by name.</summary>
    [WolverineGet("/api/v2/pipelines"), Tags("Pipelines")]
    public static async Task<Page<PipelineView>> List(IQuerySession session, CancellationToken cancellation) =>
        new([.. (await session.Query<PipelineText>().OrderBy(p => p.Name).ToListAsync(cancellation)).Select(View)], null);

    [WolverineGet("/api/v2/pipelines/{id}"), Tags("Pipelines"), ProducesResponseType<PipelineView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, CancellationToken cancellation) =>
        await session.LoadAsync<PipelineText>(id, cancellation) is { } pipeline ? TypedResults.Ok(View(pipeline)) : Problems.NotFound("pipeline", id);

    /// <summary>A version with its text.</summary>
    [WolverineGet("/api/v2/pipelines/{id}/versions/{version}"), Tags("Pipelines"), ProducesResponseType<VersionText>(200), ProducesResponseType(404)]
    public static async Task<IResult> Version(Guid id, int version, IQuerySession session, CancellationToken cancellation) =>
        (await session.LoadAsync<PipelineText>(id, cancellation))?.Versions.FirstOrDefault(v => v.Version == version) is { } found
            ? TypedResults.Ok(found)
            : Problems.NotFound("pipeline version", $"{id}/{version}");

    static PipelineView View(PipelineText p) =>
        new(p.Id, p.Name, p.Description, p.Deprecated, p.Versions.Count, [.. p.Versions.Select(v => new PipelineVersionView(v.Version, v.ConfigurationHash, v.PublishedAt, v.Template?.Name))]);
}
