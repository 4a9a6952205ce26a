using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
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
        table.AddColumn<Guid>("pipeline_id").NotNull();
        table.AddColumn("version", "integer").NotNull();
        table.AddColumn("configuration_hash", "text").NotNull();
        table.AddColumn<Guid>("task_id").NotNull();
        SchemaObjects.Add(table);
        Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
    }

    public void Project(IEvent<TaskSucceeded> e, IDocumentOperations ops)
    {
        if (e.Data.Collectors.FirstOrDefault(c => c.Arm == Arm.Production) is not { } production) return;
        ops.QueueSqlCommand(
            $"insert into {TableName}(host_id, since, pipeline_id, version, configuration_hash, task_id) select ?, ?, ?, ?, ?, ? " +
            $"where (select configuration_hash from {TableName} where host_id = ? order by since desc limit 1) is distinct from ? on conflict do nothing",
            e.Data.HostId, e.Timestamp, production.PipelineId, production.PipelineVersion, production.ConfigurationHash, e.StreamId, e.Data.HostId, production.ConfigurationHash);
    }
}
