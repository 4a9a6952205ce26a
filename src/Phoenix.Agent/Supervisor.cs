using System.Collections.Concurrent;
using Phoenix.Contracts;

namespace Phoenix.Agent;

internal enum Supervision
{
    /// <summary>It runs.</summary>
    Observe,

    /// <summary>It runs but has long not answered: it hangs, and is ended as a crash.</summary>
    EndHung,

    /// <summary>Its process has ended without being asked to.</summary>
    NoteCrash,

    /// <summary>It should run, does not, and the back-off is over.</summary>
    Start,

    /// <summary>It should run and does not, but the back-off is not over.</summary>
    Wait,

    /// <summary>A candidate's time is over.</summary>
    End,

    /// <summary>Production's time with what it runs is over.</summary>
    Return,
}

/// <summary>Keeps collectors running as their state says, and ends candidates whose time is over; needs no control plane.</summary>
internal sealed class Supervisor(Fleet fleet, Runtimes runtimes, Rollout rollout, Action changed, Action alive)
{
    /// <summary>A collector without input still answers; one that does not for this long serves nobody.</summary>
    public static readonly TimeSpan HungAfter = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(500);
    private readonly ConcurrentDictionary<string, Task> _underway = new();

    /// <summary>Fewer than ten questions a second for a hundred collectors, and no less often than a heartbeat tells of the answers.</summary>
    public static TimeSpan StatusEvery(int collectors) => TimeSpan.FromSeconds(Math.Clamp(collectors * 0.15, 2, 15));

    public static Supervision Decide(CollectorState state, bool running, RestartBackoff backoff, DateTimeOffset now, TimeSpan silence, HostClock? clock = null) => state switch
    {
        _ when state.HasExpired(now, clock) => state.Arm is CollectorArm.Production ? Supervision.Return : Supervision.End,
        _ when running => silence >= HungAfter ? Supervision.EndHung : Supervision.Observe,
        { Process: not null } => Supervision.NoteCrash,
        _ => backoff.MayStart(now) ? Supervision.Start : Supervision.Wait,
    };

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Tick);
        try
        {
            do
            {
                alive();
                // Each on its own, so that one that hangs or is being stopped keeps no other from its care.
                foreach (var collector in fleet.All)
                {
                    if (!_underway.TryGetValue(collector.Name, out var task) || task.IsCompleted)
                        _underway[collector.Name] = SuperviseAsync(collector, cancellation);
                }
                foreach (var (name, task) in _underway)
                {
                    if (task.IsCompleted && fleet.Find(name) is null)
                        _underway.TryRemove(name, out _);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        finally
        {
            await Task.WhenAll(_underway.Values);
        }
    }

    private async Task SuperviseAsync(Collector collector, CancellationToken cancellation)
    {
        // Held by an apply, which looks after it meanwhile.
        if (!collector.Gate.Wait(0, CancellationToken.None))
            return;
        try
        {
            if (collector.State is { } state)
                await StepAsync(collector, state, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            // Whatever is wrong with one collector, the others stay under supervision.
            collector.Backoff = collector.Backoff.Crashed(DateTimeOffset.UtcNow);
            Log.Error("A collector could not be looked after.",
                ("collector", collector.Name), ("error", e is IOException ? e.Message : e), ("nextAttempt", collector.Backoff.NotBefore));
        }
        finally
        {
            collector.Gate.Release();
        }
    }

    private async Task StepAsync(Collector collector, CollectorState state, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        switch (Decide(state, collector.IsRunning, collector.Backoff, now, collector.Silence, state.Deadline is null ? null : HostClock.Read()))
        {
            case Supervision.End:
                Log.Warn("A candidate's time is over and it is ended.", ("collector", collector.Name), ("expiresAt", state.ExpiresAt));
                await collector.RemoveAsync();
                fleet.Forget(collector);
                changed();
                break;

            case Supervision.Return:
                Log.Warn("Production's time with what it runs is over: what it ran before returns.", ("collector", collector.Name), ("expiresAt", state.ExpiresAt));
                await rollout.EndTemporaryAsync(collector, cancellation);
                changed();
                break;

            case Supervision.EndHung:
                Log.Error("A collector does not answer and is ended.", ("collector", collector.Name), ("silentSeconds", collector.Silence));
                await state.Process!.StopAsync(TimeSpan.FromSeconds(10));
                NoteCrash(collector, state, DateTimeOffset.UtcNow);
                break;

            case Supervision.NoteCrash:
                NoteCrash(collector, state, now);
                break;

            case Supervision.Start when !cancellation.IsCancellationRequested:
                collector.Start(runtimes.Of(collector).Launch(collector));
                break;

            case Supervision.Observe when now - collector.StatusAt >= StatusEvery(fleet.Count) || now < collector.StatusAt:
                await ObserveAsync(collector, state, now, cancellation);
                break;
        }
    }

    private void NoteCrash(Collector collector, CollectorState state, DateTimeOffset now)
    {
        collector.Backoff = collector.Backoff.Crashed(now);
        collector.Restarts++;
        collector.CrashTail = LogFile.Tail(collector.LogPath);
        collector.Observe(null, now);
        collector.NoteProcess(null);
        Log.Error("A collector ended by itself or hung.",
            ("collector", collector.Name), ("pid", state.Process!.Id), ("crashes", collector.Backoff.Crashes), ("nextStart", collector.Backoff.NotBefore));
        changed();
    }

    private async Task ObserveAsync(Collector collector, CollectorState state, DateTimeOffset now, CancellationToken cancellation)
    {
        collector.Observe(await runtimes.Of(collector).StatusAsync(collector, cancellation), now);
        var healthy = ApplyDecision.HealthProblem(collector.Status, state.ConfigurationHash, null) is null;
        var before = collector.Backoff;
        collector.Backoff = before.Observed(healthy, now);
        if (collector.Backoff.Crashes is 0)
            collector.CrashTail = [];
        if (healthy != before.HealthySince is not null)
            changed();
        LogFile.Rotate(collector.LogPath);
    }
}
