using Marten;
using Npgsql;
using Phoenix.Api.Measurements;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Tasks;
using Wolverine;

namespace Phoenix.Api.Experiments;

/// <summary>The experiment may have changed: see to it that its state gets the work and the timers that it needs.</summary>
/// <param name="After">Hosts up to this one have been seen to; null at the beginning.</param>
public sealed record AdvanceExperiment(Guid ExperimentId, string? After = null);

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
    /// <summary>Hosts that one step queues work for: its transaction locks the experiment for as long as that takes.</summary>
    const int HostsAtATime = 1000;

    /// <summary>A long list of hosts is worked off in short transactions, each of which asks for the next one.</summary>
    public static async Task<OutgoingMessages> Handle(AdvanceExperiment message, IDocumentSession session, TaskQueue queue, CancellationToken cancellation)
    {
        // Locked, not only read: a command that changes the state meanwhile waits, so that no task of the old state follows it.
        var stream = await session.Events.FetchForExclusiveWriting<Experiment>(message.ExperimentId, cancellation);
        if (stream.Aggregate is not { } experiment) return [];
        session.StampDecision();

        // Its deployment has the work and the timers, and tells how it ends; told again, since the message that told it may have been lost.
        if (experiment is { State: ExperimentState.Promoting, DeploymentId: { } deployment })
            return await session.LoadAsync<Deployment>(deployment, cancellation) is { HasEnded: true } ? [new Deployments.AdvanceDeployment(deployment)] : [];
        if (message.After is null && await CancelOthers(experiment, session, cancellation)) return [message];
        var hosts = experiment.Waiting.Where(h => message.After is null || experiment.Waiting.KeyComparer.Compare(h, message.After) > 0).Take(HostsAtATime).ToList();
        var wanted = ExperimentTasks.For(experiment, hosts).ToList();
        var known = await QueuedWork.Known(session, [.. wanted.Select(t => t.Id)], cancellation);
        if (wanted.Count > 0) await session.SupersedeReapply(hosts, $"experiment {experiment.Id} decides what the host runs", cancellation);
        await queue.Begin(session, [.. wanted.Where(t => !known.Contains(t.Id))], cancellation);

        OutgoingMessages messages = [];
        // Told again: the message that told of an end may have been lost.
        var ended = known.Count == 0 ? [] : await QueuedWork.Ended(session, [.. wanted.Where(t => known.Contains(t.Id))], cancellation);
        if (ended.Count > 0) messages.Add(new HostTasksEnded(experiment.Id, ended));
        if (hosts.Count == HostsAtATime)
        {
            messages.Add(message with { After = hosts[^1] });
            return messages;
        }
        if (!experiment.Waiting.IsEmpty)
            messages.Add(new GiveUpWaiting(experiment.Id, experiment.State, experiment.Round).DelayedFor(ExperimentDecisions.HostPatience));
        if (experiment.State == ExperimentState.WarmingUp) messages.Add(new EndWarmUp(experiment.Id).DelayedFor(experiment.Plan.WarmUp));
        if (experiment.State == ExperimentState.Running) messages.Add(new EndRun(experiment.Id).ScheduledAt(experiment.RunEndsAt ?? EventStoreOptions.Clock.GetUtcNow() + experiment.Plan.Deadline));
        return messages;
    }

    public static Task<OutgoingMessages> Handle(HostTasksEnded message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.ExperimentId, session, experiment =>
        {
            // A task of an earlier state that ended late moves nothing.
            var current = ExperimentTasks.For(experiment, message.Ends.Select(e => e.HostId)).Select(t => t.Id).ToHashSet();
            var ends = message.Ends.Where(e => current.Contains(e.TaskId)).ToLookup(e => e.Error is null);
            return ExperimentDecisions.HostsEnded(experiment,
                [.. ends[true].Select(e => e.HostId)], [.. ends[false].Select(e => new HostFailed(e.HostId, e.Purpose.ToString(), e.Error!))]);
        }, cancellation);

    public static Task<OutgoingMessages> Handle(EndWarmUp message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.ExperimentId, session, ExperimentDecisions.EndWarmUp, cancellation);

    public static async Task<OutgoingMessages> Handle(EndRun message, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        var prices = await session.PriceBook(cancellation);
        Experiment? seen = null;
        var messages = await Decide(message.ExperimentId, session, async x =>
            ExperimentDecisions.EndRun(seen = x, prices.PriceOf(x.PriceEntry, clock.Today()).Price, clock.GetUtcNow(), await RecordWindowHandler.Outcomes(x, database, cancellation)), cancellation);
        // Too early: it was extended, or this node's clock is behind the one that set the timer.
        if (messages.Count == 0 && seen is { State: ExperimentState.Running, RunEndsAt: { } end } && clock.GetUtcNow() < end) messages.Add(message.ScheduledAt(end));
        return messages;
    }

    /// <summary>
    /// What was to be put on a host is given up, so that it does not appear there later. What was to be taken off stays in
    /// the queue for the day the host comes back; the experiment goes on without it and names it.
    /// </summary>
    public static async Task<OutgoingMessages> Handle(GiveUpWaiting message, IDocumentSession session, TaskQueue queue, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<Experiment>(message.ExperimentId, cancellation);
        if (stream.Aggregate is not { } experiment || experiment.State != message.State || experiment.Round != message.Round) return [];
        session.StampDecision();
        var detail = $"the host did not do it within {ExperimentDecisions.HostPatience.TotalMinutes:0} minutes";
        var silent = ExperimentTasks.For(experiment, experiment.Waiting.Take(TaskEvents.PerTransaction)).ToList();
        // Those that are done and only not told of yet.
        if (await QueuedWork.Ended(session, silent, cancellation) is { Count: > 0 } ended) return [new HostTasksEnded(experiment.Id, ended), message];
        var begun = experiment.State == ExperimentState.Starting ? (await TaskQueue.Lock(session, [.. silent.Select(t => t.Id)], cancellation)).Tasks.Values.Where(t => t.Attempt > 0).Select(t => t.HostId).ToList() : [];
        if (experiment.Measures || experiment.State == ExperimentState.Promoting)
            await TaskQueue.Change(session, [.. silent.Select(t => t.Id)], task => AgentTaskDecisions.GiveUp(task, detail), cancellation);
        if (ExperimentDecisions.LeaveOut(experiment, [.. silent.Select(t => t.Task.HostId)]) is { Events: [_, ..] leftOut })
        {
            stream.AppendMany(leftOut);
            // One that had begun may have the candidate, or get it yet: it is taken off, whenever the host is heard again.
            if (leftOut is [HostsLeftOut]) await queue.Begin(session, [.. ExperimentTasks.TakeOff(experiment, begun)], cancellation);
            return [new AdvanceExperiment(experiment.Id), .. silent.Count == TaskEvents.PerTransaction ? [message] : Array.Empty<object>()];
        }
        return silent.Count == 0 ? [] :
        [
            new HostTasksEnded(experiment.Id, [.. silent.Select(t => new TaskEnd(t.Id, t.Task.HostId, t.Task.Purpose, detail))]),
            .. silent.Count == TaskEvents.PerTransaction ? [message] : Array.Empty<object>(),
        ];
    }

    static Task<OutgoingMessages> Decide(Guid experimentId, IDocumentSession session, Func<Experiment, Decision> decide, CancellationToken cancellation) =>
        Decide(experimentId, session, x => Task.FromResult(decide(x)), cancellation);

    /// <summary>Loads, decides and appends under the stream's optimistic lock; a conflict throws and the message is handled again.</summary>
    public static async Task<OutgoingMessages> Decide(
        Guid experimentId, IDocumentSession session, Func<Experiment, Task<Decision>> decide, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<Experiment>(experimentId, cancellation);
        if (stream.Aggregate is not { } experiment) return [];
        var decision = await decide(experiment);
        if (decision.Events.Count == 0) return [];
        session.StampDecision();
        stream.AppendMany(decision.Events);
        // Windows, and hosts that a deployment has brought along, ask for nothing new.
        return decision.Events.All(e => e is WindowMeasured or WindowVoided or VariantPromoted) ? [] : [new AdvanceExperiment(experimentId)];
    }

    /// <summary>
    /// Open tasks that would put something on a host which the state no longer wants, such as an apply that waits for a retry
    /// while all goes back. What takes something off stays: a host that was silent still has to do it.
    /// </summary>
    /// <returns>Whether there may be more of them.</returns>
    static async Task<bool> CancelOthers(Experiment experiment, IDocumentSession session, CancellationToken cancellation)
    {
        var open = await session.AdvancedSql.QueryAsync<Guid, string>(
            $"select row(id), row(host_id) from {TaskQueueProjection.TableName} where experiment_id = ? and status in (0, 1) and purpose in ('{TaskPurpose.ApplyVariants}', '{TaskPurpose.Promote}', '{TaskPurpose.Deploy}')",
            cancellation, experiment.Id);
        var wanted = ExperimentTasks.For(experiment, open.Select(o => o.Item2)).Select(t => t.Id).ToHashSet();
        var unwanted = open.Select(o => o.Item1).Where(id => !wanted.Contains(id)).ToList();
        await TaskQueue.Change(session, [.. unwanted.Take(TaskEvents.PerTransaction)],
            task => AgentTaskDecisions.Cancel(task, $"the experiment is {experiment.State}"), cancellation);
        return unwanted.Count > TaskEvents.PerTransaction;
    }
}
