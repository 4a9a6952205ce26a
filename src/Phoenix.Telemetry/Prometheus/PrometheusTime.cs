namespace Phoenix.Telemetry;

/// <summary>Prometheus counts time in milliseconds, OTLP in nanoseconds, both since the Unix epoch.</summary>
internal static class PrometheusTime
{
    private const ulong NanosecondsPerMillisecond = 1_000_000;

    /// <returns>False where OTLP cannot say the time: before 1970, or after 2554.</returns>
    public static bool TryNanoseconds(long milliseconds, out ulong nanoseconds)
    {
        nanoseconds = 0;
        if (milliseconds < 0 || (ulong)milliseconds > ulong.MaxValue / NanosecondsPerMillisecond)
            return false;
        nanoseconds = (ulong)milliseconds * NanosecondsPerMillisecond;
        return true;
    }

    public static long Milliseconds(ulong nanoseconds) => (long)(nanoseconds / NanosecondsPerMillisecond);
}
