namespace Phoenix.Pipelines.Components;

/// <summary>One entry of <c>scrape_configs</c>.</summary>
/// <param name="Timeout">Never longer than the interval.</param>
/// <param name="Parameters">Parameters of the request's query.</param>
/// <param name="HonorLabels">Whether a label that the target exposes wins over one that the target got; else it becomes <c>exported_…</c>.</param>
/// <param name="HonorTimestamps">Whether a sample's own timestamp is kept.</param>
public sealed record ScrapeJob(
    string Name, TimeSpan Interval, TimeSpan Timeout, string Scheme, string MetricsPath, IReadOnlyList<KeyValuePair<string, string>> Parameters,
    bool HonorLabels, bool HonorTimestamps, ScrapeLimits Limits, ScrapeClientSettings Client,
    IReadOnlyList<TargetGroup> Static, IReadOnlyList<FileDiscovery> Files,
    IReadOnlyList<RelabelRule> TargetRules, IReadOnlyList<RelabelRule> MetricRules)
{
    internal static ScrapeJob Read(SectionReader section, TimeSpan defaultInterval, TimeSpan defaultTimeout)
    {
        // The service.name of everything scraped. Required.
        var name = section.RequiredText("job_name", "name the job; it becomes service.name");
        // How often. Default: config.global.scrape_interval, else 1m.
        var interval = section.Duration("scrape_interval", defaultInterval, Bounds.ShortestInterval, Bounds.LongestInterval);
        // How long one scrape may take. Default 10s, and never longer than the interval.
        var timeout = section.OptionalDuration("scrape_timeout", Bounds.ShortestInterval, Bounds.LongestInterval);
        if (timeout > interval)
        {
            section.Error("scrape_timeout", $"{section.Written("scrape_timeout")} is longer than the scrape_interval{(section.Has("scrape_interval") ? $" of {section.Written("scrape_interval")}" : " in force")}", "choose a timeout of at most the interval");
        }

        // The path asked for. Default /metrics.
        var path = section.Text("metrics_path") ?? "/metrics";
        if (!path.StartsWith('/'))
        {
            section.Error("metrics_path", $"`{section.Written("metrics_path")}` does not begin with /", $"write /{section.Written("metrics_path")}");
        }

        // http or https. Default http.
        var scheme = section.Choice("scheme", "http", ("http", "http"), ("https", "https"));
        var job = new ScrapeJob(
            name, interval, timeout ?? (defaultTimeout < interval ? defaultTimeout : interval), scheme, path, ReadParameters(section),
            section.Flag("honor_labels", false),
            section.Flag("honor_timestamps", true),
            ScrapeLimits.Read(section),
            ScrapeClientSettings.Read(section),
            [.. section.Sections("static_configs").Select(TargetGroup.Read)],
            [.. section.Sections("file_sd_configs").Select(FileDiscovery.Read)],
            RelabelRule.ReadAll(section, "relabel_configs"),
            RelabelRule.ReadAll(section, "metric_relabel_configs"));
        if (!section.Has("static_configs") && !section.Has("file_sd_configs"))
        {
            section.Error("static_configs", "is missing", "list targets: `static_configs: [{targets: [\"localhost:9100\"]}]`, or name files of targets in file_sd_configs");
        }

        section.RejectUnknown();
        return job;
    }

    private static List<KeyValuePair<string, string>> ReadParameters(SectionReader section)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        // Parameters of the query, each with a list of values.
        if (section.Section("params") is { } values)
        {
            foreach (var (key, _) in values.Keys)
            {
                parameters.AddRange(values.Texts(key).Select(value => KeyValuePair.Create(key, value)));
            }
        }

        return parameters;
    }
}

/// <summary>Files that list targets: read again when they change. A file that cannot be read leaves its last good targets in force.</summary>
/// <param name="Patterns">Paths; the last part may hold <c>*</c> and <c>?</c>.</param>
/// <param name="RefreshInterval">How often the files are looked at, at the latest.</param>
public sealed record FileDiscovery(IReadOnlyList<string> Patterns, TimeSpan RefreshInterval)
{
    internal static FileDiscovery Read(SectionReader section)
    {
        var patterns = section.Texts("files");
        foreach (var (text, written, _) in section.TextsWithLines("files"))
        {
            if (!text.EndsWith(".json", StringComparison.Ordinal) && !text.EndsWith(".yml", StringComparison.Ordinal) && !text.EndsWith(".yaml", StringComparison.Ordinal))
            {
                section.Error("files", $"`{written}` does not end in .json, .yml or .yaml", "name files of targets");
            }
            else if (Path.GetDirectoryName(text) is { } directory && directory.Contains('*'))
            {
                section.Error("files", $"`{written}` has a * in a directory", "use * and ? in the file's name only");
            }
        }

        if (patterns.Count == 0)
        {
            section.Error("files", "is missing", "name at least one file of targets");
        }

        // How often the files are looked at, at the latest; they are looked at every 5s anyway. Default 5m.
        var refresh = section.Duration("refresh_interval", TimeSpan.FromMinutes(5), TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1));
        section.RejectUnknown();
        return new(patterns, refresh);
    }
}
