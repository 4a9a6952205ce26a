using System.Collections.Concurrent;
using System.Diagnostics;

namespace Phoenix.FleetSimulator;

/// <summary>Unix time in microseconds that never steps back within the process and agrees with other processes' clocks of the machine.</summary>
internal static class Clock
{
    static readonly long StartTicks = Stopwatch.GetTimestamp();
    static readonly DateTime Start = DateTime.UtcNow;

    public static long NowUs() => (Start + Stopwatch.GetElapsedTime(StartTicks) - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}

/// <summary>A task as it was handed to a host under one lease.</summary>
internal sealed class Assignment(Guid taskId, string host, long lease, long receivedUs, Assignment? earlier)
{
    public Guid TaskId => taskId;
    public string Host => host;
    public long Lease => lease;
    public long ReceivedUs => receivedUs;

    /// <summary>When the control plane had taken its result; 0 until then.</summary>
    public long AcceptedUs { get; set; }

    public bool Succeeded { get; set; }

    /// <summary>The same task as it was handed out before.</summary>
    public Assignment? Earlier => earlier;
}

/// <summary>What the whole fleet saw, and what it must never see.</summary>
internal sealed class Observations
{
    readonly ConcurrentDictionary<Guid, TaskHistory> _tasks = new();
    readonly ConcurrentDictionary<string, long> _errors = new();
    long _parked, _received, _accepted, _failed, _refused, _twice, _leaseFell, _foreign, _reconnects, _deaths;

    /// <summary>Called for each task that comes in.</summary>
    public Action<Assignment>? Watcher { get; set; }

    public IEnumerable<Assignment> Assignments
    {
        get
        {
            foreach (var (_, history) in _tasks)
                for (var a = history.Last; a is not null; a = a.Earlier) yield return a;
        }
    }

    public StatusEvent Status() => new(
        Interlocked.Read(ref _parked), Interlocked.Read(ref _received), Interlocked.Read(ref _accepted), Interlocked.Read(ref _failed), Interlocked.Read(ref _refused),
        Interlocked.Read(ref _twice), Interlocked.Read(ref _leaseFell), Interlocked.Read(ref _foreign), Interlocked.Read(ref _reconnects), Interlocked.Read(ref _deaths),
        _errors.ToDictionary());

    public void PollSent() => Interlocked.Increment(ref _parked);
    public void PollEnded() => Interlocked.Decrement(ref _parked);
    public void Refused() => Interlocked.Increment(ref _refused);
    public void Reconnected() => Interlocked.Increment(ref _reconnects);
    public void Died() => Interlocked.Increment(ref _deaths);
    public void Error(string code) => _errors.AddOrUpdate(code, 1, static (_, n) => n + 1);

    /// <returns>Null where the agent must not do it: under a lower lease than one seen before, or the task is another host's.</returns>
    public Assignment? Receive(Guid taskId, string host, long lease, long receivedUs)
    {
        Interlocked.Increment(ref _received);
        var history = _tasks.GetOrAdd(taskId, static _ => new());
        Assignment assignment;
        bool fell, foreign;
        lock (history)
        {
            // The protocol does not tell an agent whose a task is; that it came to two hosts tells.
            foreign = history.Last is { } last && last.Host != host;
            fell = lease < history.HighestLease;
            history.HighestLease = Math.Max(history.HighestLease, lease);
            history.Last = assignment = new(taskId, host, lease, receivedUs, history.Last);
        }
        if (foreign) Interlocked.Increment(ref _foreign);
        if (fell) Interlocked.Increment(ref _leaseFell);
        Watcher?.Invoke(assignment);
        return foreign || fell ? null : assignment;
    }

    /// <summary>The control plane answered a result with 200.</summary>
    public void ResultTaken(Assignment assignment, bool succeeded)
    {
        assignment.Succeeded = succeeded;
        assignment.AcceptedUs = Clock.NowUs();
        Interlocked.Increment(ref succeeded ? ref _accepted : ref _failed);
        if (!succeeded) return;
        var history = _tasks[assignment.TaskId];
        // A failed attempt is tried again and may succeed then; what succeeded once must not be taken again.
        lock (history)
            if (history.Succeeded) Interlocked.Increment(ref _twice);
            else history.Succeeded = true;
    }

    sealed class TaskHistory
    {
        public Assignment? Last;
        public long HighestLease;
        public bool Succeeded;
    }
}
