using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Phoenix.Pipelines;
using Wolverine.Http;

namespace Phoenix.Api.Pipelines;

/// <param name="Configuration">The collector configuration as YAML.</param>
public sealed record PipelineCheckRequest(string? Configuration);

/// <param name="Errors">Why no collector would start with it, by line; empty where one would.</param>
/// <param name="Warnings">What is legal and probably not meant; looked for where there is no error.</param>
/// <param name="SourceHash">Hash of what it receives: the two arms of an experiment must agree on it. Null where there is an error.</param>
public sealed record PipelineCheckView(IReadOnlyList<ConfigurationIssue> Errors, IReadOnlyList<ConfigurationIssue> Warnings, string? SourceHash);

public static class CheckPipelineEndpoints
{
    /// <summary>Whether a collector would start with a configuration, and every place where it would not, without publishing it.</summary>
    [WolverinePost("/api/v2/pipelines/check"), RequireRole(Roles.Viewer), Tags("Pipelines"), ProducesResponseType<PipelineCheckView>(200)]
    public static IResult Post(PipelineCheckRequest command)
    {
        if (string.IsNullOrWhiteSpace(command.Configuration))
            return Problems.Of(422, "configuration-missing", "Give 'configuration' as YAML.", "configuration");
        // Variables are the host's, as when it is published.
        var loaded = CollectorConfiguration.Load(command.Configuration, environment: null);
        return TypedResults.Ok(new PipelineCheckView(loaded.Errors, loaded.Warnings, loaded.Configuration?.SourceHash));
    }

    /// <summary>The component types that a configuration may name, each with its keys, their defaults and bounds.</summary>
    [WolverineGet("/api/v2/pipelines/components"), Tags("Pipelines")]
    public static IReadOnlyList<ComponentDescription> Components() => ComponentReference.All;
}
