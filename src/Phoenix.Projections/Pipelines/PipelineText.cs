using JasperFx.Events;
using Marten.Events.Aggregation;
using Phoenix.Domain.Pipelines;

namespace Phoenix.Projections.Pipelines;

/// <summary>A pipeline with the text of every version, which never changes: what tasks refer to and diffs compare.</summary>
public sealed record PipelineText
{
    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public string Description { get; init; } = "";
    public bool Deprecated { get; init; }
    public IReadOnlyList<VersionText> Versions { get; init; } = [];
}

/// <param name="Template">What the configuration was rendered from; null where it was written by hand.</param>
public sealed record VersionText(
    int Version, string Configuration, string ConfigurationHash, string SourceHash, DateTimeOffset PublishedAt, TemplateUse? Template = null);

public sealed partial class PipelineTextProjection : SingleStreamProjection<PipelineText, Guid>
{
    public PipelineTextProjection() => Name = "Pipelines";

    public PipelineText Create(IEvent<PipelineDrafted> e) =>
        new() { Id = e.StreamId, Name = e.Data.Name, Description = e.Data.Description };

    public PipelineText Apply(IEvent<PipelineVersionPublished> e, PipelineText p) => p with
    {
        Versions = [.. p.Versions, new(e.Data.Version, e.Data.Configuration, e.Data.ConfigurationHash, e.Data.SourceHash, e.Timestamp, e.Data.Template)],
    };

    public PipelineText Apply(PipelineDeprecated _, PipelineText p) => p with { Deprecated = true };
}
