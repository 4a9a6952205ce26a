using System.Text.Json;
using System.Text.Json.Nodes;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pipelines;
using Phoenix.Domain.Pipelines;
using Phoenix.Pipelines.Catalogue;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="Summary">One sentence.</param>
public sealed record TemplateSummary(string Name, int Version, string Title, string Summary);

/// <param name="Requires">Of each, at least one parameter must not be empty.</param>
public sealed record TemplateView(
    string Name, int Version, string Title, string Summary, string Description, IReadOnlyList<TemplateParameterView> Parameters,
    IReadOnlyList<TemplateRequirement> Requires);

/// <param name="Default">A text, a number or a list of texts, as the type says.</param>
/// <param name="Minimum">Least number; of durations in seconds, of texts in characters, of lists in items.</param>
/// <param name="Maximum">Greatest, in the same measure.</param>
/// <param name="Allowed">The texts to choose from; empty where any will do.</param>
/// <param name="Variables">Whether <c>${env:NAME}</c> in the text refers to a variable of the host.</param>
public sealed record TemplateParameterView(
    string Name, ParameterType Type, JsonNode Default, string Help, string? Unit, double Minimum, double Maximum,
    IReadOnlyList<string> Allowed, string? Pattern, string? PatternHelp, bool Variables);

public sealed record RenderRequest(IReadOnlyDictionary<string, JsonElement>? Parameters);

/// <param name="Configuration">The collector configuration as YAML.</param>
public sealed record RenderedView(string Configuration, TemplateUse Template);

public static class CatalogueReads
{
    /// <summary>Templates by name.</summary>
    [WolverineGet("/api/v2/catalogue"), Tags("Catalogue")]
    public static Page<TemplateSummary> List() =>
        new([.. TemplateCatalogue.All.Select(t => new TemplateSummary(t.Name, t.Version, t.Title, t.Summary))], null);

    /// <summary>A template with its parameters.</summary>
    [WolverineGet("/api/v2/catalogue/{name}"), Tags("Catalogue"), ProducesResponseType<TemplateView>(200), ProducesResponseType(404)]
    public static IResult Get(string name) => TemplateCatalogue.Find(name) is { } template ? TypedResults.Ok(View(template)) : Problems.NotFound("template", name);

    /// <summary>The configuration that the parameters make, without keeping it.</summary>
    [WolverinePost("/api/v2/catalogue/{name}/render"), Tags("Catalogue"), ProducesResponseType<RenderedView>(200), ProducesResponseType(404)]
    public static IResult Render(string name, RenderRequest command)
    {
        if (TemplateCatalogue.Find(name) is null) return Problems.NotFound("template", name);
        return PipelineDefinition.Render(new(name, command.Parameters), out var configuration, out var use)
            ?? TypedResults.Ok(new RenderedView(configuration!, use!));
    }

    static TemplateView View(Template t) => new(t.Name, t.Version, t.Title, t.Summary, t.Description,
        [.. t.Parameters.Select(p => new TemplateParameterView(
            p.Name, p.Type, p.Default.ToJson(), p.Help, p.Unit, p.Minimum, p.Maximum, p.Allowed, p.Pattern, p.PatternHelp, p.Variables))],
        t.Requirements);
}
