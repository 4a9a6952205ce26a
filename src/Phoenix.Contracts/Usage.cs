namespace Phoenix.Contracts;

/// <summary>
/// <c>POST /api/v2/usage</c>: what production collectors of the calling host took in and sent, with or without an experiment. Idempotent by
/// (host, collector, epoch, first window). Answered with <see cref="UsageAccepted"/>.
/// </summary>
public sealed record UsageReport(IReadOnlyList<UsagePeriod> Periods)
{
    public const int MaxPeriods = 200;
}

/// <param name="NextInSeconds">How long the control plane wants periods to be.</param>
/// <param name="Refused">Periods that are not taken, now or later; left out where all are.</param>
public sealed record UsageAccepted(double NextInSeconds, IReadOnlyList<RefusedPeriod>? Refused = null);

/// <summary>A period that nobody could have counted.</summary>
/// <param name="Period">Its place in the report, from 0 on.</param>
/// <param name="Detail">Why, and what to do.</param>
public sealed record RefusedPeriod(int Period, string Detail);

/// <summary>Successive windows of one epoch of one production collector, all begun on one day (UTC).</summary>
/// <param name="ConfigurationHash">What ran; empty where the agent does not know it any more.</param>
/// <param name="Epoch">The collector's; a restart or reload begins a new one.</param>
/// <param name="Seconds">Sum of the windows' lengths.</param>
/// <param name="MissedWindows">Windows before the last, since the period before of that epoch, that the agent came too late for. Nothing stands for them.</param>
/// <param name="Input">What came in: what would have been sent, had nothing been reduced.</param>
/// <param name="Output">What left.</param>
/// <param name="WireBytes">Bytes as sent: encoded and compressed.</param>
/// <param name="DroppedPoints">Points lost after all retries.</param>
public sealed record UsagePeriod(
    string Collector, string ConfigurationHash, string Epoch, long FirstWindow, long LastWindow, DateTimeOffset StartedAt, DateTimeOffset EndedAt,
    double Seconds, long MissedWindows, UsageCounts Input, UsageCounts Output, long WireBytes, long DroppedPoints);

/// <param name="Points">OTLP data points.</param>
/// <param name="Samples">What the points are as classic Prometheus samples.</param>
/// <param name="Bytes">Bytes of the OTLP encoding before compression.</param>
/// <param name="SeriesSeconds">Live classic Prometheus series (of the last 20 minutes where the collector tells them) times the seconds that they were.</param>
public sealed record UsageCounts(long Points, long Samples, long Bytes, double SeriesSeconds)
{
    public static readonly UsageCounts None = new(0, 0, 0, 0);

    public UsageCounts Add(StreamCounts counts, double seconds) => new(
        Points + counts.Points, Samples + counts.Samples, Bytes + counts.Bytes,
        SeriesSeconds + ((counts.Meters?.Active20Minutes.Classic ?? counts.SeriesActive) * seconds));
}
