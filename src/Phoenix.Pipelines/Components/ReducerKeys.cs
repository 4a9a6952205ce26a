using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary>Keys that every reducer has, with one meaning.</summary>
internal static class ReducerKeys
{
    /// <summary>Metrics that pass untouched although something else selects them.</summary>
    public static IReadOnlyList<string> Protected(SectionReader section)
    {
        var untouched = section.Texts("protected");
        if (untouched.Contains(""))
        {
            section.Error("protected", "holds an empty text", "write a metric name, or * for every metric");
        }

        return untouched;
    }

    /// <summary>Function per gauge; a gauge that is not named passes.</summary>
    public static IReadOnlyDictionary<string, GaugeFold> Gauges(SectionReader section)
    {
        var gauges = new Dictionary<string, GaugeFold>(StringComparer.Ordinal);
        if (section.Section("gauges") is not { } functions)
        {
            return gauges;
        }

        foreach (var (metric, _) in functions.Keys)
        {
            if (metric.Length == 0)
            {
                functions.Error(metric, "names no metric", "write a metric name, or * for every gauge");
            }

            gauges[metric] = functions.Choice(metric, GaugeFold.Sum, ("sum", GaugeFold.Sum), ("min", GaugeFold.Min), ("max", GaugeFold.Max), ("avg", GaugeFold.Avg));
        }

        return gauges;
    }

    public static IReadOnlyList<GaugeRule> Rules(IReadOnlyDictionary<string, GaugeFold> gauges) =>
        [.. gauges.Select(g => new GaugeRule(new MetricSelector([g.Key]), g.Value))];

    /// <summary>parity or start_time: when the first value of a cumulative stream counts. Default parity, as <c>increase()</c> has it.</summary>
    public static FirstSample FirstSample(SectionReader section) =>
        section.Choice("first_sample", Telemetry.FirstSample.Parity, ("parity", Telemetry.FirstSample.Parity), ("start_time", Telemetry.FirstSample.StartTime));

    /// <summary>After this time without a point an input is stale. Default 5m.</summary>
    public static TimeSpan Staleness(SectionReader section) =>
        section.Duration("staleness", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));

    /// <summary>Input streams tracked; what comes beyond passes unfolded and is counted.</summary>
    public static int MaxStreams(SectionReader section, int byDefault) => (int)section.Integer("max_streams", byDefault, 1, 16_000_000);

    /// <summary>How often folded points leave. Default: the shortest interval of the inputs.</summary>
    public static TimeSpan? ExportInterval(SectionReader section) =>
        section.OptionalDuration("export_interval", Bounds.ShortestInterval, Bounds.LongestInterval);

    /// <summary>What validates must start: building the reducer is the only complete check, and costs microseconds.</summary>
    public static void RequireThatItCanStart(SectionReader section, int errorsBefore, Action build)
    {
        if (section.Errors.Count != errorsBefore || section.Unresolved)
        {
            return;
        }

        try
        {
            build();
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // The message may quote a value; only of a file without variables is it sure to be the file's own text.
            section.Error(section.HasVariables ? "cannot be built with its variables set" : e.Message, "correct the option");
        }
    }
}
