using System.Text.Json;

namespace Phoenix.Domain.Pipelines;

/// <summary>A pipeline was named. It has no content before its first version.</summary>
public sealed record PipelineDrafted(string Name, string Description);

/// <summary>A version of the pipeline was published; versions never change afterwards.</summary>
/// <param name="Version">1, 2, 3, …</param>
/// <param name="Configuration">The collector configuration (YAML).</param>
/// <param name="ConfigurationHash">Lower-case hex SHA-256 of its UTF-8 bytes.</param>
/// <param name="SourceHash">Hash of what the configuration receives; two arms are comparable only where it is equal.</param>
/// <param name="Template">The template and parameters that the configuration was rendered from; null where it was written by hand.</param>
public sealed record PipelineVersionPublished(int Version, string Configuration, string ConfigurationHash, string SourceHash, TemplateUse? Template = null);

/// <summary>A template of the catalogue, filled in.</summary>
/// <param name="Version">The template's own version; the same version and parameters render the same configuration.</param>
/// <param name="Parameters">Every parameter's value, defaults included: texts, numbers or lists of texts.</param>
public sealed record TemplateUse(string Name, int Version, IReadOnlyDictionary<string, JsonElement> Parameters);

/// <summary>The pipeline should not be chosen for anything new. What runs it goes on.</summary>
public sealed record PipelineDeprecated;
