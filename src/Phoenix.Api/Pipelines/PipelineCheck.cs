using Phoenix.Api.Infrastructure;
using Phoenix.Pipelines;

namespace Phoenix.Api.Pipelines;

/// <summary>Refuses a configuration that no collector would start with, naming every place and the remedy.</summary>
public static class PipelineCheck
{
    /// <param name="sourceHash">Hash of what the configuration receives; empty where there is a problem.</param>
    /// <returns>Null where the text is good or missing (which the decision says).</returns>
    public static IResult? Problem(string? configuration, out string sourceHash)
    {
        sourceHash = "";
        if (string.IsNullOrWhiteSpace(configuration)) return null;
        // Variables are the host's: what they hold is checked there, before the configuration replaces anything.
        var loaded = CollectorConfiguration.Load(configuration, environment: null);
        if (loaded.Configuration is { } good && loaded.Errors.Count == 0)
        {
            sourceHash = good.SourceHash;
            return null;
        }
        var problem = Problems.Details(422, "configuration-invalid",
            string.Join("; ", loaded.Errors.Take(5).Select(e => $"line {e.Line}, {e.Key}: {e.Message} {e.Remedy}")), "configuration");
        problem.Extensions["errors"] = loaded.Errors.Select(e => new { e.Line, e.Key, e.Message, e.Remedy }).ToArray();
        return TypedResults.Problem(problem);
    }
}
