using Phoenix.Pipelines.Yaml;

namespace Phoenix.Pipelines.Components;

/// <summary>Targets with the labels that all of them get, as <c>static_configs</c> and files of targets list them.</summary>
/// <param name="Targets">Addresses as written: <c>host</c> or <c>host:port</c>.</param>
public sealed record TargetGroup(IReadOnlyList<string> Targets, IReadOnlyDictionary<string, string> Labels)
{
    private const int MaxFileCharacters = 16 << 20;

    /// <summary>Reads a file of targets (<c>file_sd_configs</c>): a list of groups as YAML or JSON, which is YAML too.</summary>
    /// <returns>The groups, or every error in the text.</returns>
    public static (IReadOnlyList<TargetGroup> Groups, IReadOnlyList<ConfigurationIssue> Errors) ReadFile(string text)
    {
        var errors = new List<ConfigurationIssue>();
        if (text.Length > MaxFileCharacters)
        {
            return ([], [new(0, "(file)", $"is longer than {MaxFileCharacters} characters", "split the file")]);
        }

        // A host's variables are no business of a file that service discovery writes.
        var root = text.AsSpan().Trim().Length == 0 ? null : YamlReader.ReadLiteral(text, errors);
        if (root is null)
        {
            return ([], errors);
        }

        var holder = new YamlNode { Line = root.Line, Entries = [new YamlEntry("targets", root.Line, root)], Weight = root.Weight };
        var groups = new SectionReader(holder, root.Line, "", errors).Sections("targets").Select(Read).ToList();
        return errors.Count > 0 ? ([], errors) : (groups, []);
    }

    internal static TargetGroup Read(SectionReader group)
    {
        // Added to every series of the group's targets; labels that begin with __ only steer relabelling.
        var labels = group.TextMap("labels");
        var targets = new List<string>();
        foreach (var (text, written, _) in group.TextsWithLines("targets"))
        {
            if (text.Contains('/') || text.Contains('@') || text.Length == 0)
            {
                group.Error("targets", $"`{written}` is no host:port", "write host:port without scheme or path; those are the keys scheme and metrics_path");
            }
            else
            {
                targets.Add(text);
            }
        }

        if (!group.Has("targets"))
        {
            group.Error("targets", "is missing", "list targets as host:port");
        }

        group.RejectUnknown();
        return new(targets, labels);
    }
}
