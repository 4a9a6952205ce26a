using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Deployments;

/// <summary>What a deployment asks of a host. Ids follow from deployment, round and host, so that asking twice queues once.</summary>
public static class DeploymentTasks
{
    /// <summary>A way back does not wait behind other work.</summary>
    const int Normal = 0, Urgent = 100;

    /// <summary>A host that nobody tells that the time is over returns by itself so much later: who tells it is to come first.</summary>
    static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    public static Guid Id(Guid deploymentId, int round, string hostId) => StreamIds.Task(deploymentId, nameof(TaskPurpose.Deploy), round, hostId);

    /// <summary>The tasks of hosts that the present state waits for.</summary>
    public static IEnumerable<(Guid Id, TaskQueued Task)> For(Deployment x, IReadOnlyCollection<string> hosts)
    {
        if (x.State == DeploymentState.Running)
            return hosts.Select(h => Task(x, h, x.Until is null ? Normal : Urgent, Runs(x.Pipeline.PipelineId, x.Pipeline.Version, x.Pipeline.ConfigurationHash, x.Until + Grace)));
        if (x.State != DeploymentState.RollingBack) return [];
        var before = x.Before.Where(b => b.PipelineId is not null).SelectMany(b => b.Hosts.Select(h => (Host: h, Before: b))).ToDictionary(b => b.Host, b => b.Before);
        return hosts.Select(h => Task(x, h, Urgent, before.TryGetValue(h, out var b)
            ? Runs(b.PipelineId!.Value, b.PipelineVersion, b.ConfigurationHash!)
            : new([], [ExperimentTasks.Production], null)));
    }

    /// <summary>Why a dead-lettered task of the deployment may not be tried again: its work was right in another state than this one.</summary>
    /// <param name="holder">The experiment or deployment that has the task's host now; null where none has.</param>
    /// <param name="live">Configuration hash of what should run on the host; null where nothing should.</param>
    public static Rejection? Outdated(Deployment x, AgentTask task, Guid? holder, string? live) =>
        task.Id == Id(x.Id, x.Round, task.HostId) && (holder is null || holder == x.Id || holder == x.ExperimentId)
            // Of one that has ended only the way back is still due, and only as long as nothing else has come to the host.
            && (!x.HasEnded || (x.State == DeploymentState.RolledBack && (x.Until is not null || live == x.Pipeline.ConfigurationHash))) ? null
        : Rejection.Conflict("task-outdated",
            $"Deployment {x.Id} has moved on since ({x.State}, round {x.Round}){(holder is { } other && other != x.Id && other != x.ExperimentId ? $", and {other} has the host" : "")}: the task's work would be wrong now.");

    static (Guid, TaskQueued) Task(Deployment x, string host, int priority, DesiredHostState desired) =>
        (Id(x.Id, x.Round, host), new(host, TaskPurpose.Deploy, priority, x.ExperimentId ?? Guid.Empty, desired with { DeploymentId = x.Id }));

    static DesiredHostState Runs(Guid pipeline, int version, string hash, DateTimeOffset? until = null) =>
        new([new(ExperimentTasks.Production, Arm.Production, pipeline, version, hash, until)], [], null);
}
