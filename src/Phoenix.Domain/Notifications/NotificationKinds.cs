using System.Globalization;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Budgets;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Domain.Upgrades;

namespace Phoenix.Domain.Notifications;

/// <summary>An event that somebody outside can be told of.</summary>
/// <param name="Kind">Group and name; stable, since people choose by it.</param>
/// <param name="Event">Its type.</param>
/// <param name="Text">One sentence for people. Takes the event and the subject's name.</param>
/// <param name="Data">What programs want of it, small and without secrets; never lists that grow with the fleet.</param>
/// <param name="Subject">Whom it is about, where the event says so itself; null where the stream's name says it.</param>
public sealed record NotificationKind(string Kind, Type Event, Func<object, string, string> Text, Func<object, object> Data, Func<object, string?> Subject);

/// <summary>Which events can be told. To tell of another one is one line here.</summary>
public static class NotificationKinds
{
    public static readonly IReadOnlyList<NotificationKind> All =
    [
        Of<ExperimentStarted>("experiment.started", (e, name) => $"Experiment '{name}' began on {Count(e.Hosts.Count, "host")}.", e => new { hosts = e.Hosts.Count, e.CandidateExpiresAt }),
        Of<GuardrailBreached>("experiment.guardrail-breached", (e, name) => $"Experiment '{name}' broke a guardrail and goes back: {e.Detail}.", e => e),
        Of<VerdictReached>("experiment.verdict", (e, name) => $"Experiment '{name}' came to the verdict {e.Outcome.ToString().ToLowerInvariant()}: {string.Join("; ", e.Reasons)}.", e => new { e.Outcome, e.Scope, e.Reasons, e.Evidence.LiveSeriesReductionPct }),
        Of<ExperimentPromoted>("experiment.promoted", (_, name) => $"The candidate of experiment '{name}' is the production pipeline of all its hosts."),
        Of<RollbackRequested>("experiment.rollback-requested", (e, name) => $"Experiment '{name}' goes back to its baseline: {e.Detail}.", e => new { e.Cause, e.Detail, hosts = e.Hosts.Count }),
        Of<ExperimentRolledBack>("experiment.rolled-back", (_, name) => $"Experiment '{name}' is back at its baseline."),
        Of<ExperimentStopped>("experiment.stopped", (_, name) => $"Experiment '{name}' was stopped without a verdict."),
        Of<HostFailed>("experiment.host-failed", (e, name) => $"Host '{e.HostId}' could not do what experiment '{name}' asked of it ({e.Purpose}): {e.Error}.", e => e),
        Of<AgentLost>("host.lost", (e, name) => $"Host '{name}' is lost: last heard of at {e.LastContact.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.", e => e, e => e.HostId),
        Of<AgentRecovered>("host.recovered", (_, name) => $"Host '{name}' is heard again.", e => e, e => e.HostId),
        Of<BudgetBreached>("budget.breached", (e, name) => string.Create(CultureInfo.InvariantCulture,
            $"Budget '{name}' has reached {e.ThresholdPct:0.#} % in {e.Month:yyyy-MM}: {e.Spent:0.##} spent{Proposed(e.Proposal, e.WhyNoProposal)}."),
            e => new { e.Month, e.ThresholdPct, e.Spent, e.Through, proposal = Small(e.Proposal), e.WhyNoProposal }),
        Of<BudgetForecastBreached>("budget.forecast-breached", (e, name) => string.Create(CultureInfo.InvariantCulture,
            $"Budget '{name}' will not last for {e.Month:yyyy-MM} if it goes on like that: {e.Forecast:0.##} ({e.Lower:0.##} to {e.Upper:0.##}), by {Count(e.Days, "day")}{Proposed(e.Proposal, e.WhyNoProposal)}."),
            e => new { e.Month, e.Forecast, e.Lower, e.Upper, e.Days, e.Spent, e.Through, proposal = Small(e.Proposal), e.WhyNoProposal }),
        Of<BudgetCleared>("budget.cleared", (e, name) => string.Create(CultureInfo.InvariantCulture, $"Budget '{name}' lies under {e.ThresholdPct:0.#} % of {e.Month:yyyy-MM} again: {e.Spent:0.##} spent."), e => e),
        Of<DeploymentRequested>("deployment.requested", (e, name) => e.Until is { } until
            ? $"Full detail is back on {Count(e.Hosts.Count, "host")} until {until.UtcDateTime:yyyy-MM-dd HH:mm} UTC: '{name}'."
            : $"Pipeline '{name}' is to go to {Count(e.Hosts.Count, "host")} in {Count(e.Waves.Count, "wave")}{(e.NeedsApproval ? ", and waits for somebody's approval" : "")}.",
            e => new { e.Pipeline, hosts = e.Hosts.Count, e.Waves, e.ExperimentId, e.Ticket, e.NeedsApproval, e.Until }),
        Of<DeploymentApproved>("deployment.approved", (_, name) => $"The deployment of pipeline '{name}' is approved."),
        Of<DeploymentRejected>("deployment.rejected", (_, name) => $"The deployment of pipeline '{name}' was not approved; nothing was deployed."),
        Of<DeploymentHeld>("deployment.held", (e, name) => $"The deployment of pipeline '{name}' is held: {e.Detail}.", e => e),
        Of<DeploymentResumed>("deployment.resumed", (_, name) => $"The deployment of pipeline '{name}' goes on where it was held."),
        Of<DeploymentRollbackRequested>("deployment.rollback-requested", (e, name) => $"The deployment of pipeline '{name}' is taken back: {e.Detail}.", e => new { e.Cause, e.Detail }),
        Of<DeploymentRolledBack>("deployment.rolled-back", (_, name) => $"The deployment of pipeline '{name}' is back: its hosts run what they ran before, but for those that could not return."),
        Of<DeploymentAborted>("deployment.aborted", (e, name) => $"The deployment of pipeline '{name}' ended before its time; hosts that run it go on with it{(e.Detail.Length == 0 ? "" : $": {e.Detail}")}.", e => e),
        Of<DeploymentCompleted>("deployment.completed", (_, name) => $"Pipeline '{name}' runs on all hosts of its deployment."),
        Of<UpgradeHeld>("upgrade.held", (e, name) => $"The upgrade of agents to {name} is held: {e.Detail}.", e => e),
        Of<UpgradeRollbackRequested>("upgrade.rollback-requested", (e, name) => $"The upgrade of agents to {name} is taken back: {e.Detail}.", e => e),
        Of<UpgradeCompleted>("upgrade.completed", (_, name) => $"The upgrade of agents to {name} is complete."),
        Of<TaskDeadLettered>("task.dead-lettered", (e, name) => $"A task of host '{name}' failed for good after {Count(e.Attempts, "attempt")}: {e.Code}: {e.Detail}.", e => e),
    ];

    static readonly Dictionary<Type, NotificationKind> ByEvent = All.ToDictionary(k => k.Event);

    /// <summary>The kind of an event; null where nobody can be told of it.</summary>
    public static NotificationKind? Of(object @event) => ByEvent.GetValueOrDefault(@event.GetType());

    /// <summary>A kind, or all of a group: <c>experiment.*</c>.</summary>
    public static bool IsKnown(string kind) =>
        All.Any(k => k.Kind == kind) || (kind.EndsWith(".*", StringComparison.Ordinal) && All.Any(k => k.Kind.StartsWith(kind[..^1], StringComparison.Ordinal)));

    static NotificationKind Of<T>(string kind, Func<T, string, string> text, Func<T, object>? data = null, Func<T, string?>? subject = null) where T : notnull =>
        new(kind, typeof(T), (e, name) => Ended(text((T)e, name)), e => data?.Invoke((T)e) ?? new { }, e => subject?.Invoke((T)e));

    static string Proposed(BudgetProposal? proposal, string? whyNot) => proposal is null ? whyNot is null ? "" : $"; no experiment is proposed: {whyNot.TrimEnd('.')}"
        : string.Create(CultureInfo.InvariantCulture, $"; proposed is an experiment with '{proposal.Candidate.Name}', which reduced live series by {proposal.ReductionPct:0.#} % elsewhere");

    static object? Small(BudgetProposal? proposal) => proposal is null ? null : new { proposal.Baseline, proposal.Candidate, proposal.ProvedBy, proposal.ReductionPct, proposal.Cost, hosts = proposal.Hosts.Count };

    static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    /// <summary>What a sentence quotes may end with a full stop of its own.</summary>
    static string Ended(string sentence) => sentence.TrimEnd('.') + ".";
}
