using System.Reflection;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Every 15 seconds, and soon after a collector crashes, recovers or is ended, says how this host is.</summary>
internal sealed class HeartbeatLoop(ApiClient api, Fleet fleet) : IDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    /// <summary>Crashes in quick succession are one message a second, not one each.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly SemaphoreSlim _changed = new(0, 1);

    public static string Version { get; } =
        typeof(HeartbeatLoop).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    public void Changed()
    {
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // One message is already due and will carry this change too.
        }
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var answer = await api.PostAsync("api/v2/agents/heartbeat", Compose(), WireJson.Default.Heartbeat, cancellation);
            if (!answer.IsSuccess)
                Log.Warn("A heartbeat was not taken.", ("status", (int?)answer.Status), ("code", answer.Code), ("detail", answer.Detail));
            await Task.Delay(Least, cancellation);
            await _changed.WaitAsync(answer.RetryAfter is { } asked && asked > Every ? asked : Every - Least, cancellation);
        }
    }

    public void Dispose() => _changed.Dispose();

    private Heartbeat Compose() => new(
        Version, _startedAt, Environment.WorkingSet, Environment.CpuUsage.TotalTime.TotalSeconds,
        [.. fleet.All.Select(Describe).OfType<CollectorHealth>()]);

    private static CollectorHealth? Describe(Collector collector)
    {
        if (collector.State is not { } state)
            return null;
        var status = collector.Status;
        var problem = state.Process is null ? "it does not run" : ApplyDecision.HealthProblem(status, state.ConfigurationHash, null);
        var tail = collector.CrashTail.Count > 0 ? collector.CrashTail : problem is null ? [] : LogFile.Tail(collector.LogPath);
        return new CollectorHealth(
            state.Name, state.Arm, state.ConfigurationHash, problem is null, problem, collector.Restarts, status?.ResidentBytes ?? 0, tail, status?.Breach);
    }
}
