using Phoenix.Domain.Pipelines;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Experiments;

/// <summary>What the experiment asks of its hosts in each state. Ids follow from the purpose, so that asking twice queues once.</summary>
public static class ExperimentTasks
{
    public const string Production = "production";
    const int Normal = 0, Urgent = 100;

    public static string CandidateName(Guid experimentId) => $"candidate-{experimentId.ToString("N")[^12..]}";

    /// <param name="hosts">Of the experiment's hosts those that are asked about, however many it has.</param>
    public static IEnumerable<(Guid Id, TaskQueued Task)> For(Experiment x, IEnumerable<string> hosts) => x.State switch
    {
        // While it measures they are asked again only after an extension, whose round gives the tasks other ids.
        ExperimentState.Starting or ExperimentState.WarmingUp or ExperimentState.Running => All(x, hosts, TaskPurpose.ApplyVariants, Normal, new DesiredHostState(
            [Runs(x.Baseline), new(CandidateName(x.Id), Arm.Candidate, x.Candidate.PipelineId, x.Candidate.Version, x.Candidate.ConfigurationHash, x.CandidateExpiresAt)],
            [], new MeasurementSpecification(Production, CandidateName(x.Id), x.Plan.Window, [.. x.ProtectedMetrics, .. x.AlsoProtected]))),
        ExperimentState.Completing or ExperimentState.Stopping =>
            TakeOff(x, hosts),
        // A promotion in waves is its deployment's.
        ExperimentState.Promoting when x.DeploymentId is null =>
            All(x, hosts, TaskPurpose.Promote, Normal, new DesiredHostState([Runs(x.Candidate)], [CandidateName(x.Id)], null)),
        ExperimentState.RollingBack =>
            All(x, hosts, TaskPurpose.RestoreBaseline, Urgent, new DesiredHostState([Runs(x.Baseline)], [CandidateName(x.Id)], null)),
        _ => [],
    };

    /// <summary>Ends the candidate on hosts.</summary>
    public static IEnumerable<(Guid Id, TaskQueued Task)> TakeOff(Experiment x, IEnumerable<string> hosts) =>
        All(x, hosts, TaskPurpose.RemoveCandidate, Normal, new DesiredHostState([], [CandidateName(x.Id)], null));

    /// <summary>
    /// Why a dead-lettered task of the experiment may not be tried again: its work was right in another state than this one. To take a candidate off
    /// is always right.
    /// </summary>
    /// <param name="holder">The experiment that has the task's host now; null where none has.</param>
    public static Rejection? Outdated(Experiment x, AgentTask task, Guid? holder) =>
        task.Purpose == TaskPurpose.RemoveCandidate || For(x, [task.HostId]).Any(t => t.Id == task.Id) ? null
        : task.Purpose == TaskPurpose.RestoreBaseline && x.State == ExperimentState.RolledBack && task.Id == StreamIds.Task(x.Id, task.Purpose.ToString(), x.Round, task.HostId)
            && (holder is null || holder == x.Id) ? null
        : Rejection.Conflict("task-outdated",
            $"Experiment {x.Id} has moved on since ({x.State}, round {x.Round}){(holder is { } other && other != x.Id ? $", and experiment {other} has the host" : "")}: the task's work would be wrong now.");

    static CollectorOfPipeline Runs(PipelineReference p) =>
        new(Production, Arm.Production, p.PipelineId, p.Version, p.ConfigurationHash, null);

    static IEnumerable<(Guid, TaskQueued)> All(Experiment x, IEnumerable<string> hosts, TaskPurpose purpose, int priority, DesiredHostState desired) =>
        hosts.Select(host => (StreamIds.Task(x.Id, purpose.ToString(), x.Round, host), new TaskQueued(host, purpose, priority, x.Id, desired)));
}
