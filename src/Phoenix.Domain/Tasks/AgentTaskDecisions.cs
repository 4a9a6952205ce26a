using System.Text.Json;

namespace Phoenix.Domain.Tasks;

/// <summary>When a failed attempt is tried again, and when no more.</summary>
/// <param name="MaxAttempts">After that many the task is dead-lettered.</param>
/// <param name="FirstDelay">Doubles with every attempt, up to <paramref name="MaxDelay"/>; half of it is jitter.</param>
public sealed record RetryPolicy(int MaxAttempts, TimeSpan FirstDelay, TimeSpan MaxDelay)
{
    public static readonly RetryPolicy Default = new(5, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(2));

    /// <param name="attempt">The attempt that has failed, 1 for the first.</param>
    /// <param name="jitter">A random number in [0, 1): keeps hosts that failed together from coming back together.</param>
    public TimeSpan DelayAfter(int attempt, double jitter)
    {
        var full = Math.Min(FirstDelay.TotalSeconds * Math.Pow(2, attempt - 1), MaxDelay.TotalSeconds);
        return TimeSpan.FromSeconds(full * (0.5 + jitter / 2));
    }
}

/// <summary>What may happen to a task. A result counts only under the current lease; everything else changes nothing.</summary>
public static class AgentTaskDecisions
{
    public static Decision Progress(AgentTask task, long lease, string phase, string? detail, DateTimeOffset leaseUntil) =>
        Superseded(task, lease) is { } rejection ? rejection : Decision.Of(new TaskProgressed(lease, phase, detail, leaseUntil));

    /// <summary>Repeating the accepted result of the same lease is harmless.</summary>
    public static Decision Succeed(AgentTask task, long lease, IReadOnlyList<RunningCollector> collectors, JsonElement? report = null) =>
        task.State == TaskState.Succeeded && task.Lease == lease ? Decision.Nothing
        : Superseded(task, lease) is { } rejection ? rejection
        : Decision.Of(new TaskSucceeded(lease, task.HostId, task.Purpose, collectors, task.Desired.Remove, report));

    public static Decision Fail(AgentTask task, TaskFailed failed, RetryPolicy policy, DateTimeOffset now, double jitter)
    {
        if (task.FailedLease == failed.Lease) return Decision.Nothing;
        if (Superseded(task, failed.Lease) is { } rejection) return rejection;
        return Decision.Of(failed, Next(task, failed.Retryable, failed.Code, failed.Detail, policy, now, jitter));
    }

    /// <summary>Nothing where the lease was renewed or the task ended meanwhile.</summary>
    public static Decision ExpireLease(AgentTask task, long lease, RetryPolicy policy, DateTimeOffset now, double jitter) =>
        task.State != TaskState.Assigned || task.Lease != lease || task.LeaseUntil > now
            ? Decision.Nothing
            : Decision.Of(new TaskLeaseExpired(lease),
                Next(task, true, "lease-expired", "the host did not answer before its lease ended", policy, now, jitter));

    /// <summary>The host has been silent for too long: no further attempt is waited for.</summary>
    public static Decision GiveUp(AgentTask task, string detail) =>
        task.HasEnded ? Decision.Nothing : Decision.Of(new TaskDeadLettered(task.Attempt, "host-silent", detail));

    public static Decision Cancel(AgentTask task, string cause) =>
        task.HasEnded ? Decision.Nothing : Decision.Of(new TaskCancelled(cause));

    /// <summary>Gives a dead-lettered task new attempts. Nothing where it waits already, as after a repeated request.</summary>
    public static Decision Revive(AgentTask task) => task.State switch
    {
        TaskState.DeadLettered when task.Purpose == TaskPurpose.Reapply => Rejection.Conflict("task-outdated",
            $"What host '{task.HostId}' should run may have changed since. Ask for it anew: POST /api/v2/agents/{task.HostId}/reapply."),
        TaskState.DeadLettered => Decision.Of(new TaskRevived()),
        TaskState.Queued or TaskState.Assigned => Decision.Nothing,
        _ => Rejection.Conflict("task-ended", $"Task {task.Id} has {(task.State == TaskState.Succeeded ? "succeeded" : "been cancelled")}; only a dead-lettered one can be requeued."),
    };

    static object Next(AgentTask task, bool retryable, string code, string detail, RetryPolicy policy, DateTimeOffset now, double jitter) =>
        retryable && task.Attempt - task.AttemptsBefore < policy.MaxAttempts
            ? new TaskRequeued(task.Attempt + 1, now + policy.DelayAfter(task.Attempt - task.AttemptsBefore, jitter))
            : new TaskDeadLettered(task.Attempt, code, detail);

    /// <summary>Why what a host says under the lease counts no more; null where it does.</summary>
    public static Rejection? Superseded(AgentTask task, long lease) =>
        task.State == TaskState.Assigned && task.Lease == lease
            ? null
            : Rejection.Conflict("lease-superseded",
                $"Lease {lease} is not the current one of task {task.Id} (state {task.State}, lease {task.Lease}). Drop the work: its result counts no more.");
}
