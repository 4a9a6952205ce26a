using System.Diagnostics;
using System.Globalization;

namespace Phoenix.Demo;

/// <summary>
/// Real processes that come and go, as on a machine with cron jobs, builds or request workers: about 75 a minute, each
/// alive for 10 to 40 s. Every one ends by itself, so that even a killed demo leaves none for long.
/// </summary>
internal sealed class ProcessLoad : IAsyncDisposable
{
    private const int MostAlive = 60;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(800);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Process> _alive = [];
    private readonly Task _loop;

    public ProcessLoad() => _loop = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        foreach (var process in _alive)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        // A fixed seed: the load differs from run to run by timing only.
        var random = new Random(7);
        while (!_stop.IsCancellationRequested)
        {
            _alive.RemoveAll(process =>
            {
                if (!process.HasExited)
                {
                    return false;
                }

                process.Dispose();
                return true;
            });
            if (_alive.Count < MostAlive)
            {
                _alive.Add(Start(steps: random.Next(1_000, 60_000), seconds: random.Next(10, 40)));
            }

            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Counts (CPU time of some milliseconds), then becomes <c>sleep</c>: one process, no child that could stay behind.</summary>
    private static Process Start(int steps, int seconds)
    {
        var start = new ProcessStartInfo("/bin/sh");
        foreach (var argument in (string[])[
            "-c", "i=0; while [ $i -lt $1 ]; do i=$((i+1)); done; exec sleep $2", "phoenix-demo-load",
            steps.ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new DemoFailure("/bin/sh could not be started for the load.");
    }
}
