namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>prometheus</c>: scrapes targets in the text exposition format. Keys as in the OpenTelemetry Collector's receiver, which
/// carries Prometheus' own <c>scrape_configs</c> under <c>config</c>.
/// </summary>
public sealed record PrometheusReceiverSettings(string Id, IReadOnlyList<ScrapeJob> Jobs) : ReceiverSettings(Id)
{
    public const string Type = "prometheus";

    private static readonly TimeSpan DefaultInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    public override IEnumerable<TimeSpan> Intervals => Jobs.Select(j => j.Interval);

    internal static PrometheusReceiverSettings Read(string id, SectionReader section)
    {
        var jobs = new List<ScrapeJob>();
        if (section.Section("config") is { } config)
        {
            var interval = DefaultInterval;
            TimeSpan? timeout = null;
            if (config.Section("global") is { } global)
            {
                // How often every job scrapes that says nothing itself. Default 1m.
                interval = global.Duration("scrape_interval", DefaultInterval, Bounds.ShortestInterval, Bounds.LongestInterval);
                // How long a scrape may take. Default 10s, and never longer than the interval.
                timeout = global.OptionalDuration("scrape_timeout", Bounds.ShortestInterval, Bounds.LongestInterval);
                global.RejectUnknown();
            }

            foreach (var entry in config.Sections("scrape_configs"))
            {
                var job = ScrapeJob.Read(entry, interval, timeout ?? DefaultTimeout);
                if (job.Name.Length > 0 && jobs.Exists(j => j.Name == job.Name))
                {
                    entry.Error("job_name", $"`{entry.Written("job_name")}` is the name of a job above", "give each job its own job_name");
                }

                jobs.Add(job);
            }

            if (jobs.Count == 0)
            {
                config.Error("scrape_configs", "names no job", "add at least one entry with job_name and static_configs");
            }

            config.RejectUnknown();
        }
        else
        {
            section.Error("config", "is missing", "write `config:` with `scrape_configs:` below it, as in Prometheus");
        }

        section.RejectUnknown();
        return new(id, jobs);
    }
}

/// <param name="Timeout">Never longer than the interval.</param>
/// <param name="BodySizeLimit">Bytes of one exposition, after decompression, beyond which the scrape fails.</param>
public sealed record ScrapeJob(
    string Name, TimeSpan Interval, TimeSpan Timeout, string MetricsPath, string Scheme, long BodySizeLimit, IReadOnlyList<ScrapeTarget> Targets)
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
        // Bytes of one exposition. Default 64 MiB.
        var limit = section.Integer("body_size_limit", 64L << 20, 1024, 1L << 30);
        var targets = new List<ScrapeTarget>();
        foreach (var group in section.Sections("static_configs"))
        {
            // Added to the resource of each target of the group.
            var labels = group.TextMap("labels");
            foreach (var (text, written, _) in group.TextsWithLines("targets"))
            {
                if (ScrapeTarget.Parse(text, scheme, labels) is { } target)
                {
                    targets.Add(target);
                }
                else
                {
                    group.Error("targets", $"`{written}` is no host:port", "write host:port without scheme or path; those are the keys scheme and metrics_path");
                }
            }

            if (!group.Has("targets"))
            {
                group.Error("targets", "is missing", "list targets as host:port");
            }

            group.RejectUnknown();
        }

        if (!section.Has("static_configs"))
        {
            section.Error("static_configs", "is missing", "list targets: `static_configs: [{targets: [\"localhost:9100\"]}]`; service discovery is not supported yet");
        }

        section.RejectUnknown();
        return new(name, interval, timeout ?? (defaultTimeout < interval ? defaultTimeout : interval), path, scheme, limit, targets);
    }
}

/// <param name="Labels">Further resource attributes of this target.</param>
public sealed record ScrapeTarget(string Host, int Port, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>Prometheus' <c>instance</c>.</summary>
    public string Instance => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    internal static ScrapeTarget? Parse(string text, string scheme, IReadOnlyDictionary<string, string> labels) =>
        !text.Contains('/') && Uri.TryCreate($"{scheme}://{text}/", UriKind.Absolute, out var uri) && uri.Host.Length > 0 && uri.UserInfo.Length == 0
            ? new(uri.Host.Trim('[', ']'), uri.Port, labels)
            : null;
}
