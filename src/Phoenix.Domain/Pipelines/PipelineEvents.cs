namespace Phoenix.Domain.Pipelines;

/// <summary>A pipeline was named. It has no content before its first version.</summary>
public sealed record PipelineDrafted(string Name, string Description);

/// <summary>A version of the pipeline was published; versions never change afterwards.</summary>
/// <param name="Version">1, 2, 3, …</param>
/// <param name="Configuration">The collector configuration (YAML).</param>
/// <param name="ConfigurationHash">Lower-case hex SHA-256 of its UTF-8 bytes.</param>
/// <param name="SourceHash">Hash of what the configuration receives; two arms are comparable only where it is equal.</param>
public sealed record PipelineVersionPublished(int Version, string Configuration, string ConfigurationHash, string SourceHash);

/// <summary>The pipeline should not be chosen for anything new. What runs it goes on.</summary>
public sealed record PipelineDeprecated;
