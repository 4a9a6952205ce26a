using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Phoenix.Domain.Tasks;
using Weasel.Core;
using Weasel.Postgresql;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Tasks;

/// <summary>
/// The queue: one narrow row per task that is open or dead-lettered, in the transaction of the event that changed it.
/// Rows of ended tasks go, so that the table stays as small as the work that is left.
/// </summary>
/// <remarks>
/// Events of one type that follow each other become one set-based statement: a hundred tasks queued together are one
/// insert, not a hundred. Order is kept, because a task's later event must find what its earlier one wrote.
/// </remarks>
public sealed class TaskQueueProjection : IProjection
{
    public const string Name = "TaskQueue";
    public const string TableName = "phoenix.task_queue";

    /// <summary>
    /// Where a task stands in its host's queue: the lowest goes first. A task overtakes those that were queued up to a minute a
    /// point of priority before it, and so none waits for ever behind more urgent ones.
    /// </summary>
    public static DateTimeOffset Rank(DateTimeOffset queuedAt, int priority) => queuedAt - TimeSpan.FromMinutes(priority);

    /// <summary>Numbers the leases: a fencing number is never used twice and only rises.</summary>
    public const string LeaseSequence = "phoenix.task_lease_seq";

    /// <summary>
    /// Hosts whose tasks wait: a drained one gets only what takes something off, a decommissioned one nothing. Most hosts are not in it.
    /// </summary>
    public const string HoldTableName = "phoenix.queue_hold";

    /// <summary>Tasks that wait, in the words of the index that finds those of all hosts.</summary>
    public const string Queued = "(status + 0) = 0";

    /// <summary>The tables and the sequence, for the store's schema.</summary>
    public static IReadOnlyList<ISchemaObject> SchemaObjects
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn<Guid>("id").AsPrimaryKey();
            table.AddColumn("host_id", "text").NotNull();
            table.AddColumn<Guid>("experiment_id").NotNull();
            table.AddColumn("purpose", "text").NotNull();
            table.AddColumn("status", "smallint").NotNull(); // 0 queued, 1 assigned, 2 dead-lettered
            table.AddColumn("priority", "smallint").NotNull();
            table.AddColumn("rank", "timestamptz").NotNull();
            table.AddColumn("queued_at", "timestamptz").NotNull();
            table.AddColumn("not_before", "timestamptz").NotNull();
            table.AddColumn("attempt", "integer").NotNull();
            table.AddColumn("attempts_before", "integer").NotNull(); // those that do not count, because an operator gave new ones
            table.AddColumn("lease", "bigint").NotNull();
            table.AddColumn("failed_lease", "bigint").NotNull();
            table.AddColumn("lease_until", "timestamptz");
            table.AddColumn("acknowledged", "boolean").NotNull();
            table.AddColumn("last_error", "text");
            table.AddColumn("desired", "jsonb").NotNull();
            table.Indexes.Add(new IndexDefinition("ix_task_queue_host") { Columns = ["host_id", "status", "rank"] });
            // Their conditions must not follow from a status alone: a claim, which asks for one host's tasks of a status, would be led through those of all hosts
            // as long as statistics say that there are few.
            table.Indexes.Add(new IndexDefinition("ix_task_queue_due") { Columns = ["not_before"], Predicate = Queued });
            table.Indexes.Add(new IndexDefinition("ix_task_queue_lease") { Columns = ["lease_until"], Predicate = "lease_until IS NOT NULL" });
            table.Indexes.Add(new IndexDefinition("ix_task_queue_experiment") { Columns = ["experiment_id"] });
            var hold = new Table(HoldTableName);
            hold.AddColumn("host_id", "text").AsPrimaryKey();
            hold.AddColumn("decommissioned", "boolean").NotNull();
            return [table, hold, new Sequence(LeaseSequence), .. TaskClaim.SchemaObjects];
        }
    }

    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        for (var begin = 0; begin < events.Count;)
        {
            var end = begin + 1;
            while (end < events.Count && events[end].EventType == events[begin].EventType && !Repeats(events, begin, end)) end++;
            Write(operations, events, begin, end);
            begin = end;
        }
        return Task.CompletedTask;
    }

    /// <summary>One statement changes a row once: a second event of the same type for one task begins another statement.</summary>
    static bool Repeats(IReadOnlyList<IEvent> events, int begin, int at)
    {
        for (var i = begin; i < at; i++)
            if (events[i].StreamId == events[at].StreamId) return true;
        return false;
    }

    /// <summary>The list of ids, which says nothing new, is looked up in the index; for the join alone the whole queue might be read.</summary>
    const string TheSame = "q.id = t.id and q.id = any(?)";

    static void Write(IDocumentOperations ops, IReadOnlyList<IEvent> events, int begin, int end)
    {
        switch (events[begin].Data)
        {
            case TaskQueued:
                ops.QueueSqlCommand(
                    $"insert into {TableName}(id, host_id, experiment_id, purpose, status, priority, rank, queued_at, not_before, attempt, attempts_before, lease, failed_lease, acknowledged, desired) " +
                    "select id, host, experiment, purpose, 0, priority, rank, at, at, 0, 0, 0, 0, false, desired::jsonb " +
                    "from unnest(?, ?, ?, ?, ?, ?, ?, ?) as t(id, host, experiment, purpose, priority, rank, at, desired)",
                    Ids(), Of<TaskQueued, string>(e => e.HostId), Of<TaskQueued, Guid>(e => e.ExperimentId), Of<TaskQueued, string>(e => e.Purpose.ToString()),
                    Of<TaskQueued, short>(e => (short)e.Priority), Each(e => Rank(e.Timestamp, ((TaskQueued)e.Data).Priority)), Each(e => e.Timestamp),
                    Of<TaskQueued, string>(e => JsonSerializer.Serialize(e.Desired, EventStoreOptions.Json)));
                break;
            case TaskAssigned:
                ops.QueueSqlCommand(
                    $"update {TableName} q set status = 1, lease = t.lease, lease_until = t.until, attempt = t.attempt, acknowledged = false " +
                    $"from unnest(?, ?, ?, ?) as t(id, lease, until, attempt) where {TheSame}",
                    Ids(), Of<TaskAssigned, long>(e => e.Lease), Of<TaskAssigned, DateTimeOffset>(e => e.LeaseUntil), Of<TaskAssigned, int>(e => e.Attempt), Ids());
                break;
            case TaskProgressed:
                ops.QueueSqlCommand(
                    $"update {TableName} q set acknowledged = true, lease_until = t.until from unnest(?, ?, ?) as t(id, lease, until) where {TheSame} and q.lease = t.lease",
                    Ids(), Of<TaskProgressed, long>(e => e.Lease), Of<TaskProgressed, DateTimeOffset>(e => e.LeaseUntil), Ids());
                break;
            case TaskFailed:
                ops.QueueSqlCommand($"update {TableName} q set last_error = t.error, failed_lease = t.lease from unnest(?, ?, ?) as t(id, error, lease) where {TheSame}",
                    Ids(), Of<TaskFailed, string>(e => $"{e.Code}: {e.Detail}"), Of<TaskFailed, long>(e => e.Lease), Ids());
                break;
            case TaskLeaseExpired:
                ops.QueueSqlCommand($"update {TableName} set last_error = '{AgentTask.LeaseExpired}' where id = any(?)", Ids());
                break;
            case TaskRequeued:
                ops.QueueSqlCommand(
                    $"update {TableName} q set status = 0, not_before = t.due, lease_until = null, acknowledged = false from unnest(?, ?) as t(id, due) where {TheSame}",
                    Ids(), Of<TaskRequeued, DateTimeOffset>(e => e.NotBefore), Ids());
                break;
            case TaskRevived:
                ops.QueueSqlCommand(
                    $"update {TableName} q set status = 0, not_before = t.at, attempts_before = attempt, acknowledged = false from unnest(?, ?) as t(id, at) where {TheSame}",
                    Ids(), Each(e => e.Timestamp), Ids());
                break;
            case TaskDeadLettered:
                ops.QueueSqlCommand($"update {TableName} q set status = 2, lease_until = null, last_error = t.error from unnest(?, ?) as t(id, error) where {TheSame}",
                    Ids(), Of<TaskDeadLettered, string>(e => $"{e.Code}: {e.Detail}"), Ids());
                break;
            case TaskSucceeded or TaskCancelled:
                ops.QueueSqlCommand($"delete from {TableName} where id = any(?)", Ids());
                break;
        }

        Guid[] Ids() => Each(e => e.StreamId);
        T[] Of<TEvent, T>(Func<TEvent, T> value) where TEvent : notnull => Each(e => value((TEvent)e.Data));

        T[] Each<T>(Func<IEvent, T> value)
        {
            var values = new T[end - begin];
            for (var i = begin; i < end; i++) values[i - begin] = value(events[i]);
            return values;
        }
    }
}
