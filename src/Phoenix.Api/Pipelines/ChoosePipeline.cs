using Marten;
using Phoenix.Domain.Pipelines;
using Phoenix.Projections.Pipelines;

namespace Phoenix.Api.Pipelines;

public sealed record PipelineChoice(Guid PipelineId, int Version);

static class ChoosePipeline
{
    /// <summary>What a decision needs to know of a published version; null where there is none.</summary>
    public static async Task<ChosenPipeline?> Choose(this IQuerySession session, PipelineChoice? choice, CancellationToken cancellation)
    {
        if (choice is null || await session.LoadAsync<PipelineText>(choice.PipelineId, cancellation) is not { } pipeline) return null;
        return pipeline.Versions.FirstOrDefault(v => v.Version == choice.Version) is { } version
            ? new(new(pipeline.Id, version.Version, pipeline.Name, version.ConfigurationHash), version.SourceHash, pipeline.Deprecated)
            : null;
    }
}
