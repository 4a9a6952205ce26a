using System.Text.Json;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Pipelines;
using Phoenix.Pipelines.Catalogue;

namespace Phoenix.Api.Pipelines;

/// <param name="Name">A template of the catalogue.</param>
/// <param name="Parameters">By name: texts, numbers, or lists of texts. What is not given takes its default.</param>
public sealed record TemplateRequest(string? Name, IReadOnlyDictionary<string, JsonElement>? Parameters);

/// <summary>What a pipeline is made of: a configuration, and where it was rendered the template that it comes from.</summary>
/// <param name="SourceHash">Hash of what the configuration receives.</param>
public sealed record PipelineDefinition(string? Configuration, string SourceHash, TemplateUse? Template)
{
    /// <summary>Takes either text or template, and refuses what no collector would start with.</summary>
    /// <returns>Null where it is good, or missing altogether (which the decision says).</returns>
    public static IResult? Problem(string? configuration, TemplateRequest? template, out PipelineDefinition definition)
    {
        definition = new(configuration, "", null);
        if (template is not null)
        {
            if (!string.IsNullOrEmpty(configuration))
                return Problems.Of(422, "definition-ambiguous", "Give 'configuration' or 'template', not both.", "template");
            if (Render(template, out var rendered, out var use) is { } refused) return refused;
            definition = new(rendered, "", use);
        }
        if (PipelineCheck.Problem(definition.Configuration, out var source) is { } invalid) return invalid;
        definition = definition with { SourceHash = source };
        return null;
    }

    /// <returns>Null where the parameters make a configuration.</returns>
    public static IResult? Render(TemplateRequest request, out string? configuration, out TemplateUse? use)
    {
        (configuration, use) = (null, null);
        if (string.IsNullOrEmpty(request.Name) || TemplateCatalogue.Find(request.Name) is not { } template)
            return Problems.Of(422, "template-unknown",
                $"There is no template '{request.Name}' in the catalogue. Known: {string.Join(", ", TemplateCatalogue.All.Select(t => t.Name))}.", "template.name");
        var arguments = new Dictionary<string, ParameterValue>();
        List<ParameterIssue> issues = [];
        foreach (var (name, json) in request.Parameters ?? new Dictionary<string, JsonElement>())
        {
            if (ParameterValue.Of(json) is { } value) arguments[name] = value;
            else issues.Add(new(name, "is neither a text, a number nor a list of texts", "write it as the catalogue says"));
        }
        var rendered = template.Render(arguments);
        issues.AddRange(rendered.Issues);
        if (issues.Count > 0)
        {
            var problem = Problems.Details(422, "parameters-invalid", string.Join("; ", issues.Take(5)), $"template.parameters.{issues[0].Parameter}");
            problem.Extensions["errors"] = issues.ToArray();
            return TypedResults.Problem(problem);
        }
        configuration = rendered.Configuration;
        use = new(template.Name, template.Version,
            rendered.Arguments.ToDictionary(a => a.Key, a => JsonSerializer.SerializeToElement(a.Value.ToJson())));
        return null;
    }
}
