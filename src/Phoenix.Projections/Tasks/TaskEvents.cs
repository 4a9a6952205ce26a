using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Fleet;

namespace Phoenix.Projections.Tasks;

/// <summary>
/// Appends events of many tasks at once: a few statements for a thousand streams instead of a call for each, in the session's
/// transaction. Marten's own inline projections see nothing of such events, so those that follow tasks are told here.
/// </summary>
/// <remarks>
/// Whoever appends holds the lock of the task's row in the queue (or has just made the task), so no two transactions
/// give the same version; should they ever, the event store's unique index refuses the second.
/// </remarks>
public static class TaskEvents
{
    /// <summary>Tasks appended in one transaction at most, so that none holds its locks for long.</summary>
    public const int PerTransaction = 500;

    /// <summary>Every inline projection that task events concern.</summary>
    static readonly IProjection[] Projections = [new TaskQueueProjection(), new FleetProjection()];

    /// <summary>An event of a task with the metadata of the session, and the experiment that it belongs to.</summary>
    public static IEvent TaskEvent(this IDocumentSession session, Guid taskId, object data, Guid experimentId)
    {
        var e = session.Events.BuildEvent(data);
        e.StreamId = taskId;
        e.Id = Guid.CreateVersion7();
        e.Timestamp = EventStoreOptions.Clock.GetUtcNow();
        e.UserName = session.LastModifiedBy;
        e.CorrelationId = session.CorrelationId;
        e.CausationId = session.CausationId;
        foreach (var name in (string[])[AuditLog.ReasonHeader, AuditLog.VerificationHeader, AuditLog.CauseHeader])
            if (session.GetHeader(name) is { } value) e.SetHeader(name, value);
        if (experimentId != Guid.Empty) e.SetHeader(AuditLog.ExperimentHeader, experimentId.ToString());
        return e;
    }

    /// <summary>Begins one new task with each of the events.</summary>
    public static Task BeginTasks(this IDocumentSession session, IReadOnlyList<IEvent> queued, CancellationToken cancellation)
    {
        session.QueueSqlCommand(
            $"insert into {EventStoreOptions.Schema}.mt_streams (id, type, version, tenant_id) select id, 'agent_task', 1, '*DEFAULT*' from unnest(?) id",
            Each(queued, e => e.StreamId));
        Insert(session, queued, "1");
        return Project(session, queued, cancellation);
    }

    /// <summary>Appends the events to tasks that exist, in this order.</summary>
    public static Task AppendTaskEvents(this IDocumentSession session, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        if (events.Count == 0) return Task.CompletedTask;
        Insert(session, events, "(select s.version from phoenix.mt_streams s where s.id = t.stream) + t.nth");
        // By the number of events, which is the same for nearly all of them: a list of ids is looked up in the index, a join may read the whole table.
        foreach (var streams in events.GroupBy(e => e.StreamId, (id, own) => (Id: id, Count: own.LongCount())).GroupBy(s => s.Count, s => s.Id))
            session.QueueSqlCommand("update phoenix.mt_streams set version = version + ?, timestamp = now() where id = any(?)", streams.Key, streams.ToArray());
        return Project(session, events, cancellation);
    }

    static void Insert(IDocumentSession session, IReadOnlyList<IEvent> events, string version)
    {
        var serializer = session.DocumentStore.Options.Serializer();
        Dictionary<Guid, long> counts = [];
        session.QueueSqlCommand(
            "insert into phoenix.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived, correlation_id, causation_id, headers, user_name) " +
            $"select nextval('phoenix.mt_events_sequence'), t.id, t.stream, {version}, t.data::jsonb, t.type, t.at, '*DEFAULT*', t.dotnet, false, t.correlation, t.causation, t.headers::jsonb, t.actor " +
            "from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) as t(id, stream, nth, data, type, at, dotnet, correlation, causation, headers, actor)",
            Each(events, e => e.Id), Each(events, e => e.StreamId), Each(events, e => counts[e.StreamId] = counts.GetValueOrDefault(e.StreamId) + 1),
            Each(events, e => serializer.ToJson(e.Data)), Each(events, e => e.EventTypeName), Each(events, e => e.Timestamp), Each(events, e => e.DotNetTypeName),
            Each(events, e => e.CorrelationId), Each(events, e => e.CausationId), Each(events, e => e.Headers is { Count: > 0 } h ? serializer.ToJson(h) : null),
            Each(events, e => e.UserName));
    }

    static async Task Project(IDocumentSession session, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        foreach (var projection in Projections) await projection.ApplyAsync(session, events, cancellation);
    }

    static T[] Each<T>(IReadOnlyList<IEvent> events, Func<IEvent, T> value)
    {
        var values = new T[events.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(events[i]);
        return values;
    }
}
