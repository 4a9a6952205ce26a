using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Weasel.Core;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Audit;

/// <summary>
/// Every event in order with who, why and what it followed from, in a table that can be filtered. The event store stays
/// the record: this is its index for people.
/// </summary>
public sealed class AuditLogProjection : IProjection
{
    public const string Name = "AuditLog";
    public const string TableName = "phoenix.audit_log";

    /// <summary>Event header with the reason a person gave.</summary>
    public const string ReasonHeader = "reason";

    /// <summary>Event header that says how an agent proved who it is.</summary>
    public const string VerificationHeader = "verification";

    /// <summary>The table, for the store's schema.</summary>
    public static ISchemaObject SchemaObject
    {
        get
        {
            var table = new Table(TableName);
            table.AddColumn<long>("sequence").AsPrimaryKey();
            table.AddColumn<Guid>("event_id").NotNull();
            table.AddColumn("at", "timestamptz").NotNull();
            table.AddColumn<Guid>("stream_id").NotNull();
            table.AddColumn<long>("stream_version").NotNull();
            table.AddColumn("stream_type", "text");
            table.AddColumn<Guid>("experiment_id");
            table.AddColumn("type", "text").NotNull();
            table.AddColumn("actor", "text");
            table.AddColumn("verification", "text");
            table.AddColumn("reason", "text");
            table.AddColumn("correlation_id", "text");
            table.AddColumn("causation_id", "text");
            table.AddColumn("data", "jsonb").NotNull();
            table.Indexes.Add(new IndexDefinition("ix_audit_log_experiment") { Columns = ["experiment_id", "sequence"] });
            table.Indexes.Add(new IndexDefinition("ix_audit_log_stream") { Columns = ["stream_id", "sequence"] });
            table.Indexes.Add(new IndexDefinition("ix_audit_log_actor") { Columns = ["actor", "sequence"] });
            return table;
        }
    }

    /// <summary>One statement for all events of a page: an audit log a statement an event is what the daemon would spend its time on.</summary>
    public Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        if (events.Count > 0)
            operations.QueueSqlCommand(
                $"insert into {TableName}(sequence, event_id, at, stream_id, stream_version, stream_type, experiment_id, type, actor, verification, reason, correlation_id, causation_id, data) " +
                "select t.sequence, t.id, t.at, t.stream, t.version, t.stream_type, t.experiment::uuid, t.type, t.actor, t.verification, t.reason, t.correlation, t.causation, t.data::jsonb " +
                "from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) as t(sequence, id, at, stream, version, stream_type, experiment, type, actor, verification, reason, correlation, causation, data) " +
                // A node that lost the projection to another one must fail at its progress, which sends it back, and not at a row.
                "on conflict (sequence) do nothing",
                Each(e => e.Sequence), Each(e => e.Id), Each(e => e.Timestamp), Each(e => e.StreamId), Each(e => e.Version), Each(StreamType),
                Each(e => ExperimentOf(e)?.ToString()), Each(e => e.EventTypeName), Each(e => e.UserName), Each(e => Header(e, VerificationHeader)),
                Each(e => Header(e, ReasonHeader)), Each(e => e.CorrelationId), Each(e => e.CausationId),
                Each(e => JsonSerializer.Serialize(e.Data, e.EventType, EventStoreOptions.Json)));
        return Task.CompletedTask;

        T[] Each<T>(Func<IEvent, T> value)
        {
            var values = new T[events.Count];
            for (var i = 0; i < values.Length; i++) values[i] = value(events[i]);
            return values;
        }
    }

    static string? StreamType(IEvent e) => e.EventType.Namespace is { } space ? space[(space.LastIndexOf('.') + 1)..] : null;

    /// <summary>An experiment's own events and those of its tasks (whose later events say nothing of it) belong together.</summary>
    static Guid? ExperimentOf(IEvent e) =>
        e.EventType.Namespace == typeof(Domain.Experiments.Experiment).Namespace ? e.StreamId
        : Guid.TryParse(Header(e, ExperimentHeader), out var id) ? id
        : null;

    /// <summary>Event header that names the experiment for which a task's event happened.</summary>
    public const string ExperimentHeader = "experiment";

    static string? Header(IEvent e, string name) => e.Headers is { } h && h.TryGetValue(name, out var value) ? value?.ToString() : null;
}
