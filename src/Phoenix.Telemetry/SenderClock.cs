namespace Phoenix.Telemetry;

/// <summary>
/// Bounds what a sender's clock can do to others: freshness, output times and forgetting go by the time of a point, but by
/// none that is later than a minute after its arrival.
/// </summary>
internal static class SenderClock
{
    private const ulong Ahead = 60_000_000_000;

    public static ulong Bound(ulong pointUnixNanos, long arrivalUnixNanos) =>
        Math.Min(pointUnixNanos, (ulong)Math.Max(0, arrivalUnixNanos) + Ahead);
}
