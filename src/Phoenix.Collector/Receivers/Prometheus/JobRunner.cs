using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>Keeps one loop for each target of a job, and follows its discovery.</summary>
internal sealed class JobRunner : IAsyncDisposable
{
    private readonly ScrapeJob _job;
    private readonly HostIdentity _host;
    private readonly ByteBudget _budget;
    private readonly ReceiverIntake _intake;
    private readonly TaskCompletionSource _failed;
    private readonly ScrapeClient _client;
    private readonly TargetDiscovery _discovery;
    private readonly Dictionary<string, (TargetLoop Target, ReceiverLoop Loop)> _targets = new(StringComparer.Ordinal);
    private ReceiverLoop? _discovering;

    /// <exception cref="IOException">A certificate of the job cannot be read.</exception>
    public JobRunner(ScrapeJob job, HostIdentity host, ByteBudget budget, ReceiverIntake intake, TaskCompletionSource failed)
    {
        (_job, _host, _budget, _intake, _failed) = (job, host, budget, intake, failed);
        _client = new ScrapeClient(job);
        _discovery = new TargetDiscovery(job);
    }

    /// <param name="known">What targets showed before, by <see cref="ScrapeTarget.Key"/>; what is taken is removed.</param>
    public async Task StartAsync(Dictionary<string, StreamPresence> known)
    {
        await FollowAsync(known);
        if (_discovery.Interval is { } interval)
        {
            _discovering = ReceiverLoop.Start(_failed, async stop =>
            {
                while (true)
                {
                    await Task.Delay(interval, stop);
                    await FollowAsync([]);
                }
            });
        }
    }

    /// <summary>Ends the loops and gives away what their targets showed.</summary>
    public async Task StopAsync(Dictionary<string, StreamPresence> shown)
    {
        if (_discovering is not null)
        {
            await _discovering.DisposeAsync();
        }

        await Task.WhenAll(_targets.Values.Select(t => t.Loop.DisposeAsync().AsTask()));
        foreach (var (key, (target, _)) in _targets)
        {
            shown.TryAdd(key, target.Presence);
        }

        _targets.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync([]);
        _client.Dispose();
    }

    private async Task FollowAsync(Dictionary<string, StreamPresence> known)
    {
        var found = _discovery.Find();
        foreach (var gone in _targets.Keys.Where(key => !found.ContainsKey(key)).ToList())
        {
            _targets.Remove(gone, out var ended);
            await ended.Loop.DisposeAsync();
            ended.Target.EndStreams();
        }

        foreach (var (key, target) in found)
        {
            if (!_targets.ContainsKey(key))
            {
                var presence = known.Remove(key, out var before) ? before : new StreamPresence();
                var loop = new TargetLoop(_job, target, _client, presence, _host, _budget, _intake);
                _targets[key] = (loop, ReceiverLoop.Start(_failed, loop.RunAsync));
            }
        }
    }
}
