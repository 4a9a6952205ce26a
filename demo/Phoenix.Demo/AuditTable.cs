using System.Globalization;
using System.Text.Json;

namespace Phoenix.Demo;

/// <summary>The audit log as lines for people: when, who, what, which and why.</summary>
internal static class AuditTable
{
    public static List<string[]> Rows(Story story)
    {
        var entries = story.Audit;
        var names = new[] { story.NullTest, story.TopK, story.Discarding }.ToDictionary(e => e.Id, e => e.Name);
        List<string[]> rows = [];
        for (var i = 0; i < entries.Count;)
        {
            // A run of equal entries, as one window after the other, is one line.
            var end = i + 1;
            while (end < entries.Count && Alike(entries[i], entries[end]))
            {
                end++;
            }

            var entry = entries[end - 1];
            rows.Add([
                entry.Timestamp.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture),
                Cut(Who(entry.Actor), 24),
                entry.Type + (end - i > 1 ? $" ×{end - i}" : ""),
                Cut(Which(entry, names), 110),
                Cut(entry.Reason ?? "", 44),
            ]);
            i = end;
        }

        return rows;

        static bool Alike(AuditEntry a, AuditEntry b) =>
            a.Type == b.Type && a.StreamId == b.StreamId && a.Actor == b.Actor && a.Reason == b.Reason;
    }

    /// <summary>User ids are opaque on purpose; their last digits tell them apart.</summary>
    private static string Who(string? actor) => Guid.TryParse(actor, out var user) ? $"user …{user.ToString("N")[^8..]}" : actor ?? "-";

    /// <summary>The experiment's name, and what the event says in single words and numbers.</summary>
    private static string Which(AuditEntry entry, Dictionary<Guid, string> experiments)
    {
        List<string> words = [];
        if (entry.ExperimentId is { } id && experiments.TryGetValue(id, out var name))
        {
            words.Add($"{name}:");
        }

        if (entry.Data.ValueKind == JsonValueKind.Object)
        {
            words.AddRange(entry.Data.EnumerateObject().Select(Word).OfType<string>());
        }

        return string.Join(' ', words);
    }

    private static string? Word(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String when Guid.TryParse(property.Value.GetString(), out _) => null,
        JsonValueKind.String when IsWord(property.Value.GetString()!) => $"{property.Name}={property.Value.GetString()}",
        JsonValueKind.Number => $"{property.Name}={property.Value.GetDouble().ToString("0.###", CultureInfo.InvariantCulture)}",
        _ => null,
    };

    /// <summary>Neither a hash nor a whole configuration.</summary>
    private static bool IsWord(string text) => text.Length is > 0 and < 200 && !text.Contains('\n') && (text.Length < 40 || text.Contains(' '));

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";
}
