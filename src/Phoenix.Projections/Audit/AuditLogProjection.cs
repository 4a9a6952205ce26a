using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Audit;

/// <summary>
/// Every event in order with who, why and what it followed from, in a table that can be filtered. The event store stays
/// the record: this is its index for people.
/// </summary>
public sealed partial class AuditLogProjection : EventProjection
{
    public const string TableName = "phoenix.audit_log";

    /// <summary>Event header with the reason a person gave.</summary>
    public const string ReasonHeader = "reason";

    /// <summary>Event header that says how an agent proved who it is.</summary>
    public const string VerificationHeader = "verification";

    public AuditLogProjection()
    {
        Name = "AuditLog";
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
        SchemaObjects.Add(table);
        Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
    }

    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        var streamType = e.EventType.Namespace is { } space ? space[(space.LastIndexOf('.') + 1)..] : null;
        operations.QueueSqlCommand(
            $"insert into {TableName}(sequence, event_id, at, stream_id, stream_version, stream_type, experiment_id, type, actor, verification, reason, correlation_id, causation_id, data) " +
            // A node that lost the projection to another one must fail at its progress, which sends it back, and not at the row.
            "values (?, ?, ?, ?, ?, ?, ?::uuid, ?, ?, ?, ?, ?, ?, ?::jsonb) on conflict (sequence) do nothing",
            e.Sequence, e.Id, e.Timestamp, e.StreamId, e.Version, Nullable(streamType), Nullable(ExperimentOf(e)?.ToString()), e.EventTypeName,
            Nullable(e.UserName), Nullable(Header(e, VerificationHeader)), Nullable(Header(e, ReasonHeader)),
            Nullable(e.CorrelationId), Nullable(e.CausationId), JsonSerializer.Serialize(e.Data, e.EventType, EventStoreOptions.Json));
        return ValueTask.CompletedTask;
    }

    /// <summary>An experiment's own events and those of its tasks (whose later events say nothing of it) belong together.</summary>
    static Guid? ExperimentOf(IEvent e) =>
        e.EventType.Namespace == typeof(Domain.Experiments.Experiment).Namespace ? e.StreamId
        : Guid.TryParse(Header(e, ExperimentHeader), out var id) ? id
        : null;

    /// <summary>Event header that names the experiment for which a task's event happened.</summary>
    public const string ExperimentHeader = "experiment";

    static string? Header(IEvent e, string name) => e.Headers is { } h && h.TryGetValue(name, out var value) ? value?.ToString() : null;

    static object Nullable(string? value) => (object?)value ?? DBNull.Value;
}
