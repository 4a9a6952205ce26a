using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Api.Explorations;

/// <summary>What a host may say that it found.</summary>
static class ExplorationCheck
{
    const long MostCount = 1_000_000_000_000;

    /// <summary>Why no collector can have found that; null where it can.</summary>
    public static string? Wrong(ExplorationReport report)
    {
        if (report is not { Sample: { Seconds: >= 0 and < 1e9 } sample, Metrics: { Count: <= ExplorationReport.MaxMetrics } metrics })
            return $"A report has a sample of some seconds, and at most {ExplorationReport.MaxMetrics} metrics.";
        if (Outside(report.Series, report.Samples, report.OtherMetrics, report.OtherSeries, report.UntrackedPoints, sample.Batches, sample.MissedBatches)) return $"Counts are 0 to {MostCount}.";
        foreach (var metric in metrics)
        {
            if (metric is not { Name: { } name, Type: not null, Unit: not null, Labels: { Count: <= ExplorationReport.MaxLabelsInDepth } labels })
                return $"A metric has a name, a type, a unit and at most {ExplorationReport.MaxLabelsInDepth} labels.";
            if (Outside(metric.Series, metric.Samples, metric.OtherLabels)) return $"Counts of '{Cut(name)}' are 0 to {MostCount}.";
            foreach (var label in labels)
            {
                if (label is not { Name: not null, Top: { Count: <= ExplorationReport.MaxValuesInDepth } top } || top.Any(v => v is not { Value: not null, Series: >= 0 and <= MostCount }))
                    return $"A label of '{Cut(name)}' has a name and at most {ExplorationReport.MaxValuesInDepth} values with their series.";
                if (Outside(label.Values, label.Series, label.OtherSeries) || top.Sum(v => v.Series) + label.OtherSeries != label.Series)
                    return $"The values and the others of label '{Cut(label.Name)}' of '{Cut(name)}' add up to its series.";
            }
        }
        return JsonSerializer.SerializeToUtf8Bytes(report, WireJson.Default.ExplorationReport).Length <= ExplorationReport.MaxBytes
            ? null : $"A report has at most {ExplorationReport.MaxBytes} bytes as JSON.";
    }

    static bool Outside(params ReadOnlySpan<long> counts)
    {
        foreach (var count in counts)
            if (count is < 0 or > MostCount) return true;
        return false;
    }

    static string Cut(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
