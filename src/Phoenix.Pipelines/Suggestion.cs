namespace Phoenix.Pipelines;

/// <summary>Did-you-mean for misspelt keys and names.</summary>
internal static class Suggestion
{
    /// <summary>A remedy that names the nearest known word, or lists the known ones where none is near.</summary>
    public static string For(string word, IReadOnlyCollection<string> known)
    {
        if (known.Count == 0)
        {
            return "remove it";
        }

        var nearest = known.MinBy(candidate => Distance(word, candidate))!;
        return Distance(word, nearest) <= Math.Max(2, word.Length / 3)
            ? $"did you mean `{nearest}`?"
            : $"known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}";
    }

    /// <summary>Levenshtein distance in one row.</summary>
    private static int Distance(string a, string b)
    {
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
