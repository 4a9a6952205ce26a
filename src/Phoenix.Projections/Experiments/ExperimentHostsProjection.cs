using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Weasel.Postgresql.Tables;

namespace Phoenix.Projections.Experiments;

/// <summary>
/// Which experiment, or deployment for itself, has which host. The primary key makes two on one host impossible, also when both are
/// started at the same moment: the second transaction fails.
/// </summary>
public sealed partial class ExperimentHostsProjection : EventProjection
{
    public const string ShortName = "experiment_host";
    public const string TableName = "phoenix." + ShortName;

    public ExperimentHostsProjection()
    {
        Name = "ExperimentHosts";
        var table = new Table(TableName);
        table.AddColumn("host_id", "text").AsPrimaryKey();
        table.AddColumn<Guid>("experiment_id").NotNull();
        table.Indexes.Add(new IndexDefinition("ix_experiment_host_experiment") { Columns = ["experiment_id"] });
        SchemaObjects.Add(table);
        Options.DeleteDataInTableOnTeardown(table.Identifier.QualifiedName);
    }

    public void Project(IEvent<ExperimentStarted> e, IDocumentOperations ops) => Take(e.StreamId, e.Data.Hosts, ops);

    public void Project(IEvent<PromotionRequested> e, IDocumentOperations ops) => Take(e.StreamId, e.Data.Hosts, ops);

    public void Project(IEvent<RollbackRequested> e, IDocumentOperations ops) => Take(e.StreamId, e.Data.Hosts, ops);

    public void Project(IEvent<HostsLeftOut> e, IDocumentOperations ops) =>
        ops.QueueSqlCommand($"delete from {TableName} where experiment_id = ? and host_id = any(?)", e.StreamId, e.Data.Hosts.ToArray());

    public void Project(IEvent<ExperimentCompleted> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<ExperimentStopped> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<ExperimentRolledBack> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<ExperimentPromoted> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<PromotionWithdrawn> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    // A promotion's hosts are its experiment's.
    public void Project(IEvent<DeploymentRequested> e, IDocumentOperations ops)
    {
        if (e.Data.ExperimentId is null) Take(e.StreamId, e.Data.Hosts, ops);
    }

    public void Project(IEvent<DeploymentRollbackRequested> e, IDocumentOperations ops)
    {
        if (e.Data.Taken.Count > 0) Take(e.StreamId, e.Data.Taken, ops);
    }

    public void Project(IEvent<DeploymentRejected> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<DeploymentCompleted> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<DeploymentAborted> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    public void Project(IEvent<DeploymentRolledBack> e, IDocumentOperations ops) => Free(e.StreamId, ops);

    static void Take(Guid experimentId, IReadOnlyList<string> hosts, IDocumentOperations ops) =>
        // What the experiment has already it keeps; what another has breaks the primary key.
        ops.QueueSqlCommand(
            $"insert into {TableName}(host_id, experiment_id) select h, ? from unnest(?) h " +
            $"where not exists (select 1 from {TableName} t where t.host_id = h and t.experiment_id = ?)", experimentId, hosts.ToArray(), experimentId);

    static void Free(Guid experimentId, IDocumentOperations ops) => ops.QueueSqlCommand($"delete from {TableName} where experiment_id = ?", experimentId);
}
