using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Experiments;

/// <summary>What the experiment asks of its hosts in each state. Ids follow from the purpose, so that asking twice queues once.</summary>
public static class ExperimentTasks
{
    public const string Production = "production";
    const int Normal = 0, Urgent = 100;

    public static string CandidateName(Guid experimentId) => $"candidate-{experimentId.ToString("N")[^12..]}";

    public static IEnumerable<(Guid Id, TaskQueued Task)> For(Experiment x) => x.State switch
    {
        ExperimentState.Starting => All(x, TaskPurpose.ApplyVariants, Normal, new DesiredHostState(
            [Runs(x.Baseline), new(CandidateName(x.Id), Arm.Candidate, x.Candidate.PipelineId, x.Candidate.Version, x.Candidate.ConfigurationHash, x.CandidateExpiresAt)],
            [], new MeasurementSpecification(Production, CandidateName(x.Id), x.Plan.Window, x.ProtectedMetrics))),
        ExperimentState.Completing or ExperimentState.Stopping =>
            All(x, TaskPurpose.RemoveCandidate, Normal, new DesiredHostState([], [CandidateName(x.Id)], null)),
        ExperimentState.Promoting =>
            All(x, TaskPurpose.Promote, Normal, new DesiredHostState([Runs(x.Candidate)], [CandidateName(x.Id)], null)),
        ExperimentState.RollingBack =>
            All(x, TaskPurpose.RestoreBaseline, Urgent, new DesiredHostState([Runs(x.Baseline)], [CandidateName(x.Id)], null)),
        _ => [],
    };

    static CollectorOfPipeline Runs(PipelineReference p) =>
        new(Production, Arm.Production, p.PipelineId, p.Version, p.ConfigurationHash, null);

    static IEnumerable<(Guid, TaskQueued)> All(Experiment x, TaskPurpose purpose, int priority, DesiredHostState desired) =>
        x.Hosts.Select(host => (StreamIds.Task(x.Id, purpose.ToString(), x.Round, host), new TaskQueued(host, purpose, priority, x.Id, desired)));
}
