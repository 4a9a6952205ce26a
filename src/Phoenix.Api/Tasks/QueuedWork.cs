using Marten;
using Phoenix.Domain;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>What has become of tasks that were asked for, for many hosts at once.</summary>
static class QueuedWork
{
    /// <summary>Which of these tasks were ever queued.</summary>
    public static async Task<HashSet<Guid>> Known(IDocumentSession session, Guid[] ids, CancellationToken cancellation) =>
        [.. await session.AdvancedSql.QueryAsync<Guid>("select id from phoenix.mt_streams where id = any(?)", cancellation, ids)];

    /// <summary>Those that have succeeded or were dead-lettered.</summary>
    public static async Task<IReadOnlyList<TaskEnd>> Ended(
        IDocumentSession session, IReadOnlyList<(Guid Id, TaskQueued Task)> wanted, CancellationToken cancellation)
    {
        Guid[] ids = [.. wanted.Select(t => t.Id)];
        HashSet<Guid> open = [.. await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where id = any(?) and status <> 2", cancellation, ids)];
        var errors = (await session.AdvancedSql.QueryAsync<Guid, string>(
            $"select row(id), row(coalesce(last_error, 'unknown')) from {TaskQueueProjection.TableName} where id = any(?) and status = 2", cancellation, ids)).ToDictionary(e => e.Item1, e => e.Item2);
        Guid[] gone = [.. ids.Where(id => !open.Contains(id) && !errors.ContainsKey(id))];
        HashSet<Guid> succeeded = [.. await session.AdvancedSql.QueryAsync<Guid>(
            "select stream_id from phoenix.mt_events where stream_id = any(?) and type = 'task_succeeded'", cancellation, gone)];
        return [.. wanted.Where(t => errors.ContainsKey(t.Id) || succeeded.Contains(t.Id))
            .Select(t => new TaskEnd(t.Id, t.Task.HostId, t.Task.Purpose, errors.GetValueOrDefault(t.Id)))];
    }

    /// <summary>The first of the hosts that has such a task before it or at work; null where none has.</summary>
    public static async Task<string?> WithOpen(this IQuerySession session, TaskPurpose purpose, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        await session.AdvancedSql.QueryAsync<string>(
            $"select host_id from {TaskQueueProjection.TableName} where host_id = any(?) and status in (0, 1) and purpose = '{purpose}' order by host_id limit 1",
            cancellation, (object)hosts.ToArray()) is [var host, ..] ? host : null;

    /// <summary>Takes back what would undo the work that these hosts are now asked for: a putting back of what they should have run before.</summary>
    public static async Task SupersedeReapply(this IDocumentSession session, IReadOnlyCollection<string> hosts, string cause, CancellationToken cancellation)
    {
        var open = await session.AdvancedSql.QueryAsync<Guid>(
            $"select id from {TaskQueueProjection.TableName} where host_id = any(?) and status in (0, 1) and purpose = '{TaskPurpose.Reapply}'", cancellation, (object)hosts.ToArray());
        await TaskQueue.Change(session, [.. open], task => AgentTaskDecisions.Cancel(task, cause), cancellation);
    }

    /// <summary>Hosts that an order to change what they run is still on its way to, though nobody has them any more.</summary>
    public static Task<IReadOnlyList<string>> StillChangingHosts(this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        session.AdvancedSql.QueryAsync<string>(
            $"select distinct q.host_id from {TaskQueueProjection.TableName} q where q.host_id = any(?) and q.status in (0, 1) and q.purpose in ('{TaskPurpose.Deploy}', '{TaskPurpose.RestoreBaseline}', '{TaskPurpose.Promote}') " +
            $"and not exists (select from {ExperimentHostsProjection.TableName} e where e.host_id = q.host_id) order by q.host_id",
            cancellation, (object)hosts.ToArray());

    /// <summary>Why the hosts may not be given another pipeline now; null where they may.</summary>
    public static async Task<Rejection?> StillChanging(this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        await session.StillChangingHosts(hosts, cancellation) is [var host, ..]
            ? Rejection.Conflict("host-changing", $"Host '{host}' has not yet done what an earlier rollback or deployment asks of it, and would do it afterwards. Wait for it, cancel the task (GET /api/v2/tasks?hostId={Uri.EscapeDataString(host)}), or leave the host out.")
            : null;
}
