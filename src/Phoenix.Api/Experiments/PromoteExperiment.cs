using Marten;
using Npgsql;
using Phoenix.Api.Deployments;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Measurements;
using Phoenix.Api.Pipelines;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Users;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public enum Variant
{
    Candidate,
    Baseline,
}

/// <param name="Variant">The candidate where left out. The baseline is decided for in any state: what is measured ends, what was promoted goes back.</param>
/// <param name="Rollout">How the candidate comes to the hosts.</param>
/// <param name="Ticket">Where the change was asked for, as a link or a number.</param>
/// <param name="Force">Whatever the verdict says, or without one; by an admin, with a reason.</param>
/// <param name="OverrideFreeze">Goes on in a change freeze; by an admin, with a reason.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record PromoteExperiment(Variant? Variant, RolloutRequest? Rollout, string? Ticket, bool? Force, bool? OverrideFreeze, string? Reason);

/// <summary>The deployment runs the candidate on these hosts.</summary>
public sealed record PromotionProgressed(Guid ExperimentId, Guid DeploymentId, IReadOnlyList<string> Hosts);

/// <summary>The deployment that promotes the experiment has ended.</summary>
public sealed record PromotionEnded(Guid ExperimentId, Guid DeploymentId, PromotionOutcome Outcome, string Detail, IReadOnlyList<HostFailed> Failed);

[Wolverine.Attributes.WolverineHandler]
public static class PromoteExperimentEndpoint
{
    /// <summary>
    /// Makes the candidate's pipeline the production one on every host, in waves that are each judged by what is measured; the experiment is promoted when
    /// the last one is found well. Or decides for the baseline.
    /// </summary>
    [WolverinePost("/api/v2/experiments/{id}/promote"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        Guid id, PromoteExperiment command, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (command.Variant == Variant.Baseline) return await Keep(id, command.Reason, session, http, cancellation);
        if (command.Force == true && http.Lacks(Roles.Admin, "force", "Going over the verdict") is { } forbidden) return (forbidden, []);
        if (RequestDeploymentEndpoint.Forbidden(command.OverrideFreeze, http) is { } frozen) return (frozen, []);
        if (RequestDeploymentEndpoint.Wrong(command.Rollout, command.OverrideFreeze, command.Reason) is { } wrong) return (wrong.ToProblem(), []);
        if (command.Force == true && string.IsNullOrWhiteSpace(command.Reason))
            return (Rejection.Invalid("reason-missing", "reason", "Say why the verdict is gone over.").ToProblem(), []);
        // Before the experiment is locked, since it takes another connection.
        var kept = await WindowStore.KeptPct(database, id, null, cancellation);
        Guid? begun = null;
        var (answer, messages) = await ExperimentCommand.Run(id, command.Reason, session, http, async x =>
        {
            var deployment = Guid.CreateVersion7();
            var decision = ExperimentDecisions.Promote(x, await ExperimentCommand.Live(x, session, cancellation), deployment, command.Force ?? false);
            if (decision.Rejection is not null) return decision;
            var pipeline = await session.Choose(new(x.Candidate.PipelineId, x.Candidate.Version), cancellation);
            // What was measured is promoted, also where its pipeline has been deprecated since.
            var requested = await RequestDeploymentEndpoint.Decide(
                pipeline is null ? null : pipeline with { Deprecated = false }, x.Hosts, command.Rollout, id, kept, command.Ticket, command.OverrideFreeze, session, database, clock, cancellation);
            if (requested.Rejection is not null) return requested;
            session.ForExperiment(id);
            session.Events.StartStream<Deployment>(deployment, requested.Events);
            begun = deployment;
            return decision;
        }, cancellation);
        if (begun is { } promotion) messages.Add(new AdvanceDeployment(promotion));
        return (answer, messages);
    }

    static Task<(IResult, OutgoingMessages)> Keep(Guid id, string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, reason, session, http, async x =>
            await ExperimentCommand.EndPromotion(x, ExperimentDecisions.Keep(x, await ExperimentCommand.Live(x, session, cancellation)), session, cancellation), cancellation);

    public static Task<OutgoingMessages> Handle(PromotionProgressed message, IDocumentSession session, CancellationToken cancellation) =>
        ExperimentProcess.Decide(message.ExperimentId, session, x => Task.FromResult(ExperimentDecisions.PromotionProgressed(x, message.DeploymentId, message.Hosts)), cancellation);

    public static Task<OutgoingMessages> Handle(PromotionEnded message, IDocumentSession session, CancellationToken cancellation) =>
        ExperimentProcess.Decide(message.ExperimentId, session,
            x => Task.FromResult(ExperimentDecisions.PromotionEnded(x, message.DeploymentId, message.Outcome, message.Detail, message.Failed)), cancellation);
}
