using System.Text.RegularExpressions;

namespace Phoenix.Demo;

/// <summary>A label of the caller's own metrics that is worth folding, and the metrics that carry it.</summary>
internal sealed record FoldableLabel(string Label, IReadOnlyList<string> Metrics);

/// <summary>
/// Looks once at the caller's own Prometheus endpoints: do they answer, and which label makes most of their counters'
/// and histograms' series? Gauges are left alone, as nothing says which function would fold them truthfully.
/// </summary>
internal static partial class ScrapeSurvey
{
    private const int ManyValues = 20;
    private const int MaxBytes = 64 << 20;

    /// <exception cref="DemoFailure">An endpoint does not answer with metrics.</exception>
    public static async Task<IReadOnlyList<FoldableLabel>> LookAsync(IReadOnlyList<Uri> endpoints, CancellationToken cancel)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = MaxBytes };
        Dictionary<string, SortedSet<string>> metricsOfLabel = [];
        foreach (var endpoint in endpoints)
        {
            foreach (var (metric, label) in WidestLabels(await FetchAsync(http, endpoint, cancel)))
            {
                (metricsOfLabel.TryGetValue(label, out var metrics) ? metrics : metricsOfLabel[label] = new(StringComparer.Ordinal)).Add(metric);
            }
        }

        return [.. metricsOfLabel.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new FoldableLabel(l.Key, [.. l.Value]))];
    }

    /// <summary>For each counter and histogram the label with most values, where those are many.</summary>
    public static IEnumerable<(string Metric, string Label)> WidestLabels(string exposition)
    {
        HashSet<string> foldable = new(StringComparer.Ordinal);
        Dictionary<(string Metric, string Label), HashSet<string>> values = [];
        foreach (var line in exposition.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("# TYPE "))
            {
                var words = line.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words is [_, _, var family, "counter" or "histogram"])
                {
                    foldable.Add(family);
                }
            }
            else if (line.IndexOf('{') is > 0 and var brace && Family(line[..brace].ToString(), foldable) is { } metric)
            {
                foreach (Match label in LabelPattern().Matches(line[brace..].ToString()))
                {
                    if (label.Groups[1].Value is var name and not "le")
                    {
                        (values.TryGetValue((metric, name), out var seen) ? seen : values[(metric, name)] = []).Add(label.Groups[2].Value);
                    }
                }
            }
        }

        return values.GroupBy(v => v.Key.Metric).Select(g => g.MaxBy(v => v.Value.Count)).Where(v => v.Value.Count >= ManyValues).Select(v => v.Key);
    }

    /// <summary>The name that the metric has in OTLP: a histogram's three kinds of lines are one metric.</summary>
    private static string? Family(string name, HashSet<string> foldable)
    {
        if (foldable.Contains(name))
        {
            return name;
        }

        foreach (var suffix in (ReadOnlySpan<string>)["_bucket", "_sum", "_count"])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal) && foldable.Contains(name[..^suffix.Length]))
            {
                return name[..^suffix.Length];
            }
        }

        return null;
    }

    private static async Task<string> FetchAsync(HttpClient http, Uri endpoint, CancellationToken cancel)
    {
        string text;
        try
        {
            text = await http.GetStringAsync(endpoint, cancel);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            throw new DemoFailure($"--scrape {endpoint} does not answer: {e.Message} Check the URL, or leave it out.");
        }

        return text.Contains("# TYPE ", StringComparison.Ordinal)
            ? text
            : throw new DemoFailure($"--scrape {endpoint} answers, but not with Prometheus metrics (no '# TYPE' line). Is the path right?");
    }

    [GeneratedRegex("""([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)["]""", RegexOptions.CultureInvariant)]
    private static partial Regex LabelPattern();
}
