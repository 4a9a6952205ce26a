using Phoenix.Contracts;

namespace Phoenix.Api.Pipelines;

/// <summary>What a host may say that a preview made of its input.</summary>
static class PreviewCheck
{
    const long MostCount = 1_000_000_000_000_000;

    /// <summary>Why no collector can have found that; null where it can.</summary>
    public static string? Wrong(PreviewReport report)
    {
        if (report is not { Sample: { } sample, Input: { } into, Output: { } outOf, Conservation: { Dropped: { } dropped }, Protected: { Missing: { } missing }, Changes: { } changes }
            || dropped.Any(d => d is not { Rule: not null }) || missing.Contains(null!) || changes.Any(c => c is not { Metric: not null, Labels: not null }))
            return "A report has sample, input, output, conservation with what was dropped, protected with what is missing, and changes, each by its name.";
        if (sample.From > sample.To || sample.WindowSeconds is not (> 0 and < 1e9)) return "A sample begins before it ends, and its windows take some seconds.";
        if (Outside(into.SeriesActive, into.Points, into.Samples, outOf.SeriesActive, outOf.Points, outOf.Samples, report.WireBytesIn, report.WireBytesOut, report.UntrackedPoints, sample.MissedBatches))
            return $"Counts are 0 to {MostCount}.";
        return report.Flow is { } flow && (flow.Seconds is not (> 0 and < 1e6) || Outside(flow.SamplesIn, flow.SamplesOut, flow.WireBytesIn, flow.WireBytesOut))
            ? $"What passes in a time has seconds above 0 and less than 1000000, and counts from 0 to {MostCount}." : null;
    }

    static bool Outside(params ReadOnlySpan<long> counts)
    {
        foreach (var count in counts)
            if (count is < 0 or > MostCount) return true;
        return false;
    }
}
