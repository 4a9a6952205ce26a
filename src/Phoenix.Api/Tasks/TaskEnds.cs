using System.Text.Json;
using JasperFx.Events;
using Phoenix.Api.Deployments;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Upgrades;
using Phoenix.Domain.Tasks;
using Wolverine;

namespace Phoenix.Api.Tasks;

/// <summary>A task has its end.</summary>
/// <param name="Error">Why it was given up; null where it succeeded.</param>
/// <param name="UpgradeId">The upgrade that it was queued for; null for other work.</param>
/// <param name="DeploymentId">The deployment that it was queued for; null for other work.</param>
/// <param name="Report">What the host reported with its success.</param>
public sealed record TaskEnd(Guid TaskId, string HostId, TaskPurpose Purpose, string? Error, Guid? UpgradeId = null, JsonElement? Report = null, Guid? DeploymentId = null);

/// <summary>What was decided of tasks together.</summary>
/// <param name="Ends">The ends that some of them have come to.</param>
public sealed record TaskChanges(IReadOnlyList<(Guid ExperimentId, TaskEnd End)> Ends, IReadOnlyList<IEvent> Events)
{
    public static readonly TaskChanges None = new([], []);

    /// <summary>What a handler or an endpoint sends of it, each message with the event that it follows from.</summary>
    public OutgoingMessages Messages() => [.. TaskEnds.Messages(Ends, Events).Select(m => m.Cause is { } cause ? (object)m.Message.WithDeliveryOptions(cause) : m.Message)];
}

/// <summary>Tells those on whose behalf tasks were queued that they have ended.</summary>
public static class TaskEnds
{
    /// <summary>The end that these events bring the task to; null where it goes on.</summary>
    public static TaskEnd? Of(AgentTask task, IReadOnlyList<object>? events) => events is [.., var last] ? last switch
    {
        TaskSucceeded succeeded => new(task.Id, task.HostId, task.Purpose, null, task.Desired.Upgrade?.UpgradeId, task.Desired.Upgrade is null ? null : succeeded.Report, task.Desired.DeploymentId),
        TaskDeadLettered dead => new(task.Id, task.HostId, task.Purpose, $"{dead.Code}: {dead.Detail}", task.Desired.Upgrade?.UpgradeId, DeploymentId: task.Desired.DeploymentId),
        TaskCancelled cancelled => new(task.Id, task.HostId, task.Purpose, cancelled.Cause, task.Desired.Upgrade?.UpgradeId, DeploymentId: task.Desired.DeploymentId),
        _ => null,
    } : null;

    /// <summary>Sends the messages, each with the event that it follows from.</summary>
    public static async Task Tell(this IMessageBus bus, IReadOnlyCollection<(Guid ExperimentId, TaskEnd End)> ended, IReadOnlyList<IEvent> events)
    {
        foreach (var (message, cause) in Messages(ended, events)) await bus.PublishAsync(message, cause);
    }

    /// <summary>
    /// The messages, each with the event that brought the last of its tasks to its end. Events of tasks are appended in bulk, beside the session: it does not know by itself
    /// which one a message follows from.
    /// </summary>
    public static IEnumerable<(object Message, DeliveryOptions? Cause)> Messages(IReadOnlyCollection<(Guid ExperimentId, TaskEnd End)> ended, IReadOnlyList<IEvent> events)
    {
        foreach (var message in Messages(ended))
        {
            var tasks = (message switch { HostTasksEnded m => m.Ends, UpgradeTasksEnded m => m.Ends, DeploymentTasksEnded m => m.Ends, _ => [] }).Select(e => e.TaskId).ToHashSet();
            yield return (message, events.LastOrDefault(e => tasks.Contains(e.StreamId)) is { } last ? Causes.Of(last.Id) : null);
        }
    }

    /// <summary>One message for each experiment, deployment and upgrade, however many of its hosts have ended together.</summary>
    static IEnumerable<object> Messages(IReadOnlyCollection<(Guid ExperimentId, TaskEnd End)> ends) =>
    [
        .. ends.Where(e => e.ExperimentId != Guid.Empty && e.End.DeploymentId is null).GroupBy(e => e.ExperimentId, e => e.End)
            .Select(experiment => new HostTasksEnded(experiment.Key, [.. experiment])),
        .. ends.Select(e => e.End).Where(e => e.UpgradeId is not null).GroupBy(e => e.UpgradeId!.Value)
            .Select(upgrade => new UpgradeTasksEnded(upgrade.Key, [.. upgrade])),
        .. ends.Select(e => e.End).Where(e => e.DeploymentId is not null).GroupBy(e => e.DeploymentId!.Value)
            .Select(deployment => new DeploymentTasksEnded(deployment.Key, [.. deployment])),
    ];
}
