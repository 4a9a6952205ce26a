using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Phoenix.FleetSimulator;

/// <summary>The fleet: its agents, what they saw, and the one loop that ends requests which take too long.</summary>
internal sealed class Simulation : IAsyncDisposable
{
    const int AgentsPerAddress = 20_000;
    const int ConnectingAtOnce = 256;

    readonly CancellationTokenSource _stop = new();
    readonly SemaphoreSlim _connecting = new(ConnectingAtOnce);
    readonly ConcurrentQueue<SimulatedAgent> _agents = new();
    readonly Dictionary<string, SimulatedAgent> _byId = [];
    readonly List<SimulatedAgent> _idle = [];
    readonly List<Task> _running = [];
    readonly Task _patience;

    public Simulation() => _patience = EndLateRequests();

    public Observations Seen { get; } = new();

    /// <summary>Adds agents under the prefix. They wait for <see cref="Start"/>.</summary>
    /// <param name="labelled">With labels of a role, an environment and a region, some of each.</param>
    public async Task<EnrolledEvent> Enrol(Uri url, string token, string prefix, int count, int concurrency, bool labelled)
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
                var agent = new SimulatedAgent($"sim-{prefix}-{n}", target, SourceAddress(target, prefix, n), Seen, _connecting, labelled ? Labels(n) : null);
                if (await agent.Enrol(connection, token, _stop.Token)) enrolled.Enqueue(agent);
                else agent.Dispose();
            }
        }));
        foreach (var agent in enrolled)
        {
            _agents.Enqueue(agent);
            _byId[agent.HostId] = agent;
        }
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

    /// <summary>Agents report a window of an experiment, over connections that many share one after the other, beside the one that polls.</summary>
    /// <param name="experiments">Whose hosts report for them; null where every agent reports for <paramref name="experiment"/>.</param>
    public async Task<MeasuredEvent> Measure(Guid experiment, IReadOnlyList<ExperimentHosts>? experiments, int window, int concurrency)
    {
        var watch = Stopwatch.StartNew();
        var waiting = new ConcurrentQueue<(Guid Experiment, SimulatedAgent Agent)>(
            experiments is null ? _agents.Select(a => (experiment, a)) : experiments.SelectMany(e => e.Hosts.Select(h => (e.Experiment, _byId[h]))));
        var taken = 0;
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(async _ =>
        {
            HttpConnection? connection = null;
            while (waiting.TryDequeue(out var next))
            {
                connection ??= next.Agent.AnotherConnection();
                if (await next.Agent.Report(connection, Windows.Of(next.Experiment, window, next.Agent.HostId), _stop.Token)) Interlocked.Increment(ref taken);
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

    static readonly string[] Roles = ["web", "api", "worker", "db", "cache"], Environments = ["production", "production", "production", "staging"], Regions = ["north", "south", "west"];

    static Dictionary<string, string> Labels(int n) => new() { ["role"] = Roles[n % Roles.Length], ["env"] = Environments[n % Environments.Length], ["region"] = Regions[n % Regions.Length] };

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
        var hash = Fnv.Of(prefix);
        return new([127, (byte)(1 + hash % 254), (byte)(hash >> 8), (byte)(1 + n / AgentsPerAddress % 254)]);
    }
}
