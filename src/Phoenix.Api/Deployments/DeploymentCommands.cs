using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Deployments;

/// <param name="Reason">Why, for the audit log.</param>
public sealed record DeploymentReason(string? Reason);

/// <summary>What a person decides about a deployment. Repeating a command is harmless.</summary>
public static class DeploymentCommandEndpoints
{
    /// <summary>Lets it begin. Not by who asked for it.</summary>
    [WolverinePost("/api/v2/deployments/{id}/approve"), Tags("Deployments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Approve(Guid id, DeploymentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, x => Task.FromResult(DeploymentDecisions.Approve(x, http.User.Identity?.Name)), cancellation);

    /// <summary>Ends it before it has begun; who asked for it may do so too.</summary>
    [WolverinePost("/api/v2/deployments/{id}/reject"), Tags("Deployments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Reject(Guid id, DeploymentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, x => Task.FromResult(DeploymentDecisions.Reject(x)), cancellation);

    /// <summary>Asks no further host; what was asked and has not ended is taken back. Hosts that run the version go on with it.</summary>
    [WolverinePost("/api/v2/deployments/{id}/pause"), Tags("Deployments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Pause(Guid id, DeploymentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, x => Task.FromResult(DeploymentDecisions.Pause(x, command.Reason)), cancellation);

    /// <summary>Goes on where it was held. What has failed until now is no longer held against it, and what is measured is judged anew.</summary>
    [WolverinePost("/api/v2/deployments/{id}/resume"), Tags("Deployments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Resume(Guid id, DeploymentReason command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, async x => DeploymentDecisions.Resume(x, (await session.ChangePolicy(cancellation)).FrozenAt(clock.GetUtcNow())), cancellation);

    /// <summary>Ends the deployment where it is; hosts that run the version go on with it.</summary>
    [WolverinePost("/api/v2/deployments/{id}/abort"), Tags("Deployments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Abort(Guid id, DeploymentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, x => Task.FromResult(DeploymentDecisions.Abort(x)), cancellation);

    /// <summary>Returns every host that was asked to what it ran before, at once.</summary>
    [WolverinePost("/api/v2/deployments/{id}/rollback"), Tags("Deployments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> RollBack(Guid id, DeploymentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, async x => DeploymentDecisions.RollBack(
            x, command.Reason, x.HasEnded && await Busy(x, session, cancellation), x.HasEnded ? await session.ProductionHashes([.. x.Deployed], cancellation) : null), cancellation);

    static async Task<bool> Busy(Deployment x, IQuerySession session, CancellationToken cancellation) =>
        (await session.AdvancedSql.QueryAsync<int>($"select 1 from {ExperimentHostsProjection.TableName} where host_id = any(?) and experiment_id <> ? limit 1", cancellation,
            x.Hosts.Take(x.Begun).ToArray(), x.Id)).Count > 0;

    static async Task<(IResult, OutgoingMessages)> Run(
        Guid id, string? reason, IDocumentSession session, HttpContext http, Func<Deployment, Task<Decision>> decide, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (tooLong, []);
        // Under a lock: what hosts report meanwhile waits, instead of sending the person away with a conflict.
        var stream = await session.Events.FetchForExclusiveWriting<Deployment>(id, cancellation);
        if (stream.Aggregate is not { } deployment) return (Problems.NotFound("deployment", id), []);
        var decision = await decide(deployment);
        if (decision.Rejection is { } rejection) return (rejection.ToProblem(), []);
        session.Stamp(http, reason);
        session.ForExperiment(deployment.ExperimentId ?? Guid.Empty);
        stream.AppendMany(decision.Events);
        return (TypedResults.Accepted($"/api/v2/deployments/{id}"), DeploymentProcess.Following(deployment, decision));
    }
}
