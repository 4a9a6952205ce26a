namespace Phoenix.Collector.Receivers;

/// <summary>Ticks at multiples of an interval since 1970, so that every receiver of every collector ticks at the same instants.</summary>
internal static class Ticker
{
    // A clock that was set back is noticed within this time.
    private const int LongestWaitMilliseconds = 5_000;

    /// <summary>Waits for the next tick; ticks that passed meanwhile are left out.</summary>
    /// <param name="phase">Nanoseconds by which the ticks lie behind the multiples.</param>
    /// <returns>The tick's time in Unix nanoseconds.</returns>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    public static async Task<long> NextAsync(TimeSpan interval, CancellationToken stop, long phase = 0)
    {
        var period = Clock.Nanos(interval);
        var tick = Clock.NextMark(Clock.UnixNanos(), period, phase);
        while (true)
        {
            // A timer may fire a little early; a tick must not, or it would be met twice.
            var now = Clock.UnixNanos();
            tick = Follow(tick, now, period, phase);
            var left = tick - now;
            if (left <= 0)
            {
                return tick;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(left / 1_000_000 + 1, LongestWaitMilliseconds)), stop);
        }
    }

    /// <summary>A tick that lies more than its period ahead means that the clock was set back: it would come that much later.</summary>
    public static long Follow(long tick, long now, long period, long phase) => tick - now > period ? Clock.NextMark(now, period, phase) : tick;
}
