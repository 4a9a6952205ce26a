using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Fleet;

/// <summary>Which pipeline version was the production one of which host, since when: one row each time it changed.</summary>
public sealed partial class HostVersionsProjection : EventProjection
{
    public const string TableName = "phoenix.host_version";

    public HostVersionsProjection()
    {
        Name = "HostVersions";
        var table = new Table(TableName);
        table.AddColumn("host_id", "text").AsPrimaryKey();
        table.AddColumn("since", "timestamptz").AsPrimaryKey();
        table.AddColumn<Guid>("pipeline_id"); // null where nothing runs
        table.AddColumn("version", "integer").NotNull();
        table.AddColumn("configuration_hash", "text");
        table.AddColumn<Guid>("task_id").NotNull();
        SchemaObjects.Add(table);
        Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
    }

    public void Project(IEvent<TaskSucceeded> e, IDocumentOperations ops)
    {
        var production = e.Data.Collectors.FirstOrDefault(c => c.Arm == Arm.Production);
        if (production is null && !e.Data.Removed.Contains(ExperimentTasks.Production)) return;
        ops.QueueSqlCommand(
            $"insert into {TableName}(host_id, since, pipeline_id, version, configuration_hash, task_id) select ?, ?, ?::uuid, ?, ?::text, ? " +
            $"where (select configuration_hash from {TableName} where host_id = ? order by since desc limit 1) is distinct from ?::text on conflict do nothing",
            e.Data.HostId, e.Timestamp, (object?)production?.PipelineId ?? DBNull.Value, production?.PipelineVersion ?? 0, (object?)production?.ConfigurationHash ?? DBNull.Value, e.StreamId, e.Data.HostId,
            (object?)production?.ConfigurationHash ?? DBNull.Value);
    }
}
