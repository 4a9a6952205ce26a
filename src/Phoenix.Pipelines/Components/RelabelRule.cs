using System.Globalization;
using System.Text.RegularExpressions;

namespace Phoenix.Pipelines.Components;

/// <summary>What a relabelling rule does, by Prometheus' names.</summary>
public enum RelabelAction
{
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

/// <summary>One entry of <c>relabel_configs</c> or <c>metric_relabel_configs</c>, as Prometheus defines it.</summary>
/// <param name="SourceLabels">Their values, joined by the separator, are what the expression is matched with.</param>
/// <param name="Pattern">Anchored at both ends; in linear time, as RE2.</param>
/// <param name="TargetLabel">May refer to groups of the expression.</param>
/// <param name="Replacement">May refer to groups: <c>$1</c>, <c>${1}</c>, <c>${name}</c>; <c>$$</c> is a dollar.</param>
/// <param name="TakesAnything">Whether the expression is the default, which matches everything.</param>
public sealed record RelabelRule(
    RelabelAction Action, IReadOnlyList<string> SourceLabels, string Separator, Regex Pattern, ulong Modulus, string TargetLabel, string Replacement, bool TakesAnything)
{
    private const string Anything = "(.*)";

    private static readonly (string Name, RelabelAction Value)[] Actions =
    [
        ("replace", RelabelAction.Replace), ("keep", RelabelAction.Keep), ("drop", RelabelAction.Drop), ("keepequal", RelabelAction.KeepEqual),
        ("dropequal", RelabelAction.DropEqual), ("hashmod", RelabelAction.HashMod), ("labelmap", RelabelAction.LabelMap), ("labeldrop", RelabelAction.LabelDrop),
        ("labelkeep", RelabelAction.LabelKeep), ("lowercase", RelabelAction.Lowercase), ("uppercase", RelabelAction.Uppercase),
    ];

    internal static IReadOnlyList<RelabelRule> ReadAll(SectionReader section, string key) => [.. section.Sections(key).Select(Read)];

    private static RelabelRule Read(SectionReader section)
    {
        // What is done. Default replace.
        var action = section.Choice("action", RelabelAction.Replace, Actions);
        // Labels whose values are joined and matched.
        var sources = section.Texts("source_labels");
        // What stands between them. Default ;
        var separator = section.Text("separator") ?? ";";
        // Matched with the whole joined value, or with label names by labelmap, labeldrop and labelkeep. Default (.*)
        var expression = section.Text("regex") ?? Anything;
        // Hashes are taken modulo this, by hashmod. Required there.
        var modulus = (ulong)section.Integer("modulus", 0, 1, long.MaxValue);
        // The label that is written.
        var target = section.Text("target_label") ?? "";
        // What it gets, by replace, or the new names, by labelmap. Default $1.
        var replacement = section.Text("replacement") ?? "$1";
        Require(section, action, sources.Count > 0, modulus, target);
        section.RejectUnknown();
        return new(action, sources, separator, Compile(section, expression), modulus, target, replacement, expression == Anything);
    }

    private static void Require(SectionReader section, RelabelAction action, bool hasSources, ulong modulus, string target)
    {
        var name = Array.Find(Actions, a => a.Value == action).Name;
        if (action is RelabelAction.Replace or RelabelAction.HashMod or RelabelAction.Lowercase or RelabelAction.Uppercase or RelabelAction.KeepEqual or RelabelAction.DropEqual
            && target.Length == 0)
        {
            section.Error("target_label", $"is missing for the action {name}", "name the label");
        }

        if (action == RelabelAction.HashMod && modulus == 0)
        {
            section.Error("modulus", "is missing for the action hashmod", "write the number of shards");
        }

        if (action is RelabelAction.LabelDrop or RelabelAction.LabelKeep && (hasSources || target.Length > 0))
        {
            section.Error(hasSources ? "source_labels" : "target_label", $"has no meaning for the action {name}", "remove it: regex is matched with the names of labels");
        }
    }

    private static Regex Compile(SectionReader section, string expression)
    {
        try
        {
            // RE2 spells a named group (?P<name>…). Non-backtracking, since expressions come from afar.
            return new Regex($"^(?:{expression.Replace("(?P<", "(?<", StringComparison.Ordinal)})\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            var reason = e is RegexParseException parse ? string.Create(CultureInfo.InvariantCulture, $"{parse.Error}") : "it needs backtracking (look-around or a back-reference)";
            section.Error("regex", $"`{section.Written("regex")}` is no usable regular expression: {reason}", "correct the expression; RE2's syntax is what Prometheus takes");
            return new Regex("");
        }
    }
}
