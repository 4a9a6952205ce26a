using System.Reflection;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Says how this host is: as often as the control plane asks, every 15 seconds where it does not say, and soon after a
/// collector crashes, recovers or is ended.
/// </summary>
/// <param name="redaction">What this host knows of secrets at the moment.</param>
/// <param name="extras">What else is known at the moment of a heartbeat.</param>
internal sealed class HeartbeatLoop(ApiClient api, Fleet fleet, Func<AssignedTask?, LogRedaction> redaction, Func<Heartbeat, Heartbeat> extras) : IDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    /// <summary>Whatever the control plane asks for, it hears of this host this often.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Crashes in quick succession are one message a second, not one each.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(5);

    private const int MostTailCharacters = 256 << 10;

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
        var interval = Every;
        await FirstLookAsync(cancellation);
        while (true)
        {
            var (answer, content) = await SendAsync(stopping: false, cancellation);
            if (answer.IsSuccess)
                interval = IntervalOf(content);
            else
                Log.Warn("A heartbeat was not taken.", ("status", (int?)answer.Status), ("code", answer.Code), ("detail", answer.Detail));
            if (answer.RetryAfter is { } asked)
            {
                // It is overloaded: what changed meanwhile can wait as well.
                await Task.Delay(asked < Longest ? asked : Longest, cancellation);
                continue;
            }
            await Task.Delay(Least, cancellation);
            await _changed.WaitAsync(interval - Least, cancellation);
        }
    }

    /// <summary>
    /// Waits until every collector that an earlier agent left running has said how it is, for a few seconds at most: nobody having heard it
    /// yet is no reason to call it unhealthy, for which an upgrade of this agent would be taken back.
    /// </summary>
    private async Task FirstLookAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(FirstLook);
        while (!limit.IsCancellationRequested && fleet.All.Any(c => c is { State.Process: not null, Status: null }))
            await _changed.WaitAsync(TimeSpan.FromMilliseconds(50), cancellation);
    }

    /// <summary>The last word of an agent that was told to stop: the host is stopped, not lost.</summary>
    public async Task FarewellAsync(CancellationToken cancellation)
    {
        var (answer, _) = await SendAsync(stopping: true, cancellation);
        if (!answer.IsSuccess)
            Log.Warn("The control plane did not hear that this agent stops.", ("status", (int?)answer.Status), ("code", answer.Code));
    }

    /// <summary>What the control plane asks for, within what makes sense.</summary>
    internal static TimeSpan IntervalOf(HeartbeatAccepted? answer) => answer is { NextInSeconds: > 0 and < double.PositiveInfinity and var seconds }
        ? TimeSpan.FromSeconds(Math.Clamp(seconds, 2 * Least.TotalSeconds, Longest.TotalSeconds)) : Every;

    public void Dispose() => _changed.Dispose();

    private Task<ApiAnswer<HeartbeatAccepted>> SendAsync(bool stopping, CancellationToken cancellation) => api.PostAsync(
        "api/v2/agents/heartbeat", Compose() with { Stopping = stopping }, WireJson.Default.Heartbeat, WireJson.Default.HeartbeatAccepted, cancellation);

    private Heartbeat Compose()
    {
        // It reads every configuration: nothing that a host whose collectors are well should do each time.
        var secrets = new Lazy<LogRedaction>(() => redaction(null));
        return extras(new Heartbeat(
            Version, _startedAt, Environment.WorkingSet, Environment.CpuUsage.TotalTime.TotalSeconds,
            BoundTails(fleet.All.Select(collector => Describe(collector, secrets)).OfType<CollectorHealth>(), MostTailCharacters)));
    }

    /// <summary>A hundred unhealthy collectors with long lines must not make a heartbeat that nobody takes: later ones go without.</summary>
    internal static List<CollectorHealth> BoundTails(IEnumerable<CollectorHealth> collectors, int characters)
    {
        List<CollectorHealth> bounded = [];
        foreach (var collector in collectors)
        {
            var length = collector.LogTail.Sum(line => line.Length);
            bounded.Add(length <= characters ? collector : collector with { LogTail = [] });
            characters -= length <= characters ? length : 0;
        }
        return bounded;
    }

    private static CollectorHealth? Describe(Collector collector, Lazy<LogRedaction> secrets)
    {
        if (collector.State is not { } state)
            return null;
        var status = collector.Status;
        var problem = state.Process is null ? "it does not run" : ApplyDecision.HealthProblem(status, state.ConfigurationHash, null);
        var tail = collector.CrashTail.Count > 0 ? collector.CrashTail : problem is null ? [] : LogFile.Tail(collector.LogPath);
        var usage = state.Process is null ? null : collector.Usage;
        return new CollectorHealth(
            state.Name, state.Arm, state.ConfigurationHash, problem is null, problem, collector.Restarts,
            usage?.ResidentBytes ?? status?.ResidentBytes ?? 0, tail.Count > 0 ? secrets.Value.Apply(tail) : tail, status?.Breach, usage?.CpuSeconds, collector.Limits, problem is null ? status?.Flow : null);
    }
}
