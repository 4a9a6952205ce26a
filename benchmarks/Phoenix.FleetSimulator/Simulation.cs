using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;

namespace Phoenix.FleetSimulator;

/// <summary>The fleet: its agents, what they saw, and the one loop that ends requests which take too long.</summary>
internal sealed class Simulation : IAsyncDisposable
{
    const int AgentsPerAddress = 20_000;
    const int ConnectingAtOnce = 256;

    readonly CancellationTokenSource _stop = new();
    readonly SemaphoreSlim _connecting = new(ConnectingAtOnce);
    readonly ConcurrentQueue<SimulatedAgent> _agents = new();
    readonly List<SimulatedAgent> _idle = [];
    readonly List<Task> _running = [];
    readonly Task _patience;

    public Simulation() => _patience = EndLateRequests();

    public Observations Seen { get; } = new();

    /// <summary>Adds agents under the prefix. They wait for <see cref="Start"/>.</summary>
    public async Task<EnrolledEvent> Enrol(Uri url, string token, string prefix, int count, int concurrency)
    {
        var target = await HttpTarget.Resolve(url);
        var watch = Stopwatch.StartNew();
        var enrolled = new ConcurrentQueue<SimulatedAgent>();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Clamp(concurrency, 1, Math.Max(1, count))).Select(async _ =>
        {
            using var connection = new HttpConnection(target, null);
            for (int n; (n = Interlocked.Increment(ref next)) < count;)
            {
                var agent = new SimulatedAgent($"sim-{prefix}-{n}", target, SourceAddress(target, prefix, n), Seen, _connecting);
                if (await agent.Enrol(connection, token, _stop.Token)) enrolled.Enqueue(agent);
                else agent.Dispose();
            }
        }));
        foreach (var agent in enrolled) _agents.Enqueue(agent);
        _idle.AddRange(enrolled);
        return new(enrolled.Count, Math.Round(watch.Elapsed.TotalSeconds, 3), count - enrolled.Count);
    }

    /// <summary>Lets the agents that do not poll yet begin.</summary>
    public StartedEvent Start(Behaviour how)
    {
        var started = _idle.Count;
        _running.AddRange(_idle.Select(agent => Task.Run(() => agent.Run(how, _stop.Token))));
        _idle.Clear();
        return new(started);
    }

    /// <summary>Every agent reports a window of the experiment, over connections that many share one after the other, beside the one that polls.</summary>
    public async Task<MeasuredEvent> Measure(Guid experiment, int window, int concurrency)
    {
        var watch = Stopwatch.StartNew();
        var waiting = new ConcurrentQueue<SimulatedAgent>(_agents);
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(async _ =>
        {
            HttpConnection? connection = null;
            while (waiting.TryDequeue(out var agent))
            {
                connection ??= agent.AnotherConnection();
                if (await agent.Report(connection, Windows.Of(experiment, window, agent.HostId), _stop.Token)) Interlocked.Increment(ref taken);
            }
            connection?.Dispose();
        }));
        return new(taken, Math.Round(watch.Elapsed.TotalSeconds, 3));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var agent in _agents) agent.Abort();
        await Task.WhenAll([_patience, .. _running]).WaitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _connecting.Dispose();
        _stop.Dispose();
    }

    async Task EndLateRequests()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                var now = Environment.TickCount64;
                foreach (var agent in _agents) agent.CloseIfLate(now);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>
    /// 127.A.B.C, another for each prefix and each 20,000 agents: between one address and the server's port there are fewer
    /// ports than a large fleet needs. Null where the server is not on this machine.
    /// </summary>
    static IPAddress? SourceAddress(HttpTarget target, string prefix, int n)
    {
        if (!IPAddress.IsLoopback(target.EndPoint.Address)) return null;
        // FNV-1a: string.GetHashCode is another in every process.
        var hash = Encoding.UTF8.GetBytes(prefix).Aggregate(2166136261u, (h, b) => (h ^ b) * 16777619u);
        return new([127, (byte)(1 + hash % 254), (byte)(hash >> 8), (byte)(1 + n / AgentsPerAddress % 254)]);
    }
}
