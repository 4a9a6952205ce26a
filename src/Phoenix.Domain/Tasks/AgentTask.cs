using System.Text.Json;
using JasperFx.Events;

namespace Phoenix.Domain.Tasks;

public enum TaskState
{
    Queued,
    Assigned,
    Succeeded,
    DeadLettered,
    Cancelled,
}

/// <summary>One unit of work for one host.</summary>
/// <param name="Attempt">Attempts begun so far.</param>
/// <param name="Lease">The current fencing number; 0 before the first assignment.</param>
/// <param name="LeaseUntil">When the current lease ends unless it is renewed, by the database's clock; null where none is in force.</param>
/// <param name="FailedLease">The lease under which the last failure was accepted.</param>
/// <param name="AttemptsBefore">Attempts that do not count any more, because an operator gave the task new ones.</param>
/// <param name="Report">What a preview or a load simulation found; null before its end and for other work.</param>
public sealed record AgentTask(
    Guid Id, string HostId, TaskPurpose Purpose, int Priority, Guid ExperimentId, DesiredHostState Desired, TaskState State,
    int Attempt, long Lease, long FailedLease, string? LastError, JsonElement? Report = null, int AttemptsBefore = 0,
    DateTimeOffset? LeaseUntil = null)
{
    /// <summary>What <see cref="LastError"/> says of an attempt whose lease has ended.</summary>
    public const string LeaseExpired = "lease-expired: the host did not answer in time";

    public static AgentTask Create(IEvent<TaskQueued> e) =>
        new(e.StreamId, e.Data.HostId, e.Data.Purpose, e.Data.Priority, e.Data.ExperimentId, e.Data.Desired, TaskState.Queued, 0, 0, 0, null);

    public AgentTask Apply(TaskAssigned e) => this with { State = TaskState.Assigned, Lease = e.Lease, LeaseUntil = e.LeaseUntil, Attempt = e.Attempt };

    public AgentTask Apply(TaskProgressed e) => this with { LeaseUntil = e.LeaseUntil };

    public AgentTask Apply(TaskSucceeded e) => this with { State = TaskState.Succeeded, Report = e.Report };

    public AgentTask Apply(TaskFailed e) => this with { FailedLease = e.Lease, LastError = $"{e.Code}: {e.Detail}" };

    public AgentTask Apply(TaskLeaseExpired _) => this with { LastError = LeaseExpired };

    public AgentTask Apply(TaskRequeued _) => this with { State = TaskState.Queued, LeaseUntil = null };

    public AgentTask Apply(TaskDeadLettered e) => this with { State = TaskState.DeadLettered, LastError = $"{e.Code}: {e.Detail}" };

    public AgentTask Apply(TaskRevived _) => this with { State = TaskState.Queued, AttemptsBefore = Attempt };

    public AgentTask Apply(TaskCancelled _) => this with { State = TaskState.Cancelled };

    public bool HasEnded => State is TaskState.Succeeded or TaskState.DeadLettered or TaskState.Cancelled;
}
