using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine;

namespace Phoenix.Api.Experiments;

/// <summary>The experiment may have changed: see to it that its state gets the work and the timers that it needs.</summary>
public sealed record AdvanceExperiment(Guid ExperimentId);

/// <summary>Tasks of the experiment have their accepted ends.</summary>
public sealed record HostTasksEnded(Guid ExperimentId, IReadOnlyList<TaskEnd> Ends);

/// <summary>Timer; silent where the warm-up has ended otherwise.</summary>
public sealed record EndWarmUp(Guid ExperimentId);

/// <summary>Timer: the verdict is reached with the windows there are; silent where it was reached already.</summary>
public sealed record EndRun(Guid ExperimentId);

/// <summary>Timer: hosts that are still waited for in this state and round are gone on without.</summary>
public sealed record GiveUpWaiting(Guid ExperimentId, ExperimentState State, int Round);

/// <summary>
/// The process manager of an experiment: start → tasks → applied → warm-up → windows → verdict → complete, and the ways
/// out of it. Every step may be killed, repeated or come late: task ids follow from what they are for, and states that
/// wait for nothing are silent.
/// </summary>
[Wolverine.Attributes.WolverineHandler]
public static class ExperimentProcess
{
    /// <summary>A long list of hosts is worked off in short transactions, each of which asks for the next one.</summary>
    public static async Task<OutgoingMessages> Handle(AdvanceExperiment message, IDocumentSession session, TaskQueue queue, CancellationToken cancellation)
    {
        // Locked, not only read: a command that changes the state meanwhile waits, so that no task of the old state follows it.
        var stream = await session.Events.FetchForExclusiveWriting<Experiment>(message.ExperimentId, cancellation);
        if (stream.Aggregate is not { } experiment) return [];
        session.StampDecision();

        var wanted = ExperimentTasks.For(experiment).Where(t => experiment.Waiting.Contains(t.Task.HostId)).ToList();
        if (await CancelOthers(experiment, wanted.Select(t => t.Id).ToHashSet(), session, cancellation)) return [message];
        var known = await ExperimentWork.Known(session, [.. wanted.Select(t => t.Id)], cancellation);
        var missing = wanted.Where(t => !known.Contains(t.Id)).ToList();
        await queue.Begin(session, [.. missing.Take(TaskEvents.PerTransaction)], cancellation);
        if (missing.Count > TaskEvents.PerTransaction) return [message];

        OutgoingMessages messages = [];
        // Told again: the message that told of an end may have been lost.
        foreach (var ends in (await ExperimentWork.Ended(session, wanted, cancellation)).Chunk(TaskEvents.PerTransaction))
            messages.Add(new HostTasksEnded(experiment.Id, ends));
        if (wanted.Count > 0)
            messages.Add(new GiveUpWaiting(experiment.Id, experiment.State, experiment.Round).DelayedFor(ExperimentDecisions.HostPatience));
        if (experiment.State == ExperimentState.WarmingUp) messages.Add(new EndWarmUp(experiment.Id).DelayedFor(experiment.Plan.WarmUp));
        if (experiment.State == ExperimentState.Running) messages.Add(new EndRun(experiment.Id).DelayedFor(experiment.Plan.Deadline));
        return messages;
    }

    public static Task<OutgoingMessages> Handle(HostTasksEnded message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.ExperimentId, session, experiment =>
        {
            // A task of an earlier state that ended late moves nothing.
            var current = ExperimentTasks.For(experiment).Select(t => t.Id).ToHashSet();
            var ends = message.Ends.Where(e => current.Contains(e.TaskId)).ToLookup(e => e.Error is null);
            return ExperimentDecisions.HostsEnded(experiment,
                [.. ends[true].Select(e => e.HostId)], [.. ends[false].Select(e => new HostFailed(e.HostId, e.Purpose.ToString(), e.Error!))]);
        }, cancellation);

    public static Task<OutgoingMessages> Handle(EndWarmUp message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.ExperimentId, session, ExperimentDecisions.EndWarmUp, cancellation);

    public static Task<OutgoingMessages> Handle(EndRun message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.ExperimentId, session, ExperimentDecisions.EndRun, cancellation);

    /// <summary>
    /// What was to be put on a host is given up, so that it does not appear there later. What was to be taken off stays in
    /// the queue for the day the host comes back; the experiment goes on without it and names it.
    /// </summary>
    public static async Task<OutgoingMessages> Handle(GiveUpWaiting message, IDocumentSession session, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<Experiment>(message.ExperimentId, cancellation);
        if (stream.Aggregate is not { } experiment || experiment.State != message.State || experiment.Round != message.Round) return [];
        session.StampDecision();
        var detail = $"the host did not do it within {ExperimentDecisions.HostPatience.TotalMinutes:0} minutes";
        var silent = ExperimentTasks.For(experiment).Where(t => experiment.Waiting.Contains(t.Task.HostId)).Take(TaskEvents.PerTransaction).ToList();
        if (experiment.State is ExperimentState.Starting or ExperimentState.Promoting)
        {
            // One that is given up sends all back, and what else is open is then cancelled.
            await TaskQueue.Change(session, [.. silent.Select(t => t.Id)], task => AgentTaskDecisions.GiveUp(task, detail), cancellation);
        }
        return silent.Count == 0 ? [] :
        [
            new HostTasksEnded(experiment.Id, [.. silent.Select(t => new TaskEnd(t.Id, t.Task.HostId, t.Task.Purpose, detail))]),
            .. silent.Count == TaskEvents.PerTransaction ? [message] : Array.Empty<object>(),
        ];
    }

    /// <summary>Loads, decides and appends under the stream's optimistic lock; a conflict throws and the message is handled again.</summary>
    public static async Task<OutgoingMessages> Decide(
        Guid experimentId, IDocumentSession session, Func<Experiment, Decision> decide, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<Experiment>(experimentId, cancellation);
        if (stream.Aggregate is not { } experiment) return [];
        var decision = decide(experiment);
        if (decision.Events.Count == 0) return [];
        session.StampDecision();
        stream.AppendMany(decision.Events);
        // Windows alone ask for nothing new.
        return decision.Events.All(e => e is WindowMeasured or WindowVoided) ? [] : [new AdvanceExperiment(experimentId)];
    }

    /// <summary>
    /// Open tasks that would put something on a host which the state no longer wants, such as an apply that waits for a retry
    /// while all goes back. What takes something off stays: a host that was silent still has to do it.
    /// </summary>
    /// <returns>Whether there may be more of them.</returns>
    static async Task<bool> CancelOthers(Experiment experiment, HashSet<Guid> wanted, IDocumentSession session, CancellationToken cancellation)
    {
        var open = await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where experiment_id = ? and status in (0, 1) and purpose in ('{TaskPurpose.ApplyVariants}', '{TaskPurpose.Promote}')",
            cancellation, experiment.Id);
        var unwanted = open.Where(id => !wanted.Contains(id)).ToList();
        await TaskQueue.Change(session, [.. unwanted.Take(TaskEvents.PerTransaction)],
            task => AgentTaskDecisions.Cancel(task, $"the experiment is {experiment.State}"), cancellation);
        return unwanted.Count > TaskEvents.PerTransaction;
    }
}
