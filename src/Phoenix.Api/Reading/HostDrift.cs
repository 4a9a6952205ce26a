using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Reading;

/// <summary>
/// Drift: what a host should run as production, by events, against what its last heartbeat says runs. A host that is just being changed has
/// none: what a task in its hands has already done, or a heartbeat from before the change says, is no sign of anything.
/// </summary>
static class HostDrift
{
    const string Missing = "production-missing", Differs = "production-differs", Unexpected = "production-unexpected";

    /// <summary>How long after a change a heartbeat may still have been on its way, and how far the clocks of nodes and database may differ.</summary>
    const string Settling = "interval '10 seconds'";

    /// <summary>The code of the drift of a host <c>h</c> with presence <c>p</c>; null where there is none.</summary>
    public const string Code =
        $"""
        case
            when h.decommissioned_at is not null or p.running is null or p.heartbeat_at < h.production_since + {Settling} then null
            when h.production_hash is null and p.running = '{"{}"}' then null
            when p.running->>(h.production->>'name') = h.production_hash then null
            when exists (select from {TaskQueueProjection.TableName} q where q.host_id = h.host_id and q.status = 1
                and q.purpose in ('{nameof(TaskPurpose.ApplyVariants)}', '{nameof(TaskPurpose.Promote)}', '{nameof(TaskPurpose.RestoreBaseline)}', '{nameof(TaskPurpose.Reapply)}', '{nameof(TaskPurpose.Deploy)}')) then null
            -- Full detail for a while is no drift.
            when exists (select from {ExperimentHostsProjection.TableName} e join phoenix.mt_doc_deployment d on d.id = e.experiment_id where e.host_id = h.host_id and d.data->>'until' is not null) then null
            when h.production_hash is null then '{Unexpected}'
            when p.running->>(h.production->>'name') is null then '{Missing}'
            else '{Differs}'
        end
        """;

    public static Drift Of(string code, RunningCollector? production, IReadOnlyList<CollectorHealth> collectors)
    {
        var running = collectors.FirstOrDefault(c => c.Arm == CollectorArm.Production && (production is null || c.Name == production.Name))?.ConfigurationHash;
        return new(code, code switch
        {
            Missing => $"Collector '{production!.Name}' should run version {production.PipelineVersion} of pipeline {production.PipelineId}; it does not run.",
            Differs => $"Collector '{production!.Name}' should run version {production.PipelineVersion} of pipeline {production.PipelineId}; it runs another configuration.",
            _ => "A production collector runs, but no task has ever put one there.",
        }, production?.ConfigurationHash, running);
    }
}
