using System.Diagnostics;
using System.Text.Json;
using Phoenix.Collector.Preview;
using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Explore;

/// <summary>How far an exploration goes.</summary>
/// <param name="SampleBytes">Bytes of input read at most.</param>
/// <param name="Time">Time it may take.</param>
/// <param name="ReportBytes">Bytes of the report as JSON: with more values it is made anew with fewer.</param>
internal sealed record ExploreBounds(long SampleBytes, TimeSpan Time, int ReportBytes, CardinalityBounds Counter)
{
    public static readonly ExploreBounds Default = new(4L << 30, TimeSpan.FromSeconds(60), ExplorationReport.MaxBytes, new CardinalityBounds());
}

/// <summary>Counts a sample, and tells of it as much as fits into a report.</summary>
internal static class ExploreRun
{
    /// <exception cref="InvalidDataException">The sample is empty or cannot be read, or the metric is not in it.</exception>
    public static ExplorationReport Count(string source, long missedBatches, IEnumerable<SampleBatch> batches, string? metric, ExploreBounds bounds)
    {
        var clock = Stopwatch.StartNew();
        var counter = new CardinalityCounter(bounds.Counter, metric);
        var decoder = new BatchDecoder();
        var (first, last, count, bytes, whole) = (0L, 0L, 0L, 0L, true);
        foreach (var (at, batch) in batches)
        {
            if (bytes + batch.Length > bounds.SampleBytes || clock.Elapsed > bounds.Time)
            {
                whole = false;
                break;
            }

            first = count == 0 ? at : first;
            counter.Observe(decoder.Decode(batch.Span), first: at <= first);
            (last, count, bytes) = (Math.Max(at, last), count + 1, bytes + batch.Length);
        }

        if (count == 0)
        {
            throw new InvalidDataException($"{source} holds no batch: wait until the collector has received something, or give another sample");
        }

        if (metric is not null && counter.Series == 0)
        {
            throw new InvalidDataException($"no series of the metric `{metric}` is in {source}: write its name as it comes in, which may differ from the one in the backend");
        }

        return Fit(new ExplorationSample(source, Clock.Time(first), Clock.Time(last), (last - first) / 1e9, count, whole, missedBatches), counter, metric is not null, bounds.ReportBytes);
    }

    /// <summary>The values of a report are what it is made of: their number is halved until it is small enough, then that of labels and metrics.</summary>
    private static ExplorationReport Fit(ExplorationSample sample, CardinalityCounter counter, bool inDepth, int most)
    {
        var (metrics, labels, values) = inDepth
            ? (1, ExplorationReport.MaxLabelsInDepth, ExplorationReport.MaxValuesInDepth)
            : (ExplorationReport.MaxMetrics, ExplorationReport.MaxLabels, ExplorationReport.MaxValues);
        while (true)
        {
            var report = Report(sample, counter.Result(metrics, labels, values, ExplorationReport.MaxTextLength));
            if (JsonSerializer.SerializeToUtf8Bytes(report, WireJson.Default.ExplorationReport).Length <= most || (metrics, labels, values) == (1, 1, 1))
            {
                return report;
            }

            (metrics, labels, values) = values > 3 ? (metrics, labels, values / 2) : labels > 5 ? (metrics, labels / 2, values) : (Math.Max(1, metrics / 2), Math.Max(1, labels / 2), Math.Max(1, values / 2));
        }
    }

    private static ExplorationReport Report(ExplorationSample sample, CardinalityResult result) => new(
        sample, result.Series, result.Samples,
        [
            .. result.Metrics.Select(metric => new ExploredMetricCount(
                Stored(metric.Name), TypeOf(metric.Type), Stored(metric.Unit), metric.Series, metric.Samples,
                [
                    .. metric.Labels.Select(label => new ExploredLabelCount(
                        Stored(label.Name), label.OfResource, label.Values, label.ValuesAtLeast, label.Series,
                        [.. label.Top.Select(value => new ExploredValueCount(Stored(value.Value), value.Series))], label.OtherSeries)),
                ],
                metric.OtherLabels)),
        ],
        result.OtherMetrics, result.OtherSeries, result.UntrackedPoints);

    // No database keeps the character 0.
    private static string Stored(string text) => text.Replace('\0', '\uFFFD');

    private static string TypeOf(MetricType type) => JsonNamingPolicy.CamelCase.ConvertName(type.ToString());
}
