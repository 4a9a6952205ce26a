using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Pipelines.Catalogue;

/// <summary>What a parameter of a template holds.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "The names are those of the template files and of the API.")]
public enum ParameterType
{
    /// <summary>One line of text.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A decimal number.</summary>
    Number,

    /// <summary>A duration as the collector writes it: <c>500ms</c>, <c>10s</c>, <c>1m30s</c>.</summary>
    Duration,

    /// <summary>One of the allowed texts.</summary>
    Enum,

    /// <summary>Texts, each once.</summary>
    List,

    /// <summary>Metric names, each once; <c>*</c> matches any run of characters.</summary>
    Metrics,
}

/// <summary>A typed, bounded parameter of a template. Which bounds apply follows from the type.</summary>
/// <param name="Default">Used where the parameter is not given; itself within the bounds.</param>
/// <param name="Help">What it does, for the person who fills it in.</param>
/// <param name="Unit">What a number counts (<c>groups</c>, <c>series</c>); null where nothing is counted.</param>
/// <param name="Minimum">Least number; of durations in seconds, of texts in characters, of lists in items.</param>
/// <param name="Maximum">Greatest, in the same measure.</param>
/// <param name="Allowed">The texts an enum, or an item of a list, is chosen from; empty where any will do.</param>
/// <param name="Pattern">What a text, or each item of a list, has to look like; null where any will do.</param>
/// <param name="PatternHelp">The pattern in words, with an example.</param>
/// <param name="Variables">Whether <c>${env:NAME}</c> in the text refers to a variable of the host; else a dollar sign is a dollar sign.</param>
public sealed record TemplateParameter(
    string Name, ParameterType Type, ParameterValue Default, string Help, string? Unit, double Minimum, double Maximum,
    IReadOnlyList<string> Allowed, string? Pattern, string? PatternHelp, bool Variables)
{
    private const int MaxItemLength = 1000;

    /// <summary>What is wrong with the value, with the bound and the remedy; null where it may be used.</summary>
    public ParameterIssue? Check(ParameterValue value) => (Type, value) switch
    {
        (ParameterType.Integer, ParameterValue.Whole whole) => InRange(whole.Value) ? null : Issue($"{whole.Value} is out of range", $"choose {Range()}"),
        (ParameterType.Number, ParameterValue.Real real) => NumberIssue(real.Value),
        (ParameterType.Number, ParameterValue.Whole whole) => NumberIssue(whole.Value),
        (ParameterType.Duration, ParameterValue.Text text) => DurationIssue(text.Value),
        (ParameterType.Enum, ParameterValue.Text text) => AllowedIssue(text.Value),
        (ParameterType.String, ParameterValue.Text text) => TextIssue(text.Value),
        (ParameterType.List or ParameterType.Metrics, ParameterValue.Items items) => ItemsIssue(items.Values),
        _ => Issue($"must be {Shape()}, but is {value.Shape}", $"write {Shape()}"),
    };

    private ParameterIssue? NumberIssue(double value) =>
        double.IsFinite(value) && InRange(value) ? null : Issue($"{value.ToString(CultureInfo.InvariantCulture)} is out of range", $"choose {Range()}");

    private ParameterIssue? DurationIssue(string text) =>
        !Pipelines.Duration.TryParse(text, out var duration) ? Issue($"`{text}` is no duration", "write a number with a unit, such as 500ms, 10s or 1m30s")
        : InRange(duration.TotalSeconds) ? null
        : Issue($"{text} is out of range", $"choose {Pipelines.Duration.Format(TimeSpan.FromSeconds(Minimum))} to {Pipelines.Duration.Format(TimeSpan.FromSeconds(Maximum))}");

    private ParameterIssue? TextIssue(string text) =>
        InRange(text.Length) ? ItemIssue(text) : Issue($"has {text.Length} characters", $"write {Range()} characters");

    private ParameterIssue? ItemsIssue(IReadOnlyList<string> items)
    {
        if (!InRange(items.Count))
        {
            return Issue($"has {items.Count} items", $"list {Range()}");
        }

        if (items.FirstOrDefault(string.IsNullOrWhiteSpace) is not null)
        {
            return Issue("holds an empty text", "leave it out, or write a name");
        }

        if (items.GroupBy(i => i, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } repeated)
        {
            return Issue($"lists `{repeated.Key}` {repeated.Count()} times", "list each item once");
        }

        return items.Select(item => item.Length > MaxItemLength ? Issue($"holds an item of {item.Length} characters", $"keep each below {MaxItemLength + 1}") : AllowedIssue(item) ?? ItemIssue(item))
            .FirstOrDefault(issue => issue is not null);
    }

    private ParameterIssue? AllowedIssue(string text) =>
        Allowed.Count == 0 || Allowed.Contains(text) ? null : Issue($"`{text}` is not one of {string.Join(", ", Allowed)}", Suggestion.For(text, Allowed));

    private ParameterIssue? ItemIssue(string text) =>
        text.Any(char.IsControl) ? Issue("holds a control character", "write one line of text")
        : Pattern is null || text.Length == 0 || Regex.IsMatch(text, Pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking) ? null
        : Issue($"`{text}` is no {PatternHelp}", $"write {PatternHelp}");

    private bool InRange(double value) => value >= Minimum && value <= Maximum;

    private string Range() => string.Create(CultureInfo.InvariantCulture, $"{Minimum} to {Maximum}{(Unit is null ? "" : $" {Unit}")}");

    private string Shape() => Type switch
    {
        ParameterType.Integer => "a whole number",
        ParameterType.Number => "a number",
        ParameterType.Duration => "a duration such as 30s",
        ParameterType.Enum => $"one of {string.Join(", ", Allowed)}",
        ParameterType.String => "a text",
        _ => "a list of texts",
    };

    private ParameterIssue Issue(string message, string remedy) => new(Name, message, remedy);
}

/// <summary>Something wrong with the value of a parameter, with the remedy.</summary>
/// <param name="Parameter">Its name; of errors in the rendered text, those that stand at the place.</param>
public sealed record ParameterIssue(string Parameter, string Message, string Remedy)
{
    public override string ToString() => $"{Parameter}: {Message}; {Remedy}";
}
