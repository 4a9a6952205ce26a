using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine;

namespace Phoenix.Api.Experiments;

/// <summary>The experiment may have changed: see to it that its state gets the work and the timers that it needs.</summary>
public sealed record AdvanceExperiment(Guid ExperimentId);

/// <summary>A task of the experiment has its accepted end.</summary>
public sealed record HostTaskEnded(Guid TaskId);

/// <summary>Timer; silent where the warm-up has ended otherwise.</summary>
public sealed record EndWarmUp(Guid ExperimentId);

/// <summary>Timer: the verdict is reached with the windows there are; silent where it was reached already.</summary>
public sealed record EndRun(Guid ExperimentId);

/// <summary>A host has not taken off what it should within the time it is waited for.</summary>
public sealed record HostIsSilent(Guid ExperimentId, string HostId, string Purpose, string Detail);

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
    public static async Task<OutgoingMessages> Handle(AdvanceExperiment message, IDocumentSession session, CancellationToken cancellation)
    {
        // Locked, not only read: a command that changes the state meanwhile waits, so that no task of the old state follows it.
        var stream = await session.Events.FetchForExclusiveWriting<Experiment>(message.ExperimentId, cancellation);
        if (stream.Aggregate is not { } experiment) return [];
        session.StampDecision();
        session.ForExperiment(experiment.Id);

        OutgoingMessages messages = [];
        var wanted = ExperimentTasks.For(experiment).Where(t => experiment.Waiting.Contains(t.Task.HostId)).ToList();
        await CancelOthers(experiment, wanted.Select(t => t.Id).ToHashSet(), session, cancellation);
        foreach (var (id, task) in wanted)
        {
            var queued = await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation);
            if (queued is null) session.Events.StartStream<AgentTask>(id, task);
            // Told again: the message that told of its end may have been lost.
            else if (queued.HasEnded) messages.Add(new HostTaskEnded(id));
        }
        if (wanted.Count > 0)
            messages.Add(new GiveUpWaiting(experiment.Id, experiment.State, experiment.Round).DelayedFor(ExperimentDecisions.HostPatience));
        if (experiment.State == ExperimentState.WarmingUp) messages.Add(new EndWarmUp(experiment.Id).DelayedFor(experiment.Plan.WarmUp));
        if (experiment.State == ExperimentState.Running) messages.Add(new EndRun(experiment.Id).DelayedFor(experiment.Plan.Deadline));
        return messages;
    }

    public static async Task<OutgoingMessages> Handle(HostTaskEnded message, IDocumentSession session, CancellationToken cancellation)
    {
        if (await session.Events.AggregateStreamAsync<AgentTask>(message.TaskId, token: cancellation) is not { } task) return [];
        return await Decide(task.ExperimentId, session, experiment =>
            // A task of an earlier state that ended late moves nothing.
            !ExperimentTasks.For(experiment).Any(t => t.Id == task.Id) ? Decision.Nothing
            : task.State == TaskState.Succeeded ? ExperimentDecisions.HostDone(experiment, task.HostId)
            : ExperimentDecisions.HostGaveUp(experiment, task.HostId, task.Purpose.ToString(), task.LastError ?? "unknown"), cancellation);
    }

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
        session.ForExperiment(experiment.Id);
        var detail = $"the host did not do it within {ExperimentDecisions.HostPatience.TotalMinutes:0} minutes";
        OutgoingMessages messages = [];
        foreach (var (id, task) in ExperimentTasks.For(experiment).Where(t => experiment.Waiting.Contains(t.Task.HostId)))
        {
            if (experiment.State is ExperimentState.Starting or ExperimentState.Promoting)
            {
                var open = await session.Events.FetchForWriting<AgentTask>(id, cancellation);
                if (open.Aggregate is { } waiting) open.AppendMany(AgentTaskDecisions.GiveUp(waiting, detail).Events);
                messages.Add(new HostTaskEnded(id));
            }
            else
            {
                messages.Add(new HostIsSilent(experiment.Id, task.HostId, task.Purpose.ToString(), detail));
            }
        }
        return messages;
    }

    public static Task<OutgoingMessages> Handle(HostIsSilent message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.ExperimentId, session, x => ExperimentDecisions.HostGaveUp(x, message.HostId, message.Purpose, message.Detail), cancellation);

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
    static async Task CancelOthers(Experiment experiment, HashSet<Guid> wanted, IDocumentSession session, CancellationToken cancellation)
    {
        var open = await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where experiment_id = ? and status in (0, 1) and purpose in ('{TaskPurpose.ApplyVariants}', '{TaskPurpose.Promote}')",
            cancellation, experiment.Id);
        foreach (var id in open.Where(id => !wanted.Contains(id)))
        {
            var stream = await session.Events.FetchForWriting<AgentTask>(id, cancellation);
            if (stream.Aggregate is { } task)
                stream.AppendMany(AgentTaskDecisions.Cancel(task, $"the experiment is {experiment.State}").Events);
        }
    }
}
