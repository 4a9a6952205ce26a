namespace Phoenix.Domain.Pipelines;

/// <summary>A published version, which never changes.</summary>
/// <param name="ConfigurationHash">Lower-case hex SHA-256 of the collector configuration.</param>
public sealed record PipelineReference(Guid PipelineId, int Version, string Name, string ConfigurationHash);

/// <summary>What a decision needs to know of a pipeline version that is to run.</summary>
/// <param name="SourceHash">Of its receivers: versions that share it see the same input.</param>
public sealed record ChosenPipeline(PipelineReference Reference, string SourceHash, bool Deprecated);
