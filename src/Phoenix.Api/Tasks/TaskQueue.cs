using System.Collections.Concurrent;
using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Services;
using Npgsql;
using Phoenix.Api.Signing;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>What the queue does in the database: hand tasks to hosts, lock those that are to change, and tell which are due or overdue.</summary>
public sealed class TaskQueue(IDocumentStore store, NpgsqlDataSource database, QueueAccess access, WakeUps wakeUps, ConfigurationSigner signer)
{
    /// <summary>How long a host has to answer before the task goes to another attempt.</summary>
    public static readonly TimeSpan LeaseLength = TimeSpan.FromSeconds(60);

    /// <summary>Tasks a host has at work at most; those of <see cref="Urgent"/> priority come on top, one at a time.</summary>
    public const int MostAtWork = 4;

    /// <summary>From this priority on a task does not wait for what the host is busy with.</summary>
    public const int Urgent = 100;

    /// <summary>A proof is renewed when it has less than this left.</summary>
    static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(2);

    /// <summary>How far the clocks of nodes and database may differ, and a commit be late, before only the occasional whole sweep finds a task.</summary>
    static readonly TimeSpan SweepOverlap = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<string, (DateTimeOffset Until, byte[] Proof)> _proofs = new();
    readonly PipelineTexts _pipelines = new(store);

    /// <summary>Queues new tasks in the session's transaction; their hosts are woken when it has committed.</summary>
    public Task Begin(IDocumentSession session, IReadOnlyList<(Guid Id, TaskQueued Task)> tasks, CancellationToken cancellation) =>
        Begin(session, [.. tasks.Select(t => session.TaskEvent(t.Id, t.Task, t.Task.ExperimentId))], cancellation);

    /// <summary>The same with events that are made up already, each a <see cref="TaskQueued"/>.</summary>
    public Task Begin(IDocumentSession session, IReadOnlyList<IEvent> queued, CancellationToken cancellation)
    {
        if (queued.Count == 0) return Task.CompletedTask;
        WakeAfterCommit(session, [.. queued.Select(e => ((TaskQueued)e.Data).HostId)]);
        return session.BeginTasks(queued, cancellation);
    }

    /// <summary>Once the session has committed these hosts are asked for on every node: something may have become due for them.</summary>
    public void WakeAfterCommit(IDocumentSession session, IReadOnlyList<string> hosts) => session.Listeners.Add(new Wake(wakeUps, hosts));

    sealed class Wake(WakeUps wakeUps, IReadOnlyList<string> hosts) : DocumentSessionListenerBase
    {
        public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
        {
            wakeUps.Committed(hosts);
            return Task.CompletedTask;
        }
    }

    /// <summary>
    /// One round for all these hosts, whose credentials the caller has checked: what is due is assigned, and assignments that were never acknowledged
    /// (the answer was lost) are delivered again under the same lease.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<AssignedTask>>> Take(IReadOnlyCollection<string> hosts, CancellationToken cancellation)
    {
        var proofs = await Prove(hosts, cancellation);
        List<ClaimedTask> taken = [];
        await using (var command = access.Claims.CreateCommand($"select * from {TaskClaim.Claim}($1, $2, $3, $4, $5, $6)"))
        {
            command.Parameters.Add(new() { Value = proofs.Select(p => p.Host).ToArray() });
            command.Parameters.Add(new() { Value = proofs.Select(p => p.Until).ToArray() });
            command.Parameters.Add(new() { Value = proofs.Select(p => p.Proof).ToArray() });
            command.Parameters.Add(new() { Value = LeaseLength });
            command.Parameters.Add(new() { Value = MostAtWork });
            command.Parameters.Add(new() { Value = Urgent });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                taken.Add(new(reader.GetGuid(0), reader.GetString(1), reader.GetGuid(2), reader.GetInt32(3), reader.GetInt64(4),
                    await reader.GetFieldValueAsync<DateTimeOffset>(5, cancellation), Desired(reader.GetString(6))));
        }
        if (taken.Count == 0) return new Dictionary<string, IReadOnlyList<AssignedTask>>();
        var pipelines = await _pipelines.Of(taken.SelectMany(t => t.Desired.Collectors), cancellation);
        return taken.GroupBy(r => r.HostId)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<AssignedTask>)[.. g.Select(r => WireTask.From(r, pipelines, signer))]);
    }

    /// <summary><c>(since timestamptz, ahead interval)</c></summary>
    public const string DueSql = $"select distinct host_id from {TaskQueueProjection.TableName} where {TaskQueueProjection.Queued} and not_before > $1 and not_before <= now() + $2";

    /// <summary><c>(since timestamptz, most integer)</c></summary>
    public const string ExpiredSql = $"select id, lease from {TaskQueueProjection.TableName} where status = 1 and lease_until > $1 and lease_until < now() order by lease_until limit $2";

    /// <summary>Hosts for which a task may have become due since <paramref name="since"/>; of all time where that is null.</summary>
    public async Task<IReadOnlyList<string>> Due(DateTimeOffset? since, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(DueSql);
        command.Parameters.Add(new() { Value = since - SweepOverlap ?? DateTimeOffset.MinValue });
        command.Parameters.Add(new() { Value = SweepOverlap });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(reader.GetString(0));
        return found;
    }

    /// <summary>Tasks whose lease has ended by the database's clock since <paramref name="since"/>; of all time where that is null.</summary>
    public async Task<IReadOnlyList<(Guid Id, long Lease)>> Expired(DateTimeOffset? since, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(ExpiredSql);
        command.Parameters.Add(new() { Value = since - SweepOverlap ?? DateTimeOffset.MinValue });
        command.Parameters.Add(new() { Value = TaskEvents.PerTransaction });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(Guid, long)> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add((reader.GetGuid(0), reader.GetInt64(1)));
        return found;
    }

    /// <summary>
    /// Locks these tasks in the session's transaction until it ends, and tells what state they are in and what time it is in the database. Tasks that
    /// have succeeded or were cancelled are read from their events; who has none is left out.
    /// </summary>
    public static async Task<(IReadOnlyDictionary<Guid, AgentTask> Tasks, DateTimeOffset Now)> Lock(
        IDocumentSession session, IReadOnlyCollection<Guid> ids, CancellationToken cancellation)
    {
        await session.BeginTransactionAsync(cancellation);
        Dictionary<Guid, AgentTask> tasks = [];
        await using var command = new NpgsqlCommand(
            $"""
            select id, host_id, purpose, priority, experiment_id, desired, status, attempt, lease, failed_lease, last_error, attempts_before, lease_until, now()
            from {TaskQueueProjection.TableName} where id = any($1) order by id for update
            """, session.Connection);
        // In the order of their ids: two that lock the same tasks then wait for each other instead of both for ever.
        command.Parameters.Add(new() { Value = ids.ToArray() });
        DateTimeOffset? now = null;
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
            while (await reader.ReadAsync(cancellation))
            {
                now = await reader.GetFieldValueAsync<DateTimeOffset>(13, cancellation);
                tasks[reader.GetGuid(0)] = new(
                    reader.GetGuid(0), reader.GetString(1), Enum.Parse<TaskPurpose>(reader.GetString(2)), reader.GetInt16(3), reader.GetGuid(4), Desired(reader.GetString(5)),
                    reader.GetInt16(6) switch { 0 => TaskState.Queued, 1 => TaskState.Assigned, _ => TaskState.DeadLettered },
                    reader.GetInt32(7), reader.GetInt64(8), reader.GetInt64(9), await reader.IsDBNullAsync(10, cancellation) ? null : reader.GetString(10), null, reader.GetInt32(11),
                    await reader.IsDBNullAsync(12, cancellation) ? null : await reader.GetFieldValueAsync<DateTimeOffset>(12, cancellation));
            }
        foreach (var id in ids.Where(id => !tasks.ContainsKey(id)))
            if (await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is { } ended) tasks[id] = ended;
        return (tasks, now ?? await Now(session, cancellation));
    }

    static async Task<DateTimeOffset> Now(IDocumentSession session, CancellationToken cancellation)
    {
        await using var clock = new NpgsqlCommand("select now()", session.Connection);
        return new((DateTime)(await clock.ExecuteScalarAsync(cancellation))!, TimeSpan.Zero);
    }

    /// <summary>Of these hosts those for which more is queued.</summary>
    public static async Task<IReadOnlyList<string>> HaveMore(NpgsqlDataSource database, string[] hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select h from unnest($1) h where exists (select from {TaskQueueProjection.TableName} t where t.host_id = h and t.status = 0)");
        command.Parameters.Add(new() { Value = hosts });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(reader.GetString(0));
        return found;
    }

    /// <summary>Locks the tasks, decides each alone, and appends what follows for all of them together.</summary>
    public static async Task<TaskChanges> Change(
        IDocumentSession session, Guid[] ids, Func<AgentTask, Decision> decide, CancellationToken cancellation)
    {
        if (ids.Length == 0) return TaskChanges.None;
        var (tasks, _) = await Lock(session, ids, cancellation);
        List<IEvent> events = [];
        List<(Guid, TaskEnd)> ends = [];
        foreach (var task in tasks.Values)
        {
            var decided = decide(task).Events;
            events.AddRange(decided.Select(data => session.TaskEvent(task.Id, data, task.ExperimentId)));
            if (TaskEnds.Of(task, decided) is { } end) ends.Add((task.ExperimentId, end));
        }
        await session.AppendTaskEvents(events, cancellation);
        return new(ends, events);
    }

    /// <summary>Gives dead letters, which the session has locked, new attempts; their hosts are woken when it has committed.</summary>
    public Task Revive(IDocumentSession session, IReadOnlyList<AgentTask> tasks, CancellationToken cancellation)
    {
        if (tasks.Count == 0) return Task.CompletedTask;
        WakeAfterCommit(session, [.. tasks.Select(t => t.HostId)]);
        return session.AppendTaskEvents([.. tasks.Select(t => session.TaskEvent(t.Id, new TaskRevived(), t.ExperimentId))], cancellation);
    }

    /// <summary>
    /// Proofs of these hosts, from memory where they last. The owner of the queue gives them: who asks has checked the host's credential.
    /// </summary>
    async Task<IReadOnlyList<(string Host, DateTimeOffset Until, byte[] Proof)>> Prove(IReadOnlyCollection<string> hosts, CancellationToken cancellation)
    {
        var limit = DateTimeOffset.UtcNow + RenewBefore;
        var missing = hosts.Where(h => !_proofs.TryGetValue(h, out var known) || known.Until < limit).ToArray();
        if (missing.Length > 0)
        {
            await using var command = database.CreateCommand($"select host_id, valid_until, proof from {TaskClaim.Prove}($1)");
            command.Parameters.Add(new() { Value = missing });
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                _proofs[reader.GetString(0)] = (await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellation), await reader.GetFieldValueAsync<byte[]>(2, cancellation));
        }
        return [.. hosts.Select(h => (h, _proofs[h].Until, _proofs[h].Proof))];
    }

    static DesiredHostState Desired(string json) => JsonSerializer.Deserialize<DesiredHostState>(json, EventStoreOptions.Json)!;
}
