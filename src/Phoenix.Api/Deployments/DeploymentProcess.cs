using Marten;
using Npgsql;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Measurements;
using Phoenix.Api.Tasks;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine;

namespace Phoenix.Api.Deployments;

/// <summary>The deployment may have changed: see to it that its state gets the work and the timers that it needs.</summary>
/// <param name="Offset">Of its hosts; a large wave is queued by a chain of such messages.</param>
public sealed record AdvanceDeployment(Guid DeploymentId, int Offset = 0);

/// <summary>Tasks of the deployment have their accepted ends.</summary>
public sealed record DeploymentTasksEnded(Guid DeploymentId, IReadOnlyList<TaskEnd> Ends);

/// <summary>Open tasks of a round that is over are no longer wanted.</summary>
public sealed record TakeBackDeploymentTasks(Guid DeploymentId, int Round, int Offset = 0);

/// <summary>Timer: looks at what is measured while a wave soaks, and judges it when it has; silent where the deployment no longer soaks in this wave and round.</summary>
/// <param name="Broken">The look before this one found a limit broken.</param>
public sealed record EndDeploymentSoak(Guid DeploymentId, int Wave, int Round, bool Broken = false);

/// <summary>Timer: a freeze that holds the deployment should be over.</summary>
public sealed record EndDeploymentFreeze(Guid DeploymentId);

/// <summary>Timer: hosts that are still waited for in this state, wave and round are gone on without.</summary>
public sealed record GiveUpDeploying(Guid DeploymentId, DeploymentState State, int Wave, int Round);

/// <summary>
/// The process manager of a deployment: wave → tasks → ended → soak → judged → next wave, and the ways out of it. Every step may be
/// killed, repeated or come late: task ids follow from what they are for, and states that wait for nothing are silent.
/// </summary>
[Wolverine.Attributes.WolverineHandler]
public static class DeploymentProcess
{
    /// <summary>Hosts of one transaction.</summary>
    const int Chunk = TaskEvents.PerTransaction;

    /// <summary>The policy may change meanwhile, and end a freeze before its time.</summary>
    static DateTimeOffset Soon(DateTimeOffset until, TimeProvider clock) => clock.GetUtcNow().AddMinutes(1) is var soon && soon < until ? soon : until;

    /// <summary>How often a gate is asked again that has nothing to judge yet.</summary>
    static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <summary>Between two looks at a wave that soaks: more than a heartbeat, so that each sees something new.</summary>
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(20);

    static DateTimeOffset NextLook(Deployment x, DateTimeOffset now)
    {
        var end = x.Until ?? x.SoakingSince!.Value + x.Plan.Soak;
        return x.Until is null && now + LookEvery < end ? now + LookEvery : now < end ? end : now + AskAgain;
    }

    public static async Task<OutgoingMessages> Handle(AdvanceDeployment message, IDocumentSession session, TaskQueue queue, TimeProvider clock, CancellationToken cancellation)
    {
        // Locked, not only read: a command that changes the state meanwhile waits, so that no task of the old state follows it.
        var stream = await session.Events.FetchForExclusiveWriting<Deployment>(message.DeploymentId, cancellation);
        if (stream.Aggregate is not { } x) return [];
        session.StampDecision();
        session.ForExperiment(x.ExperimentId ?? Guid.Empty);
        switch (x.State)
        {
            case DeploymentState.Soaking:
                return [new EndDeploymentSoak(x.Id, x.Wave, x.Round).ScheduledAt(NextLook(x, clock.GetUtcNow()))];
            case DeploymentState.Held when x is { HeldBy: DeploymentCause.Frozen, HeldUntil: { } until }:
                return [new EndDeploymentFreeze(x.Id).ScheduledAt(Soon(until, clock))];
            case DeploymentState.Running when x.Wave == 0:
                var first = DeploymentDecisions.StartWave(x, await session.RunNow(x.HostsOf(1), cancellation), (await session.ChangePolicy(cancellation)).FrozenAt(clock.GetUtcNow()));
                stream.AppendMany(first.Events);
                return Following(x, first);
            case not (DeploymentState.Running or DeploymentState.RollingBack):
                return x is { HasEnded: true, ExperimentId: not null } ? [Ended(x)] : [];
        }

        var hosts = x.Hosts.Take(x.Begun).Skip(message.Offset).Take(Chunk).Where(x.Waiting.Contains).ToList();
        var wanted = DeploymentTasks.For(x, hosts).ToList();
        var known = await QueuedWork.Known(session, [.. wanted.Select(t => t.Id)], cancellation);
        await session.SupersedeReapply(hosts, $"deployment {x.Id} decides what the host runs", cancellation);
        await queue.Begin(session, [.. wanted.Where(t => !known.Contains(t.Id))], cancellation);

        OutgoingMessages messages = [];
        // Told again: the message that told of their end may have been lost.
        var ends = known.Count == 0 ? [] : await QueuedWork.Ended(session, [.. wanted.Where(t => known.Contains(t.Id))], cancellation);
        if (ends.Count > 0) messages.Add(new DeploymentTasksEnded(x.Id, ends));
        if (message.Offset + Chunk < x.Begun) messages.Add(message with { Offset = message.Offset + Chunk });
        if (message.Offset == 0) messages.Add(new GiveUpDeploying(x.Id, x.State, x.Wave, x.Round).DelayedFor(DeploymentDecisions.PatienceOf(x)));
        return messages;
    }

    public static Task<OutgoingMessages> Handle(DeploymentTasksEnded message, IDocumentSession session, CancellationToken cancellation) =>
        // A task of an earlier round that ended late moves nothing.
        Decide(message.DeploymentId, session, x =>
        {
            var ends = message.Ends.Where(e => e.TaskId == DeploymentTasks.Id(x.Id, x.Round, e.HostId)).ToLookup(e => e.Error is null);
            return Task.FromResult(DeploymentDecisions.HostsEnded(x, [.. ends[true].Select(e => e.HostId)], [.. ends[false].Select(e => new FailedDeployment(e.HostId, e.Error!))], []));
        }, cancellation);

    public static async Task<OutgoingMessages> Handle(TakeBackDeploymentTasks message, IDocumentSession session, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Deployment>(message.DeploymentId, cancellation) is not { } x) return [];
        session.StampDecision();
        Guid[] ids = [.. x.Hosts.Take(x.Begun).Skip(message.Offset).Take(Chunk).Select(h => DeploymentTasks.Id(x.Id, message.Round, h))];
        var open = await session.AdvancedSql.QueryAsync<Guid>($"select id from {TaskQueueProjection.TableName} where id = any(?) and status in (0, 1)", cancellation, (object)ids);
        await TaskQueue.Change(session, [.. open], task => AgentTaskDecisions.Cancel(task, $"the deployment is {x.State}"), cancellation);
        return message.Offset + Chunk < x.Begun ? [message with { Offset = message.Offset + Chunk }] : [];
    }

    public static async Task<OutgoingMessages> Handle(EndDeploymentSoak message, IDocumentSession session, DeployedHosts deployed, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        var broken = false;
        Deployment? seen = null;
        var messages = await Decide(message.DeploymentId, session, async x =>
        {
            if (x.State != DeploymentState.Soaking || x.Wave != message.Wave || x.Round != message.Round) return Decision.Nothing;
            seen = x;
            var now = clock.GetUtcNow();
            // Most looks come before a next wave may begin.
            var next = x.Wave < x.Waves.Count && now >= x.SoakingSince + x.Plan.Soak ? await session.RunNow(x.HostsOf(x.Wave + 1), cancellation) : [];
            var figures = x.Until is null ? await deployed.Read([.. x.Deployed], cancellation) : [];
            var kept = x is { ExperimentId: { } experiment, Plan.Gate.MaxSavingShortfallPct: not null } ? await WindowStore.KeptPct(database, experiment, x.Deployed, cancellation) : null;
            broken = DeploymentDecisions.IsBroken(DeploymentGate.Judge(x, figures, kept));
            return DeploymentDecisions.EndSoak(
                x, message.Wave, message.Round, figures, next, (await session.ChangePolicy(cancellation)).FrozenAt(now), now, kept, message.Broken);
        }, cancellation);
        if (seen is not null && messages.Count == 0) messages.Add((message with { Broken = broken }).ScheduledAt(NextLook(seen, clock.GetUtcNow())));
        return messages;
    }

    public static async Task<OutgoingMessages> Handle(EndDeploymentFreeze message, IDocumentSession session, TimeProvider clock, CancellationToken cancellation)
    {
        var freeze = (await session.ChangePolicy(cancellation)).FrozenAt(clock.GetUtcNow());
        Deployment? seen = null;
        var messages = await Decide(message.DeploymentId, session, x => Task.FromResult(DeploymentDecisions.EndFreeze(seen = x, freeze)), cancellation);
        if (messages.Count == 0 && freeze is not null && seen is { State: DeploymentState.Held, HeldBy: DeploymentCause.Frozen }) messages.Add(message.ScheduledAt(Soon(freeze.Until, clock)));
        return messages;
    }

    /// <summary>
    /// A host that is to deploy and has not is given up, so that it does not do so later by itself. The order to return stays in
    /// the queue for the day the host comes back.
    /// </summary>
    public static async Task<OutgoingMessages> Handle(GiveUpDeploying message, IDocumentSession session, CancellationToken cancellation)
    {
        var more = false;
        var messages = await Decide(message.DeploymentId, session, async x =>
        {
            if (x.State != message.State || x.Wave != message.Wave || x.Round != message.Round || x.Waiting.IsEmpty) return Decision.Nothing;
            var waiting = x.Waiting.Take(Chunk).ToDictionary(h => DeploymentTasks.Id(x.Id, x.Round, h));
            more = x.Waiting.Count > waiting.Count;
            var (tasks, _) = await TaskQueue.Lock(session, waiting.Keys, cancellation);
            var ended = (await QueuedWork.Ended(session, [.. DeploymentTasks.For(x, [.. waiting.Values])], cancellation)).ToDictionary(e => e.HostId);
            var silent = tasks.Values.Where(t => !t.HasEnded).ToList();
            if (x.State == DeploymentState.Running)
                await TaskQueue.Change(session, [.. silent.Select(t => t.Id)],
                    task => AgentTaskDecisions.GiveUp(task, $"the host did not do it within {x.Plan.Patience.TotalMinutes:0.#} minutes"), cancellation);
            return DeploymentDecisions.HostsEnded(x,
                [.. ended.Values.Where(e => e.Error is null).Select(e => e.HostId)],
                [
                    .. ended.Values.Where(e => e.Error is not null).Select(e => new FailedDeployment(e.HostId, e.Error!)),
                    .. silent.Where(t => t.Attempt > 0 && !ended.ContainsKey(t.HostId)).Select(t => new FailedDeployment(t.HostId, "host-silent: it began and has not said how that ended")),
                ],
                [.. waiting.Values.Where(h => !ended.ContainsKey(h) && !silent.Any(t => t.HostId == h && t.Attempt > 0))]);
        }, cancellation);
        if (more) messages.Add(message);
        return messages;
    }

    /// <summary>Loads, decides and appends under the stream's optimistic lock; a conflict throws and the message is handled again.</summary>
    static async Task<OutgoingMessages> Decide(Guid id, IDocumentSession session, Func<Deployment, Task<Decision>> decide, CancellationToken cancellation)
    {
        var stream = await session.Events.FetchForWriting<Deployment>(id, cancellation);
        if (stream.Aggregate is not { } x) return [];
        var decision = await decide(x);
        if (decision.Events.Count == 0) return [];
        session.StampDecision();
        session.ForExperiment(x.ExperimentId ?? Guid.Empty);
        stream.AppendMany(decision.Events);
        return Following(x, decision);
    }

    /// <summary>What follows from a decision; hosts alone ask for nothing new but to be told to the experiment.</summary>
    public static OutgoingMessages Following(Deployment before, Decision decision)
    {
        OutgoingMessages messages = [];
        if (decision.Events.Any(e => e is DeploymentHeld or DeploymentRollbackRequested or DeploymentAborted) && before.Begun > 0)
            messages.Add(new TakeBackDeploymentTasks(before.Id, before.Round));
        if (before.ExperimentId is { } experiment && decision.Events.OfType<HostsDeployed>().SelectMany(e => e.Hosts).ToList() is { Count: > 0 } hosts)
            messages.Add(new PromotionProgressed(experiment, before.Id, hosts));
        if (decision.Events.Any(e => e is not (HostsDeployed or HostDeploymentsFailed or HostsNotReached or HostsRestored or HostRestoresFailed)))
            messages.Add(new AdvanceDeployment(before.Id));
        return messages;
    }

    /// <summary>What the experiment is told, by the state that the deployment has ended in.</summary>
    static PromotionEnded Ended(Deployment x) => new(
        x.ExperimentId!.Value, x.Id, x.State switch
        {
            DeploymentState.Completed => PromotionOutcome.Promoted,
            DeploymentState.RolledBack => PromotionOutcome.TakenBack,
            _ => PromotionOutcome.Withdrawn,
        },
        x.Detail ?? "", [.. x.Failed.Select(f => new HostFailed(f.Key, nameof(TaskPurpose.Deploy), f.Value)), .. x.NotReached.Select(h => new HostFailed(h, nameof(TaskPurpose.Deploy), "it did not call in"))]);
}
