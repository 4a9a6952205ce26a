using System.Diagnostics;

namespace Phoenix.Api.Tests;

/// <summary>Waits for a condition, never for a time.</summary>
public static class Eventually
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task<T> Get<T>(Func<Task<T>> read, Func<T, bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var value = await read();
            if (condition(value)) return value;
            if (watch.Elapsed > Limit) throw new TimeoutException($"{what} did not come about within {Limit.TotalSeconds:0} s; last seen: {value}");
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
