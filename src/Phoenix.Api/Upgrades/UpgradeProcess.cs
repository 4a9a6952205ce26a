using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Upgrades;
using Phoenix.Projections.Tasks;
using Wolverine;

namespace Phoenix.Api.Upgrades;

/// <summary>The upgrade may have changed: see to it that its state gets the work and the timers that it needs.</summary>
/// <param name="Offset">Of its hosts; a large stage is queued by a chain of such messages.</param>
public sealed record AdvanceUpgrade(Guid UpgradeId, int Offset = 0);

/// <summary>Tasks of the upgrade have their accepted ends.</summary>
public sealed record UpgradeTasksEnded(Guid UpgradeId, IReadOnlyList<TaskEnd> Ends);

/// <summary>Open tasks of a round that is over are no longer wanted.</summary>
public sealed record TakeBackUpgradeTasks(Guid UpgradeId, int Round, int Offset = 0);

/// <summary>Timer; silent where the upgrade no longer soaks in this stage and round.</summary>
public sealed record EndUpgradeSoak(Guid UpgradeId, int Stage, int Round);

/// <summary>Timer: hosts that are still waited for in this state, stage and round are gone on without.</summary>
public sealed record GiveUpUpgrading(Guid UpgradeId, UpgradeState State, int Stage, int Round);

/// <summary>
/// The process manager of an upgrade: stage → tasks → ended → soak → next stage, and the ways out of it. Every step may be
/// killed, repeated or come late: task ids follow from what they are for, and states that wait for nothing are silent.
/// </summary>
[Wolverine.Attributes.WolverineHandler]
public static class UpgradeProcess
{
    /// <summary>Hosts of one transaction.</summary>
    const int Chunk = TaskEvents.PerTransaction;

    public static async Task<OutgoingMessages> Handle(AdvanceUpgrade message, IDocumentSession session, TaskQueue queue, CancellationToken cancellation)
    {
        // Locked, not only read: a command that changes the state meanwhile waits, so that no task of the old state follows it.
        var stream = await session.Events.FetchForExclusiveWriting<Upgrade>(message.UpgradeId, cancellation);
        if (stream.Aggregate is not { } x) return [];
        session.StampDecision();
        if (x.State == UpgradeState.Soaking) return [new EndUpgradeSoak(x.Id, x.Stage, x.Round).DelayedFor(x.Plan.Soak)];
        if (x.State is not (UpgradeState.Running or UpgradeState.RollingBack)) return [];

        var wanted = x.Hosts.Take(x.Begun).Skip(message.Offset).Take(Chunk).Where(x.Waiting.Contains).ToDictionary(h => UpgradeTasks.Id(x.Id, x.Round, h));
        var known = (await session.AdvancedSql.QueryAsync<Guid>("select id from phoenix.mt_streams where id = any(?)", cancellation, (object)wanted.Keys.ToArray())).ToHashSet();
        await queue.Begin(session, [.. wanted.Where(t => !known.Contains(t.Key)).Select(t => (t.Key, UpgradeTasks.For(x, t.Value)))], cancellation);
        // Told again: the message that told of their end may have been lost.
        List<TaskEnd> ends = [];
        foreach (var id in known.Except(await Open([.. known], session, cancellation)))
            if (await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is { } task && EndOf(task) is { } end) ends.Add(end);

        OutgoingMessages messages = [];
        if (ends.Count > 0) messages.Add(new UpgradeTasksEnded(x.Id, ends));
        if (message.Offset + Chunk < x.Begun) messages.Add(message with { Offset = message.Offset + Chunk });
        if (message.Offset == 0) messages.Add(new GiveUpUpgrading(x.Id, x.State, x.Stage, x.Round).DelayedFor(x.Plan.Patience));
        return messages;
    }

    public static Task<OutgoingMessages> Handle(UpgradeTasksEnded message, IDocumentSession session, CancellationToken cancellation) =>
        // A task of an earlier round that ended late moves nothing.
        Decide(message.UpgradeId, session, x => Task.FromResult(HostsEnded(x, message.Ends.Where(e => e.TaskId == UpgradeTasks.Id(x.Id, x.Round, e.HostId)), [])), cancellation);

    public static async Task<OutgoingMessages> Handle(TakeBackUpgradeTasks message, IDocumentSession session, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Upgrade>(message.UpgradeId, cancellation) is not { } x) return [];
        session.StampDecision();
        var hosts = x.Hosts.Take(x.Begun).Skip(message.Offset).Take(Chunk);
        var open = await Open([.. hosts.Select(h => UpgradeTasks.Id(x.Id, message.Round, h))], session, cancellation);
        await TaskQueue.Change(session, [.. open], task => AgentTaskDecisions.Cancel(task, $"the upgrade is {x.State}"), cancellation);
        return message.Offset + Chunk < x.Begun ? [message with { Offset = message.Offset + Chunk }] : [];
    }

    public static Task<OutgoingMessages> Handle(EndUpgradeSoak message, IDocumentSession session, HostCondition condition, CancellationToken cancellation) =>
        Decide(message.UpgradeId, session, async x =>
        {
            if (x.State != UpgradeState.Soaking || x.Stage != message.Stage || x.Round != message.Round) return Decision.Nothing;
            var unwell = await condition.UnwellAfter(x, cancellation);
            var unwellNext = x.Stage < x.Stages.Count ? await condition.Unwell([.. x.HostsOf(x.Stage + 1)], cancellation) : new HashSet<string>();
            return UpgradeDecisions.EndSoak(x, message.Stage, message.Round, unwell, [.. unwellNext.Order(StringComparer.Ordinal)]);
        }, cancellation);

    /// <summary>
    /// A host that is to upgrade and has not is given up, so that it does not do so later by itself. The order to return stays in
    /// the queue for the day the host comes back.
    /// </summary>
    public static Task<OutgoingMessages> Handle(GiveUpUpgrading message, IDocumentSession session, CancellationToken cancellation) =>
        Decide(message.UpgradeId, session, async x =>
        {
            if (x.State != message.State || x.Stage != message.Stage || x.Round != message.Round) return Decision.Nothing;
            var waiting = x.Waiting.Take(Chunk).ToDictionary(h => UpgradeTasks.Id(x.Id, x.Round, h));
            var (tasks, _) = await TaskQueue.Lock(session, waiting.Keys, cancellation);
            var silent = tasks.Values.Where(t => !t.HasEnded).ToList();
            if (x.State == UpgradeState.Running)
                await TaskQueue.Change(session, [.. silent.Select(t => t.Id)],
                    task => AgentTaskDecisions.GiveUp(task, $"the host did not do it within {x.Plan.Patience.TotalMinutes:0.#} minutes"), cancellation);
            return HostsEnded(x,
                [
                    .. tasks.Values.Select(EndOf).OfType<TaskEnd>(),
                    .. silent.Where(t => t.Attempt > 0).Select(t => new TaskEnd(t.Id, t.HostId, t.Purpose, "host-silent: it began and has not said how that ended")),
                ],
                [.. silent.Where(t => t.Attempt == 0).Select(t => t.HostId), .. waiting.Where(w => !tasks.ContainsKey(w.Key)).Select(w => w.Value)]);
        }, cancellation, also: x => x.Waiting.IsEmpty ? null : message);

    /// <summary>Loads, decides and appends under the stream's optimistic lock; a conflict throws and the message is handled again.</summary>
    /// <param name="also">What more is to be sent, by the state after the decision.</param>
    static async Task<OutgoingMessages> Decide(
        Guid id, IDocumentSession session, Func<Upgrade, Task<Decision>> decide, CancellationToken cancellation, Func<Upgrade, object?>? also = null)
    {
        var stream = await session.Events.FetchForWriting<Upgrade>(id, cancellation);
        if (stream.Aggregate is not { } x) return [];
        var decision = await decide(x);
        if (decision.Events.Count == 0) return [];
        session.StampDecision();
        stream.AppendMany(decision.Events);
        var messages = Following(x, decision);
        if (also is not null && decision.Events.All(IsOfHosts) && also(AfterHosts(x, decision)) is { } more) messages.Add(more);
        return messages;
    }

    /// <summary>What follows from a decision; hosts alone ask for nothing new.</summary>
    public static OutgoingMessages Following(Upgrade before, Decision decision)
    {
        OutgoingMessages messages = [];
        if (decision.Events.Any(e => e is UpgradeHeld or UpgradeRollbackRequested or UpgradeAborted)) messages.Add(new TakeBackUpgradeTasks(before.Id, before.Round));
        if (!decision.Events.All(IsOfHosts)) messages.Add(new AdvanceUpgrade(before.Id));
        return messages;
    }

    static bool IsOfHosts(object e) => e is HostsUpgraded or HostUpgradesFailed or HostsUnreached or HostsReturned or HostReturnsFailed;

    static Upgrade AfterHosts(Upgrade x, Decision decision) => decision.Events.Aggregate(x, (state, e) => e switch
    {
        HostsUpgraded hosts => state.Apply(hosts),
        HostUpgradesFailed hosts => state.Apply(hosts),
        HostsUnreached hosts => state.Apply(hosts),
        HostsReturned hosts => state.Apply(hosts),
        HostReturnsFailed hosts => state.Apply(hosts),
        _ => state,
    });

    static async Task<IReadOnlyList<Guid>> Open(Guid[] ids, IDocumentSession session, CancellationToken cancellation) =>
        await session.AdvancedSql.QueryAsync<Guid>($"select id from {TaskQueueProjection.TableName} where id = any(?) and status in (0, 1)", cancellation, (object)ids);

    /// <summary>The end of a task that has one.</summary>
    static TaskEnd? EndOf(AgentTask task) => task.State switch
    {
        TaskState.Succeeded => new(task.Id, task.HostId, task.Purpose, null, Report: task.Report),
        TaskState.DeadLettered or TaskState.Cancelled => new(task.Id, task.HostId, task.Purpose, task.LastError ?? "cancelled"),
        _ => null,
    };

    static Decision HostsEnded(Upgrade x, IEnumerable<TaskEnd> ends, IReadOnlyList<string> unreached)
    {
        var byOutcome = ends.ToLookup(e => e.Error is null);
        return UpgradeDecisions.HostsEnded(x,
            [.. byOutcome[true].Select(e => new UpgradedHost(e.HostId, e.Report?.Deserialize(WireJson.Default.UpgradeReport)?.FromVersion ?? ""))],
            [.. byOutcome[false].Select(e => new FailedUpgrade(e.HostId, e.Error!))], unreached);
    }
}
