using System.Globalization;
using System.Text;
using Phoenix.Collector.Preview;
using Phoenix.Contracts;

namespace Phoenix.Collector.Explore;

/// <param name="SampleFile">A sample kept from a collector, or a <c>.tar.gz</c> of expositions; null where the sample is live.</param>
/// <param name="ControlSocket">Of the collector whose recent input is the sample; null where it is recorded.</param>
/// <param name="Metric">The one metric to look into; null for all.</param>
internal sealed record ExploreOptions(string? SampleFile, string? ControlSocket, string? Metric, bool Json);

/// <summary><c>phoenix-collector explore</c>: what the series of a sample are made of, printed for a person or as JSON.</summary>
internal static class ExploreCommand
{
    /// <exception cref="InvalidDataException">There is no sample, or it cannot be read; the message says what to do.</exception>
    public static async Task<ExplorationReport> RunAsync(ExploreOptions options)
    {
        if (options.SampleFile?.EndsWith(ExpositionRecording.Extension, StringComparison.Ordinal) == true)
        {
            return ExploreRun.Count(Path.GetFileName(options.SampleFile), 0, ExpositionRecording.Batches(options.SampleFile), options.Metric, ExploreBounds.Default);
        }

        using var sample = options.SampleFile is { } path ? Sample.Open(File.OpenRead(path), Path.GetFileName(path)) : await LiveSample.FetchAsync(options.ControlSocket!);
        return ExploreRun.Count(sample.Source, sample.MissedBatches, sample.Batches(), options.Metric, ExploreBounds.Default);
    }

    public static string Text(ExplorationReport report)
    {
        var text = new StringBuilder();
        var sample = report.Sample;
        Line($"sample  {sample.Source}: {sample.Batches} batches over {sample.Seconds:0} s{(sample.Whole ? "" : ", cut short by a bound")}{(sample.MissedBatches == 0 ? "" : $", {sample.MissedBatches} missed")}");
        Line($"series  {report.Series}{(report.UntrackedPoints == 0 ? "" : $" at least; {report.UntrackedPoints} points found no place")}");
        foreach (var metric in report.Metrics)
        {
            Line($"{metric.Series,10}  {metric.Name} ({metric.Type})");
            foreach (var label in metric.Labels)
            {
                Line($"{"",12}{label.Name}{(label.OfResource ? " (resource)" : "")}: {(label.ValuesAtLeast ? "at least " : "")}{label.Values} values");
                foreach (var value in label.Top.Take(5))
                {
                    Line($"{"",14}{value.Series,10}  {value.Value}");
                }
            }
        }

        if (report.OtherMetrics > 0)
        {
            Line($"{report.OtherSeries,10}  in {report.OtherMetrics} other metrics");
        }

        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
