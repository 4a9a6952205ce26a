using System.Diagnostics;

namespace Phoenix.Collector;

/// <summary>
/// Ends an arm whose time is over and that nobody looks after: the agent ends candidates itself, but one that was killed and
/// never came back cannot. An agent that still asks for the status has given it more time.
/// </summary>
internal sealed class OrphanDeadline(TimeSpan? after, TimeSpan silence)
{
    /// <summary>An agent asks every few seconds.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly DateTime _startedAt = DateTime.UtcNow;
    private long _asked = Stopwatch.GetTimestamp();

    /// <summary>Somebody asked for the status.</summary>
    public void Asked() => Interlocked.Exchange(ref _asked, Stopwatch.GetTimestamp());

    /// <summary>Returns when the arm should end; never where it has no deadline.</summary>
    public async Task OverAsync(CancellationToken cancellation)
    {
        if (after is not { } limit)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return;
        }

        while (true)
        {
            // Whichever clock has gone further: the steady one stands still while the machine sleeps, the wall's may be set back.
            var elapsed = TimeSpan.FromTicks(Math.Max(Stopwatch.GetElapsedTime(_started).Ticks, (DateTime.UtcNow - _startedAt).Ticks));
            var left = limit - elapsed;
            var quiet = silence - Stopwatch.GetElapsedTime(Interlocked.Read(ref _asked));
            if (left <= TimeSpan.Zero && quiet <= TimeSpan.Zero)
            {
                return;
            }

            var wait = left > quiet ? left : quiet;
            await Task.Delay(wait < Look ? wait + TimeSpan.FromMilliseconds(1) : Look, cancellation);
        }
    }
}
