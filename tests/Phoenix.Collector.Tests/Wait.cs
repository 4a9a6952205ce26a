using System.Diagnostics;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

namespace Phoenix.Collector.Tests;

/// <summary>Waits for conditions instead of times.</summary>
internal static class Wait
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Asks until the answer is not null; fails with what was waited for after the limit.</summary>
    public static async Task<T> ForAsync<T>(string what, Func<Task<T?>> ask) where T : class
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Limit)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"Waited {Limit.TotalSeconds} s in vain for {what}.");
    }

    public static Task UntilAsync(string what, Func<Task<bool>> holds) => ForAsync(what, async () => await holds() ? "holds" : null);
}
