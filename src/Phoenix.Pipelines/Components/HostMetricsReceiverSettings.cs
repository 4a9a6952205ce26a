using System.Globalization;
using System.Text.RegularExpressions;

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
public sealed record HostMetricsReceiverSettings(
    string Id, TimeSpan CollectionInterval, IReadOnlySet<HostScraper> Scrapers, ProcessSelection Processes) : ReceiverSettings(Id)
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
        var processes = ProcessSelection.All;
        if (section.Section("scrapers") is { } list)
        {
            foreach (var (name, line) in list.Keys)
            {
                var known = Array.FindIndex(KnownScrapers, s => s.Name == name);
                var settings = list.Section(name)!;
                if (known < 0)
                {
                    settings.Error("there is no such scraper", Suggestion.For(name, [.. KnownScrapers.Select(s => s.Name)]));
                    continue;
                }

                scrapers.Add(KnownScrapers[known].Value);
                if (KnownScrapers[known].Value == HostScraper.Process)
                {
                    processes = ProcessSelection.Read(settings);
                }

                settings.RejectUnknown();
            }
        }

        if (scrapers.Count == 0)
        {
            section.Error("scrapers", "names no scraper", "name at least one: `scrapers: {cpu: {}, memory: {}}`");
        }

        section.RejectUnknown();
        return new(id, interval, scrapers, processes);
    }
}

/// <summary>Which processes are reported, by executable name. A name must match include, where given, and must not match exclude.</summary>
public sealed record ProcessSelection(IReadOnlyList<Regex> Include, IReadOnlyList<Regex> Exclude)
{
    public static readonly ProcessSelection All = new([], []);

    public bool Selects(string executableName) =>
        (Include.Count == 0 || Include.Any(r => r.IsMatch(executableName))) && !Exclude.Any(r => r.IsMatch(executableName));

    internal static ProcessSelection Read(SectionReader section)
    {
        // Errors of single processes are expected (they end while they are read) and never logged, so muting has no effect.
        foreach (var mute in (ReadOnlySpan<string>)["mute_process_name_error", "mute_process_exe_error", "mute_process_io_error", "mute_process_user_error", "mute_process_cgroup_error", "mute_process_all_errors"])
        {
            section.Flag(mute, false);
        }

        return new(Patterns(section.Section("include")), Patterns(section.Section("exclude")));
    }

    /// <summary>A parser's own message quotes the pattern with its variables set, which is not for others to read.</summary>
    private static string Reason(Exception e) =>
        e is RegexParseException parse ? string.Create(CultureInfo.InvariantCulture, $"{parse.Error} at character {parse.Offset + 1}") : e.Message;

    private static List<Regex> Patterns(SectionReader? section)
    {
        var patterns = new List<Regex>();
        if (section is null)
        {
            return patterns;
        }

        // strict compares whole names, regexp searches. Required by the OpenTelemetry receiver, default strict here.
        var strict = section.Choice("match_type", true, ("strict", true), ("regexp", false));
        foreach (var (name, written, _) in section.TextsWithLines("names"))
        {
            try
            {
                // Non-backtracking: a configuration comes from afar, and matching must stay linear.
                patterns.Add(new Regex(strict ? $"^{Regex.Escape(name)}$" : name, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                section.Error("names", $"`{written}` is no usable regular expression: {Reason(e)}", "correct the expression, or use match_type: strict");
            }
        }

        if (!section.Has("names"))
        {
            section.Error("names", "is missing", "list executable names");
        }

        section.RejectUnknown();
        return patterns;
    }
}
