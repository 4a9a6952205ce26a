using System.Diagnostics;

namespace Phoenix.Api.Tests;

/// <summary>Waits for a condition, never for a time.</summary>
public static class Eventually
{
    public static async Task<T> Get<T>(Func<Task<T>> read, Func<T, bool> condition, string what, int seconds = 30)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var value = await read();
            if (condition(value)) return value;
            if (watch.Elapsed > TimeSpan.FromSeconds(seconds)) throw new TimeoutException($"{what} did not come about within {seconds} s; last seen: {value}");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
