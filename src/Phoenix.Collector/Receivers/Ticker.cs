namespace Phoenix.Collector.Receivers;

/// <summary>Ticks at multiples of an interval since 1970, so that every receiver of every collector ticks at the same instants.</summary>
internal static class Ticker
{
    /// <summary>Waits for the next tick; ticks that passed meanwhile are left out.</summary>
    /// <returns>The tick's time in Unix nanoseconds.</returns>
    /// <exception cref="OperationCanceledException">The token ended the wait.</exception>
    public static async Task<long> NextAsync(TimeSpan interval, CancellationToken stop)
    {
        var tick = Clock.NextMark(Clock.UnixNanos(), Clock.Nanos(interval), 0);
        while (true)
        {
            // A timer may fire a little early; a tick must not, or it would be met twice.
            var left = tick - Clock.UnixNanos();
            if (left <= 0)
            {
                return tick;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(left / 1_000_000 + 1), stop);
        }
    }
}
