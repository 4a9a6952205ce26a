using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Pipelines.Components;

/// <summary>Which names are taken: one must match include, where given, and must not match exclude.</summary>
public sealed record NameFilter(IReadOnlyList<Regex> Include, IReadOnlyList<Regex> Exclude)
{
    public static readonly NameFilter All = new([], []);

    public bool Selects(string name) => (Include.Count == 0 || Include.Any(r => r.IsMatch(name))) && !Exclude.Any(r => r.IsMatch(name));

    /// <param name="include">Key of a section with <c>match_type</c> and a list of names.</param>
    /// <param name="names">Key of that list, such as <c>devices</c>.</param>
    internal static NameFilter Read(SectionReader section, string include, string exclude, string names) =>
        new(Patterns(section.Section(include), names), Patterns(section.Section(exclude), names));

    private static List<Regex> Patterns(SectionReader? section, string key)
    {
        var patterns = new List<Regex>();
        if (section is null)
        {
            return patterns;
        }

        // strict compares whole names, regexp searches. Required by the OpenTelemetry receiver, default strict here.
        var strict = section.Choice("match_type", true, ("strict", true), ("regexp", false));
        foreach (var (name, written, _) in section.TextsWithLines(key))
        {
            try
            {
                // Non-backtracking: a configuration comes from afar, and matching must stay linear.
                patterns.Add(new Regex(strict ? $"^{Regex.Escape(name)}$" : name, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                section.Error(key, $"`{written}` is no usable regular expression: {Reason(e)}", "correct the expression, or use match_type: strict");
            }
        }

        if (!section.Has(key))
        {
            section.Error(key, "is missing", $"list {key}");
        }

        section.RejectUnknown();
        return patterns;
    }

    /// <summary>A parser's own message quotes the pattern with its variables set, which is not for others to read.</summary>
    private static string Reason(Exception e) =>
        e is RegexParseException parse ? string.Create(CultureInfo.InvariantCulture, $"{parse.Error} at character {parse.Offset + 1}") : "it needs backtracking";
}
