namespace Phoenix.Pipelines.Components;

/// <summary>What the host metrics receiver can read.</summary>
public enum HostScraper
{
    Cpu,
    Memory,
    Load,
    Filesystem,
    Disk,
    Network,
    Paging,
    Processes,
    Process,
}

/// <summary><c>hostmetrics</c>: metrics of this machine from /proc, named by the OpenTelemetry semantic conventions.</summary>
/// <param name="Metrics">Names of the metrics that are collected.</param>
public sealed record HostMetricsReceiverSettings(
    string Id, TimeSpan CollectionInterval, IReadOnlySet<HostScraper> Scrapers, IReadOnlySet<string> Metrics, HostScraperOptions Options) : ReceiverSettings(Id)
{
    public const string Type = "hostmetrics";

    private static readonly (string Name, HostScraper Value)[] KnownScrapers =
    [
        ("cpu", HostScraper.Cpu), ("memory", HostScraper.Memory), ("load", HostScraper.Load), ("filesystem", HostScraper.Filesystem),
        ("disk", HostScraper.Disk), ("network", HostScraper.Network), ("paging", HostScraper.Paging),
        ("processes", HostScraper.Processes), ("process", HostScraper.Process),
    ];

    public override IEnumerable<TimeSpan> Intervals => [CollectionInterval];

    internal static HostMetricsReceiverSettings Read(string id, SectionReader section)
    {
        // How often everything is read. Default 1m.
        var interval = section.Duration("collection_interval", TimeSpan.FromMinutes(1), Bounds.ShortestInterval, Bounds.LongestInterval);
        var scrapers = new HashSet<HostScraper>();
        var metrics = new HashSet<string>(StringComparer.Ordinal);
        var options = HostScraperOptions.Default;
        if (section.Section("scrapers") is { } list)
        {
            foreach (var (name, _) in list.Keys)
            {
                var known = Array.FindIndex(KnownScrapers, s => s.Name == name);
                var settings = list.Section(name)!;
                if (known < 0)
                {
                    settings.Error("there is no such scraper", Suggestion.For(name, [.. KnownScrapers.Select(s => s.Name)]));
                    continue;
                }

                scrapers.Add(KnownScrapers[known].Value);
                HostMetricNames.Read(settings, KnownScrapers[known].Value, metrics);
                options = options.Read(settings, KnownScrapers[known].Value);
                settings.RejectUnknown();
            }
        }

        if (scrapers.Count == 0)
        {
            section.Error("scrapers", "names no scraper", "name at least one: `scrapers: {cpu: {}, memory: {}}`");
        }

        section.RejectUnknown();
        return new(id, interval, scrapers, metrics, options);
    }
}

/// <summary>What single scrapers leave out or add.</summary>
/// <param name="Processes">By executable name.</param>
/// <param name="ProcessCreationTime">Whether the resource of a process says when it began, beside its pid.</param>
/// <param name="LoadPerCpu">Whether load averages are divided by the number of processors.</param>
/// <param name="VirtualFilesystems">Whether file systems without a device are read too, such as tmpfs and network ones.</param>
public sealed record HostScraperOptions(
    NameFilter Processes, bool ProcessCreationTime, NameFilter Disks, NameFilter Interfaces,
    NameFilter FilesystemDevices, NameFilter FilesystemTypes, NameFilter MountPoints, bool VirtualFilesystems, bool LoadPerCpu)
{
    public static readonly HostScraperOptions Default =
        new(NameFilter.All, false, NameFilter.All, NameFilter.All, NameFilter.All, NameFilter.All, NameFilter.All, false, false);

    internal HostScraperOptions Read(SectionReader scraper, HostScraper kind) => kind switch
    {
        HostScraper.Disk => this with { Disks = NameFilter.Read(scraper, "include", "exclude", "devices") },
        HostScraper.Network => this with { Interfaces = NameFilter.Read(scraper, "include", "exclude", "interfaces") },
        HostScraper.Load => this with { LoadPerCpu = scraper.Flag("cpu_average", false) },
        HostScraper.Filesystem => this with
        {
            FilesystemDevices = NameFilter.Read(scraper, "include_devices", "exclude_devices", "devices"),
            FilesystemTypes = NameFilter.Read(scraper, "include_fs_types", "exclude_fs_types", "fs_types"),
            MountPoints = NameFilter.Read(scraper, "include_mount_points", "exclude_mount_points", "mount_points"),
            VirtualFilesystems = scraper.Flag("include_virtual_filesystems", false),
        },
        HostScraper.Process => ReadProcess(scraper),
        _ => this,
    };

    private HostScraperOptions ReadProcess(SectionReader scraper)
    {
        // Errors of single processes are counted and never logged one by one, so muting has no effect.
        foreach (var mute in (ReadOnlySpan<string>)["mute_process_name_error", "mute_process_exe_error", "mute_process_io_error", "mute_process_user_error", "mute_process_cgroup_error", "mute_process_all_errors"])
        {
            scraper.Flag(mute, false);
        }

        var creation = false;
        if (scraper.Section("resource_attributes") is { } attributes)
        {
            if (attributes.Section("process.creation.time") is { } time)
            {
                // When the process began, as ISO 8601. Default false: pid and start time of the points tell processes apart.
                creation = time.Flag("enabled", false);
                time.RejectUnknown();
            }

            attributes.RejectUnknown();
        }

        return this with { Processes = NameFilter.Read(scraper, "include", "exclude", "names"), ProcessCreationTime = creation };
    }
}
