using Phoenix.Api.Signing;
using Phoenix.Contracts;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Pipelines;

namespace Phoenix.Api.Tasks;

/// <summary>A task as the queue hands it out.</summary>
public sealed record ClaimedTask(Guid Id, string HostId, Guid ExperimentId, int Attempt, long Lease, DateTimeOffset LeaseUntil, DesiredHostState Desired);

/// <summary>Puts what a task refers to into what goes over the wire.</summary>
static class WireTask
{
    public static AssignedTask From(ClaimedTask row, IReadOnlyDictionary<Guid, PipelineText> pipelines, ConfigurationSigner signer) => new(
        row.Id, row.Desired switch { { Preview: not null } => TaskKind.Preview, { Load: not null } => TaskKind.Load, { Upgrade: not null } => TaskKind.Upgrade, { Logs: not null } => TaskKind.Logs, { Exploration: not null } => TaskKind.Explore, _ => TaskKind.Apply },
        row.Lease, row.LeaseUntil, row.Attempt,
        new DesiredState(row.ExperimentId == Guid.Empty ? null : row.ExperimentId,
            [.. row.Desired.Collectors.Select(c =>
            {
                var pipeline = pipelines[c.PipelineId];
                return new DesiredCollector(c.Name, c.Arm == Arm.Production ? CollectorArm.Production : CollectorArm.Candidate, pipeline.Name,
                    c.PipelineVersion, pipeline.Versions[c.PipelineVersion - 1].Configuration, c.ConfigurationHash, c.ExpiresAt,
                    Signature: signer.Sign(c.ConfigurationHash));
            })],
            row.Desired.Remove,
            row.Desired.Measurement is { } m
                ? new MeasurementPlan(row.ExperimentId, m.ProductionName, m.CandidateName, m.Window.TotalSeconds, m.ProtectedMetrics)
                : null),
        row.Desired.Preview is { } p ? new PreviewOrder(ExperimentTasks.Production, p.Configuration, p.ConfigurationHash, p.ProtectedMetrics, signer.Sign(p.ConfigurationHash)) : null,
        row.Desired.Load is { } l
            ? new LoadOrder(ExperimentTasks.Production, Enum.Parse<LoadKind>(l.Profile.ToString()), l.Series, l.Interval.TotalSeconds, l.Duration.TotalSeconds)
            : null,
        row.Desired.Upgrade is { } u
            ? new UpgradeOrder(Enum.Parse<UpgradeAction>(u.Direction.ToString()), u.Release,
                [.. u.Programs.Select(f => new ReleaseFile(f.Runtime, f.Name, f.Bytes, f.Sha256))], u.Confirm.TotalSeconds)
            : null,
        row.Desired.Logs is { } logs ? new HostLogsOrder(logs.Collector, logs.Lines) : null,
        row.Desired.Exploration is { } e ? new ExploreOrder(ExperimentTasks.Production, e.Metric) : null);
}
