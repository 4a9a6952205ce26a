using System.Diagnostics;
using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]
// Two cores and real processes: one stack at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Phoenix.EndToEnd;

/// <summary>Waits for a condition within a limit, never for a time.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads until the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold within the limit; says what was awaited and what was seen last.</exception>
    public static async Task<T> GetAsync<T>(Func<Task<T>> read, Func<T, bool> condition, string what, int seconds)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var value = await read();
            if (condition(value))
            {
                return value;
            }

            if (clock.Elapsed.TotalSeconds > seconds)
            {
                throw new TimeoutException($"{what} did not come about within {seconds} s; last seen: {value}");
            }

            await Task.Delay(Pause);
        }
    }

    public static Task TrueAsync(Func<bool> condition, string what, int seconds) =>
        GetAsync(() => Task.FromResult(condition()), met => met, what, seconds);
}
