using System.Text.Json;
using System.Text.Json.Nodes;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pipelines;
using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Users;
using Phoenix.Pipelines.Catalogue;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="Summary">One sentence.</param>
/// <param name="Measured">What it made of recorded input.</param>
public sealed record TemplateSummary(string Name, int Version, string Title, string Summary, IReadOnlyList<MeasuredReductionView> Measured);

/// <param name="Recording">The recorded input.</param>
/// <param name="LiveSeriesReductionPct">Of the series active in the recording's last minute. The honest figure where series come and go.</param>
/// <param name="DistinctSeriesReductionPct">Of all series that the recording holds.</param>
/// <param name="ConservationErrorPct">Increments that got lost or were made up, of all that came in.</param>
public sealed record MeasuredReductionView(
    string Recording, double LiveSeriesReductionPct, double DistinctSeriesReductionPct, double PointsReductionPct, double BytesReductionPct, double ConservationErrorPct);

/// <param name="Requires">Of each, at least one parameter must not be empty.</param>
/// <param name="Measurements">What it made of recorded input, in full, with the arguments it was given.</param>
/// <param name="Recordings">The recordings it was measured on.</param>
/// <param name="MeasuredBy">The command that measured, and the collector's version.</param>
public sealed record TemplateView(
    string Name, int Version, string Title, string Summary, string Description, IReadOnlyList<TemplateParameterView> Parameters,
    IReadOnlyList<TemplateRequirement> Requires, IReadOnlyList<TemplateMeasurement> Measurements, IReadOnlyList<MeasuredRecording> Recordings,
    string MeasuredBy);

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
        new([.. TemplateCatalogue.All.Select(t => new TemplateSummary(t.Name, t.Version, t.Title, t.Summary, [.. Of(t).Select(Reduction)]))], null);

    /// <summary>A template with its parameters.</summary>
    [WolverineGet("/api/v2/catalogue/{name}"), Tags("Catalogue"), ProducesResponseType<TemplateView>(200), ProducesResponseType(404)]
    public static IResult Get(string name) => TemplateCatalogue.Find(name) is { } template ? TypedResults.Ok(View(template)) : Problems.NotFound("template", name);

    /// <summary>The configuration that the parameters make, without keeping it.</summary>
    [WolverinePost("/api/v2/catalogue/{name}/render"), RequireRole(Roles.Viewer), Tags("Catalogue"), ProducesResponseType<RenderedView>(200), ProducesResponseType(404)]
    public static IResult Render(string name, RenderRequest command)
    {
        if (TemplateCatalogue.Find(name) is null) return Problems.NotFound("template", name);
        return PipelineDefinition.Render(new(name, command.Parameters), out var configuration, out var use)
            ?? TypedResults.Ok(new RenderedView(configuration!, use!));
    }

    static TemplateView View(Template t) => new(t.Name, t.Version, t.Title, t.Summary, t.Description,
        [.. t.Parameters.Select(p => new TemplateParameterView(
            p.Name, p.Type, p.Default.ToJson(), p.Help, p.Unit, p.Minimum, p.Maximum, p.Allowed, p.Pattern, p.PatternHelp, p.Variables))],
        t.Requirements, [.. Of(t)], [.. TemplateCatalogue.Measurements.Recordings.Where(r => t.Recordings.ContainsKey(r.Name))],
        $"{TemplateCatalogue.Measurements.Command} ({TemplateCatalogue.Measurements.Version})");

    static IEnumerable<TemplateMeasurement> Of(Template template) => TemplateCatalogue.Measurements.Measurements.Where(m => m.Template == template.Name);

    static MeasuredReductionView Reduction(TemplateMeasurement m) => new(m.Recording,
        Less(m.Input.SeriesLive, m.Output.SeriesLive), Less(m.Input.SeriesDistinct, m.Output.SeriesDistinct),
        Less(m.Input.Points, m.Output.Points), Less(m.Input.Bytes, m.Output.Bytes), m.ConservationErrorPct);

    static double Less(long before, long after) => before == 0 ? 0 : Math.Round(100.0 * (before - after) / before, 1);
}
