namespace Phoenix.Collector;

/// <summary>Wall-clock time as OTLP counts it: nanoseconds since 1970.</summary>
internal static class Clock
{
    public static long UnixNanos() => Nanos(DateTimeOffset.UtcNow);

    public static long Nanos(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks * 100;

    public static long Nanos(TimeSpan span) => span.Ticks * 100;

    public static DateTimeOffset Time(long unixNanos) => DateTimeOffset.UnixEpoch.AddTicks(unixNanos / 100);

    /// <summary>The first <c>k · period + phase</c> after <paramref name="after"/>: the same instants in every process.</summary>
    public static long NextMark(long after, long period, long phase)
    {
        var sinceMark = (after - phase) % period;
        return after - (sinceMark < 0 ? sinceMark + period : sinceMark) + period;
    }
}
