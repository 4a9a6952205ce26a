namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>prometheus</c>: scrapes targets in the text exposition formats. Keys as in the OpenTelemetry Collector's receiver, which
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
