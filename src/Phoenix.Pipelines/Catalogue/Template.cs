using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>A kind of pipeline, to be filled in: typed parameters and the collector configuration that they make.</summary>
public sealed record Template
{
    internal Template(
        string name, int version, string title, string summary, string description, IReadOnlyList<TemplateParameter> parameters,
        IReadOnlyList<TemplateRequirement> requirements, IReadOnlyDictionary<string, IReadOnlyDictionary<string, ParameterValue>> recordings,
        YamlNode configuration)
    {
        (Name, Version, Title, Summary, Description) = (name, version, title, summary, description);
        (Parameters, Requirements, Recordings, Configuration) = (parameters, requirements, recordings, configuration);
    }

    public string Name { get; }

    /// <summary>Rises whenever the same parameters would make another configuration.</summary>
    public int Version { get; }

    public string Title { get; }

    /// <summary>One sentence, for a list.</summary>
    public string Summary { get; }

    /// <summary>What it keeps, what it gives up, and when to use it.</summary>
    public string Description { get; }

    public IReadOnlyList<TemplateParameter> Parameters { get; }

    public IReadOnlyList<TemplateRequirement> Requirements { get; }

    /// <summary>How the template is measured: arguments by the name of the recorded input.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, ParameterValue>> Recordings { get; }

    internal YamlNode Configuration { get; }

    /// <summary>
    /// The configuration that the arguments make, or what is wrong with them. Pure: the same arguments make the same text.
    /// </summary>
    /// <param name="arguments">By parameter name; what is not given takes its default.</param>
    public RenderedTemplate Render(IReadOnlyDictionary<string, ParameterValue> arguments) => TemplateRenderer.Render(this, arguments);

    /// <summary>What a person wrote for a parameter, in the form that its type asks for; a comma separates the items of a list.</summary>
    /// <returns>The text itself where the template has no such parameter, which <see cref="Render"/> then says.</returns>
    public ParameterValue Parse(string parameter, string text) =>
        ParameterValue.Parse(Parameters.FirstOrDefault(p => p.Name == parameter)?.Type ?? ParameterType.String, text);
}

/// <param name="AnyOf">Parameters of which at least one must not be empty.</param>
/// <param name="Message">What is wrong where all are.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record TemplateRequirement(IReadOnlyList<string> AnyOf, string Message, string Remedy);

/// <param name="Configuration">The collector configuration as YAML; null where there are issues.</param>
/// <param name="Arguments">The value of every parameter, defaults included, in the template's order.</param>
public sealed record RenderedTemplate(
    string? Configuration, IReadOnlyDictionary<string, ParameterValue> Arguments, IReadOnlyList<ParameterIssue> Issues);
