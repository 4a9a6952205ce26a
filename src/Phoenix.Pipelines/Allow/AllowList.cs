using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Allow;

/// <summary>
/// What the owner of a host lets the control plane ask of it. A rule that is absent bounds nothing; an empty list allows nothing
/// of its kind. Patterns: <c>*</c> is any run of characters.
/// </summary>
/// <param name="Tasks">Kinds of tasks: <c>apply</c>, <c>preview</c>, <c>load</c>, <c>upgrade</c>, <c>logs</c>, <c>explore</c>.</param>
/// <param name="Components">Types by section: <c>receivers</c>, <c>processors</c>, <c>exporters</c>, <c>extensions</c>, <c>connectors</c>.</param>
/// <param name="Paths">Files and directories; a pattern that ends in <c>/</c> allows what is below it.</param>
/// <param name="Listen">Addresses to listen on, as <c>address:port</c>.</param>
/// <param name="Destinations">Addresses to send to or to scrape, as <c>host:port</c>.</param>
/// <param name="Variables">Names in <c>${env:NAME}</c>.</param>
public sealed record AllowList(
    AllowRule? Tasks, IReadOnlyDictionary<string, AllowRule> Components, AllowRule? Paths, AllowRule? Listen, AllowRule? Destinations, AllowRule? Variables)
{
    private static readonly string[] Kinds = ["apply", "preview", "load", "upgrade", "logs", "explore"];
    internal static readonly string[] Sections = ["receivers", "processors", "exporters", "extensions", "connectors"];

    /// <summary>Reads a list; with any error there is none, and nothing is to be allowed.</summary>
    public static (AllowList? List, IReadOnlyList<ConfigurationIssue> Errors) Read(string yaml)
    {
        var errors = new List<ConfigurationIssue>();
        if (YamlReader.ReadLiteral(yaml, errors) is not { } root || errors.Count > 0)
        {
            return (null, errors.Count > 0 ? errors : [new(0, "(file)", "is empty", "write at least one rule, such as `tasks: [apply]`, or remove the file")]);
        }

        var file = new SectionReader(root, root.Line, "", errors);
        var components = new Dictionary<string, AllowRule>();
        foreach (var section in Sections)
        {
            if (Rule(file, section) is { } rule)
            {
                components[section] = rule;
            }
        }

        var list = new AllowList(Rule(file, "tasks"), components, Rule(file, "paths"), Rule(file, "listen"), Rule(file, "destinations"), Rule(file, "variables"));
        foreach (var kind in list.Tasks?.Patterns.Except([.. Kinds, "*"]) ?? [])
        {
            file.Error("tasks", $"`{kind}` is no kind of task", Suggestion.For(kind, Kinds));
        }

        foreach (var (key, rule) in new[] { ("listen", list.Listen), ("destinations", list.Destinations) })
        {
            foreach (var pattern in rule?.Patterns.Where(pattern => pattern != "*" && !pattern.Contains(':')) ?? [])
            {
                file.Error(key, $"`{pattern}` names no port", $"write `{pattern}:*` for every port of it, or one port");
            }
        }

        file.RejectUnknown();
        if (!file.Keys.Any() && errors.Count is 0)
        {
            errors.Add(new(root.Line, "(file)", "has no rule", "write at least one, such as `tasks: [apply]`, or remove the file"));
        }

        return errors.Count is 0 ? (list, errors) : (null, errors);
    }

    /// <summary>Why a task of this kind is not allowed; null where it is.</summary>
    public ConfigurationIssue? Refusal(string task) => Tasks is null || Tasks.Allows(task) ? null
        : new(0, "(task)", $"tasks of kind {task} are not allowed by the host owner: {Tasks.Describe()}", "ask the owner of the host");

    private static AllowRule? Rule(SectionReader file, string key) =>
        // `key:` without a value is more likely forgotten than meant, so it allows nothing.
        file.Keys.Any(k => k.Key == key) ? new AllowRule(key, file.LineOf(key), file.Texts(key)) : null;
}

/// <summary>One rule of an allow-list.</summary>
/// <param name="Line">1-based line in the allow-list.</param>
public sealed record AllowRule(string Name, int Line, IReadOnlyList<string> Patterns)
{
    public bool AllowsAll => Patterns.Contains("*");

    public bool Allows(string text) => Patterns.Any(pattern => Matches(pattern, text));

    /// <summary>As <see cref="Allows"/>, where a pattern that ends in a slash stands for what is below.</summary>
    public bool AllowsPath(string path) => Patterns.Any(pattern =>
        Matches(pattern, path) || (pattern.EndsWith('/') && (path + "/" == pattern || Matches(pattern + "*", path))));

    public string Describe() => Patterns.Count is 0 ? $"its rule `{Name}` (line {Line}) allows none" : $"its rule `{Name}` (line {Line}) allows {string.Join(", ", Patterns)}";

    /// <summary><c>*</c> is any run of characters, also of none; linear in time but for the stars.</summary>
    internal static bool Matches(string pattern, string text)
    {
        var (p, t, star, mark) = (0, 0, -1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, t);
            }
            else if (p < pattern.Length && pattern[p] == text[t])
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++mark);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
        {
            p++;
        }

        return p == pattern.Length;
    }
}
