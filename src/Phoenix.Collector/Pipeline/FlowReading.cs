using Phoenix.Contracts;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Pipeline;

/// <summary>What the meter counted by metric, service and namespace, as it is told to the agent.</summary>
internal static class FlowReading
{
    /// <param name="from">When the window began, in Unix nanoseconds.</param>
    /// <param name="until">When it ended, or was looked at.</param>
    public static FlowWindow Of(FlowResult flow, long from, long until) => new(
        Clock.Time(until), Math.Max(0, until - from) / 1e9,
        new FlowCounts(flow.Total.SeriesIn, flow.Total.SeriesOut, flow.Total.SamplesIn, flow.Total.SamplesOut),
        Table(flow.Metrics), Table(flow.Services), Table(flow.Namespaces), flow.Approximate);

    private static FlowTable Table(IReadOnlyList<FlowShare> shares) => new(
        [.. shares.Select(share => Key(share.Key))], [.. shares.Select(share => share.SeriesIn)], [.. shares.Select(share => share.SeriesOut)],
        [.. shares.Select(share => share.SamplesIn)], [.. shares.Select(share => share.SamplesOut)]);

    // Half of a surrogate pair is no text, and no database keeps the character 0.
    private static string Key(string key)
    {
        var cut = key.Length <= FlowTable.MaxKeyLength ? key : key[..(char.IsHighSurrogate(key[FlowTable.MaxKeyLength - 1]) ? FlowTable.MaxKeyLength - 1 : FlowTable.MaxKeyLength)];
        return cut.Replace('\0', '\uFFFD');
    }
}
