using System.Globalization;
using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Collector.Preview;

/// <param name="SampleFile">A sample kept from a collector, or a <c>.tar.gz</c> of expositions; null where the sample is live.</param>
/// <param name="ControlSocket">Of the collector whose recent input is the sample; null where it is recorded.</param>
internal sealed record PreviewOptions(string Config, string? SampleFile, string? ControlSocket, IReadOnlyList<string> Protected, bool Json);

/// <summary><c>phoenix-collector preview</c>: what a configuration would make of a sample, printed for a person or as JSON.</summary>
internal static class PreviewCommand
{
    private const ulong MaxHeapBytes = 2UL << 30;
    private const int Niceness = 10;

    /// <summary>A preview runs beside a production arm: it gives way, and ends where it would need more memory than it may.</summary>
    public static void StayInBounds()
    {
        _ = Libc.BePolite(Niceness);
        AppContext.SetData("GCHeapHardLimit", MaxHeapBytes);
        GC.RefreshMemoryLimit();
    }

    /// <summary>Takes the sample and plays it.</summary>
    /// <exception cref="InvalidDataException">There is no sample, or it cannot be read; the message says what to do.</exception>
    public static async Task<PreviewReport> RunAsync(PreviewOptions options, ConfigurationFile file)
    {
        if (options.SampleFile?.EndsWith(ExpositionRecording.Extension, StringComparison.Ordinal) == true)
        {
            return PreviewRun.Play(
                file.Loaded.Configuration!, Path.GetFileName(options.SampleFile), 0, ExpositionRecording.Batches(options.SampleFile), options.Protected, PreviewBounds.Default);
        }

        using var sample = options.SampleFile is { } path ? Sample.Open(File.OpenRead(path), Path.GetFileName(path)) : await LiveSample.FetchAsync(options.ControlSocket!);
        return PreviewRun.Play(file.Loaded.Configuration!, sample.Source, sample.MissedBatches, sample.Batches(), options.Protected, PreviewBounds.Default);
    }

    public static string Text(PreviewReport report)
    {
        var text = new StringBuilder();
        var sample = report.Sample;
        Line($"sample        {sample.Source}: {sample.Batches} batches over {(sample.To - sample.From).TotalSeconds:0} s{(sample.Whole ? "" : ", cut short by a bound")}{(sample.MissedBatches == 0 ? "" : $", {sample.MissedBatches} missed")}");
        Line($"{"",-14}{"in",14}{"out",14}{"change",9}");
        Row("live series", report.Input.SeriesActive, report.Output.SeriesActive);
        Row("all series", report.Input.SeriesDistinct, report.Output.SeriesDistinct);
        Row("points", report.Input.Points, report.Output.Points);
        Row("bytes", report.Input.Bytes, report.Output.Bytes);
        Row("bytes, gzip", report.WireBytesIn, report.WireBytesOut);
        if (report.Flow is { } flow)
        {
            Row("samples/min", (long)Math.Round(flow.SamplesIn * 60 / flow.Seconds), (long)Math.Round(flow.SamplesOut * 60 / flow.Seconds));
        }

        var conservation = report.Conservation;
        Line($"conservation  error {conservation.ErrorPct:0.######} % over {conservation.Increments} increments of {conservation.Groups} groups{(conservation.WorstMetric is { } worst ? $"; worst: {worst}, {conservation.WorstErrorPct:0.######} %" : "")}");
        Line($"protected     {report.Protected.Retained} of {report.Protected.Expected} streams retained{(report.Protected.Missing.Count == 0 ? "" : $"; missing: {string.Join(", ", report.Protected.Missing)}")}");
        foreach (var dropped in conservation.Dropped.Where(d => d.Points > 0))
        {
            Line($"dropped       {dropped.Points} points by {dropped.Rule}");
        }

        if (report.UntrackedPoints > 0)
        {
            Line($"not exact     {report.UntrackedPoints} points of streams beyond service.telemetry.phoenix.max_series");
        }

        foreach (var change in report.Changes.Take(15))
        {
            Line($"  {change.Metric}: {change.SeriesIn} -> {change.SeriesOut} live series{(change.Labels.Count == 0 ? "" : $" ({string.Join(", ", change.Labels)})")}");
        }

        return text.ToString();

        void Row(string what, long before, long after) =>
            Line($"{what,-14}{before,14}{after,14}{(before == 0 ? "" : $"{100.0 * (after - before) / before:+0.0;-0.0;0.0} %"),9}");

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
