using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Domain.Pipelines;

/// <summary>A named pipeline with its published versions.</summary>
public sealed record Pipeline(Guid Id, string Name, IReadOnlyList<PublishedVersion> Versions, bool Deprecated)
{
    public static Pipeline Create(JasperFx.Events.IEvent<PipelineDrafted> e) => new(e.StreamId, e.Data.Name, [], false);

    public Pipeline Apply(PipelineVersionPublished e) =>
        this with { Versions = [.. Versions, new PublishedVersion(e.Version, e.ConfigurationHash, e.SourceHash)] };

    public Pipeline Apply(PipelineDeprecated _) => this with { Deprecated = true };
}

public sealed record PublishedVersion(int Version, string ConfigurationHash, string SourceHash);

public static class PipelineDecisions
{
    public const int MaxNameLength = 100;
    public const int MaxConfigurationLength = 256 * 1024;

    public static Decision Draft(string? name, string? description, string? configuration, string sourceHash, TemplateUse? template = null)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > MaxNameLength)
            return Rejection.Invalid("pipeline-name-invalid", "name", $"A pipeline needs a name of 1 to {MaxNameLength} characters.");
        if (Check(configuration) is { } rejection) return rejection;
        return Decision.Of(new PipelineDrafted(name, description ?? ""), Version(1, configuration!, sourceHash, template));
    }

    /// <summary>Publishing the newest version's text again is no change.</summary>
    public static Decision Publish(Pipeline pipeline, string? configuration, string sourceHash, TemplateUse? template = null)
    {
        if (Check(configuration) is { } rejection) return rejection;
        if (pipeline.Deprecated)
            return Rejection.Conflict("pipeline-deprecated", $"Pipeline '{pipeline.Name}' is deprecated; draft a new one.");
        var published = Version(pipeline.Versions.Count + 1, configuration!, sourceHash, template);
        return pipeline.Versions.Count > 0 && pipeline.Versions[^1].ConfigurationHash == published.ConfigurationHash
            ? Decision.Nothing
            : Decision.Of(published);
    }

    public static string Hash(string configuration) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(configuration)));

    static PipelineVersionPublished Version(int number, string configuration, string sourceHash, TemplateUse? template) =>
        new(number, configuration, Hash(configuration), sourceHash, template);

    static Rejection? Check(string? configuration) =>
        string.IsNullOrWhiteSpace(configuration)
            ? Rejection.Invalid("configuration-missing", "configuration", "Give the collector configuration as YAML text.")
            : configuration.Length > MaxConfigurationLength
                ? Rejection.Invalid("configuration-too-long", "configuration", $"A configuration has at most {MaxConfigurationLength} characters.")
                : null;
}
