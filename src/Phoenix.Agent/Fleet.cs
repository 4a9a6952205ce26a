using System.Collections.Concurrent;

namespace Phoenix.Agent;

/// <summary>The collectors of this host, and how a new agent takes over what an earlier one left running.</summary>
internal sealed class Fleet(StateDirectory directory, Runtimes runtimes, ResourceControl? resources = null)
{
    private static readonly TimeSpan GatePatience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, Collector> _collectors = new();

    public IReadOnlyList<Collector> All => [.. _collectors.Values.OrderBy(collector => collector.Name, StringComparer.Ordinal)];

    public int Count => _collectors.Count;

    public Collector? Find(string name) => _collectors.GetValueOrDefault(name);

    public Collector GetOrAdd(string name) => _collectors.GetOrAdd(name, key => new Collector(directory, key, resources));

    /// <summary>
    /// Takes the gate of the collector of this name, which the caller gives back. One that was removed and forgotten while
    /// its gate was awaited is nobody's any more, and what was started in it would be too: then the name's next one is taken.
    /// </summary>
    public async Task<Collector> EnterAsync(string name, CancellationToken cancellation)
    {
        while (true)
        {
            var collector = GetOrAdd(name);
            await collector.Gate.WaitAsync(cancellation);
            if (Find(name) == collector)
                return collector;
            collector.Gate.Release();
        }
    }

    /// <summary>The caller holds the gate.</summary>
    public void Forget(Collector collector) => _collectors.TryRemove(new KeyValuePair<string, Collector>(collector.Name, collector));

    /// <summary>
    /// Takes over what runs. A collector is recognised by the pid and start time in its state file; one that was started
    /// just before the agent was killed, and is not in the file yet, by its program, its user and its arguments.
    /// </summary>
    public async Task AdoptAsync(CancellationToken cancellation)
    {
        foreach (var folder in Directory.EnumerateDirectories(directory.Collectors))
        {
            var collector = new Collector(directory, Path.GetFileName(folder), resources);
            if (!collector.Load())
            {
                // Written by an agent that was killed before it accepted the configuration.
                Directory.Delete(folder, recursive: true);
                continue;
            }
            _collectors[collector.Name] = collector;
            var state = collector.State!;
            var process = collector.IsRunning ? state.Process : runtimes.Of(collector).FindStray(collector);
            // From an agent that knew no deadline: it is counted from here on.
            if (state is { ExpiresAt: not null, Deadline: null })
                state = state.EndingAt(state.ExpiresAt, DateTimeOffset.UtcNow, HostClock.Read());
            collector.Save(state with { Process = process });
            if (process is null)
                continue;
            if (await AnswersAsync(collector, cancellation))
            {
                collector.Hold();
                Log.Info("A running collector was adopted.", ("collector", collector.Name), ("pid", process.Id), ("configuration", state.ConfigurationHash));
                continue;
            }
            Log.Warn("A collector of an earlier agent does not answer and is started anew.", ("collector", collector.Name), ("pid", process.Id));
            await collector.StopAsync();
        }
    }

    /// <summary>Ends everything, candidates first so that their last input is drained from a production arm that still runs.</summary>
    public async Task StopAsync()
    {
        foreach (var arm in All.GroupBy(collector => collector.State?.Arm).OrderByDescending(arm => arm.Key))
            await Task.WhenAll(arm.Select(StopAsync));
    }

    private static async Task StopAsync(Collector collector)
    {
        // Every loop has left by now; one that hangs with the gate in its hand must not leave an orphan.
        var entered = await collector.Gate.WaitAsync(GatePatience);
        try
        {
            await collector.StopAsync();
        }
        finally
        {
            if (entered)
                collector.Gate.Release();
        }
    }

    private async Task<bool> AnswersAsync(Collector collector, CancellationToken cancellation)
    {
        var until = Environment.TickCount64 + 5000;
        while (await runtimes.Of(collector).StatusAsync(collector, cancellation) is null)
        {
            if (Environment.TickCount64 >= until)
                return false;
            await Task.Delay(100, cancellation);
        }
        return true;
    }
}
