using Phoenix.Contracts;

namespace Phoenix.FleetSimulator;

/// <summary>
/// Windows as real collectors report them, in shape and size. What they say follows from the host and the window alone: hosts of unlike size whose reduction
/// lies near 60 % and varies from window to window, none of which was measured.
/// </summary>
internal static class Windows
{
    static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    public static MeasurementReport Of(Guid experiment, int window, string hostId)
    {
        var hash = Fnv.Of(hostId);
        var series = 200 + hash % 1800;
        var reduced = (long)(series * (0.4 + 0.02 * Math.Sin(window + hash % 7)));
        var (from, until) = (Begin + Length * window, Begin + Length * (window + 1));
        var checksum = $"{hash:x8}{window:x24}";
        return new(experiment, [new(window, from, until, null,
            Arm($"p-{hostId}", $"p-{hostId}", series, series, checksum, window, from, until), Arm($"c-{hostId}", $"p-{hostId}", series, reduced, checksum, window, from, until))]);
    }

    static ArmWindow Arm(string epoch, string source, long seriesIn, long seriesOut, string checksum, int window, DateTimeOffset from, DateTimeOffset until)
    {
        var points = seriesIn * 6;
        return new(epoch, source, window, from, until, window * 60, window * 60 + 59, 60, 0, true,
            new(Counts(seriesIn), checksum, 0), new(Counts(seriesOut), seriesOut * 30, 0, 0), new(120, 48 << 20),
            new(seriesOut, points * window, points * 10.0 * window, points * 10.0 * window, 0, null, null, 0, []), new(12, 12, []),
            [.. Enumerable.Range(0, 10).Select(n => new MetricShare($"service.requests.{n}", seriesIn / 20, seriesOut / 20))]);
    }

    static StreamCounts Counts(long series) => new(series, series, series, series, series * 6, series * 6, series * 6 * 60, series * 6, 40);
}
