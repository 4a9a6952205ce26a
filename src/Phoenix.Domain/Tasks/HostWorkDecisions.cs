using System.Text.RegularExpressions;
using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Tasks;

/// <summary>Work that a host is asked for outside experiments: previews, load simulations and log lines.</summary>
public static partial class HostWorkDecisions
{
    /// <summary>Hosts of one preview; each plays its own recent input.</summary>
    public const int MaxPreviewHosts = 50;

    public const int MaxLoadSeries = 1_000_000;
    public static readonly TimeSpan ShortestLoadInterval = TimeSpan.FromSeconds(1), LongestLoadInterval = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan LongestLoad = TimeSpan.FromHours(1);

    /// <summary>Points a second of one simulated load: what a collector on one core still takes beside its real senders.</summary>
    public const double MaxLoadRate = 100_000;

    /// <summary>Behind what experiments ask of the host.</summary>
    const int Low = -10;

    public static (IReadOnlyList<TaskQueued> Tasks, Rejection? Rejection) Preview(
        IReadOnlyList<string> hosts, IReadOnlySet<string> known, string configuration, IReadOnlyList<string> protectedMetrics)
    {
        if (hosts.Count is 0 or > MaxPreviewHosts || hosts.Distinct().Count() != hosts.Count)
            return ([], Rejection.Invalid("hosts-invalid", "hosts", $"Name 1 to {MaxPreviewHosts} hosts, each once."));
        if (hosts.FirstOrDefault(h => !known.Contains(h)) is { } stranger) return ([], Unknown(stranger));
        if (protectedMetrics.Any(string.IsNullOrWhiteSpace))
            return ([], Rejection.Invalid("protected-metrics-invalid", "protectedMetrics", "A protected metric has a name; * matches any run of characters."));
        var specification = new PreviewSpecification(configuration, PipelineDecisions.Hash(configuration), protectedMetrics);
        return ([.. hosts.Select(h => new TaskQueued(h, TaskPurpose.PreviewPipeline, Low, Guid.Empty, DesiredHostState.Previewing(specification)))], null);
    }

    /// <param name="inExperiment">Whether the host takes part in an experiment, whose numbers made-up series would enter.</param>
    public static (TaskQueued? Task, Rejection? Rejection) Load(string host, bool known, bool inExperiment, LoadSpecification load)
    {
        if (!known) return (null, Unknown(host));
        if (load.Series is < 1 or > MaxLoadSeries)
            return (null, Rejection.Invalid("load-series-invalid", "series", $"A load has 1 to {MaxLoadSeries} series."));
        if (load.Interval < ShortestLoadInterval || load.Interval > LongestLoadInterval)
            return (null, Rejection.Invalid("load-interval-invalid", "intervalSeconds", $"The interval is {ShortestLoadInterval.TotalSeconds} to {LongestLoadInterval.TotalSeconds} s."));
        if (load.Duration < load.Interval || load.Duration > LongestLoad)
            return (null, Rejection.Invalid("load-duration-invalid", "durationSeconds", $"A load lasts at least one interval and at most {LongestLoad.TotalSeconds} s."));
        if (load.Series / load.Interval.TotalSeconds > MaxLoadRate)
            return (null, Rejection.Invalid("load-rate-invalid", "series",
                $"{load.Series} series every {load.Interval.TotalSeconds} s are {load.Series / load.Interval.TotalSeconds:0} points a second; at most {MaxLoadRate:0} are made. Lower the series or lengthen the interval."));
        return inExperiment
            ? (null, Rejection.Conflict("host-in-experiment", $"Host '{host}' takes part in an experiment, whose numbers made-up series would enter. Wait for its end, or stop it."))
            : (new TaskQueued(host, TaskPurpose.SimulateLoad, Low, Guid.Empty, DesiredHostState.Loading(load)), null);
    }

    /// <summary>Lines of each log.</summary>
    public const int MaxLogLines = 1000;

    /// <param name="understands">Whether its agent knows such a task: an older one could read none of the tasks that come with it.</param>
    public static (TaskQueued? Task, Rejection? Rejection) Logs(string host, bool known, bool understands, LogsSpecification logs) =>
        !known ? (null, Rejection.NotFound("not-found", $"There is no host '{(host.Length > 100 ? host[..100] + "…" : host)}'."))
        : logs.Lines is < 1 or > MaxLogLines ? (null, Rejection.Invalid("lines-invalid", "lines", $"1 to {MaxLogLines} lines of each log can be had."))
        : logs.Collector is not null && !CollectorName().IsMatch(logs.Collector)
            ? (null, Rejection.Invalid("collector-invalid", "collector", "A collector's name has 1 to 48 lower-case letters, digits and inner hyphens, such as 'production'; GET /api/v2/agents/ID lists them."))
        : !understands ? (null, Rejection.Conflict("agent-too-old", $"The agent of '{host}' said in no heartbeat that it can send log lines. Upgrade it (POST /api/v2/upgrades), or wait for its first heartbeat."))
        : (new TaskQueued(host, TaskPurpose.ReadLogs, Low, Guid.Empty, DesiredHostState.ReadingLogs(logs)), null);

    /// <summary>As the agent has it.</summary>
    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?\z")]
    private static partial Regex CollectorName();

    static Rejection Unknown(string host) => Rejection.Invalid("host-unknown", "hosts", $"No agent has enrolled as '{host}'.");
}
