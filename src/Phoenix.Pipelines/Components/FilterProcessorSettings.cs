using Phoenix.Telemetry;

namespace Phoenix.Pipelines.Components;

/// <summary>
/// <c>filter</c>: drops metrics and data points for which any condition holds, as the OpenTelemetry Collector's processor
/// does. What is dropped is counted by condition.
/// </summary>
/// <param name="MetricConditions">Conditions over the metric.</param>
/// <param name="PointConditions">Conditions over each data point.</param>
public sealed record FilterProcessorSettings(string Id, IReadOnlyList<string> MetricConditions, IReadOnlyList<string> PointConditions) : ProcessorSettings(Id)
{
    public const string Type = "filter";

    internal static FilterProcessorSettings Read(string id, SectionReader section)
    {
        // What to do where a condition cannot be evaluated. Conditions here cannot fail, so the value has no effect.
        section.Choice("error_mode", 0, ("ignore", 0), ("silent", 0), ("propagate", 0));
        var errorsBefore = section.Errors.Count;
        List<string> metric = [], points = [];
        if (section.Section("metrics") is { } metrics)
        {
            // Drop the metric where any of these holds.
            metric = Conditions(metrics, "metric");
            // Drop the data point where any of these holds.
            points = Conditions(metrics, "datapoint");
            metrics.RejectUnknown();
        }

        if (metric.Count + points.Count == 0 && section.Errors.Count == errorsBefore)
        {
            section.Error("metrics", "names no condition", "write `metrics: {datapoint: ['attributes[\"k\"] == \"v\"']}`, or remove the processor");
        }

        section.RejectUnknown();
        return new(id, metric, points);
    }

    private static List<string> Conditions(SectionReader section, string key)
    {
        var conditions = new List<string>();
        foreach (var (text, written, line) in section.TextsWithLines(key))
        {
            try
            {
                // Building the processor is the only complete check, and costs microseconds.
                _ = new MetricFilter(key == "metric"
                    ? new FilterOptions { Name = Type, MetricConditions = [text] }
                    : new FilterOptions { Name = Type, DataPointConditions = [text] });
                conditions.Add(text);
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                // The parser quotes the condition with its variables set, which is not for others to read.
                section.Errors.Add(new(line, $"{section.Path}.{key}", text == written ? e.Message : $"`{written}` is no condition once its variables are set",
                    "correct the condition"));
            }
        }

        return conditions;
    }
}
