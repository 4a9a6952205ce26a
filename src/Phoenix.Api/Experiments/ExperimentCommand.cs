using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Experiments;
using Phoenix.Projections.Fleet;
using Wolverine;

namespace Phoenix.Api.Experiments;

/// <summary>What start, stop, promote and roll back have in common: load, decide, append with the reason, and let the process manager act.</summary>
public static class ExperimentCommand
{
    /// <summary>202 with the experiment's address; 404, 409 or 422 as the decision says, and 412 where the request names a version that is no more.</summary>
    public static async Task<(IResult, OutgoingMessages)> Run(
        Guid id, string? reason, IDocumentSession session, HttpContext http, Func<Experiment, Task<Decision>> decide, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (tooLong, []);
        // Under a lock: what hosts report meanwhile waits, instead of sending the person away with a conflict.
        var stream = await session.Events.FetchForExclusiveWriting<Experiment>(id, cancellation);
        if (stream.Aggregate is not { } experiment) return (Problems.NotFound("experiment", id), []);
        if (http.Request.Outdated("The experiment", experiment.Version) is { } outdated) return (outdated, []);
        var decision = await decide(experiment);
        if (decision.Rejection is { } rejection) return (rejection.ToProblem(), []);
        session.Stamp(http, reason);
        stream.AppendMany(decision.Events);
        return (TypedResults.Accepted($"/api/v2/experiments/{id}"), [new AdvanceExperiment(id)]);
    }

    /// <summary>
    /// Where a decision sends the hosts of a promotion back, its deployment ends in the same transaction: not one more host is asked. Experiments before
    /// their deployments, everywhere.
    /// </summary>
    public static async Task<Decision> EndPromotion(Experiment x, Decision decision, IDocumentSession session, CancellationToken cancellation)
    {
        if (x is not { State: ExperimentState.Promoting, DeploymentId: { } id } || !decision.Events.Any(e => e is RollbackRequested)) return decision;
        var stream = await session.Events.FetchForExclusiveWriting<Deployment>(id, cancellation);
        session.ForExperiment(x.Id);
        if (stream.Aggregate is { } deployment) stream.AppendMany(DeploymentDecisions.Supersede(deployment, "the experiment goes back").Events);
        return decision;
    }

    /// <summary>Configuration hash of what runs as production, by host; hosts where nothing runs are absent.</summary>
    public static Task<IReadOnlyDictionary<string, string>> Live(Experiment experiment, IQuerySession session, CancellationToken cancellation) =>
        session.ProductionHashes(experiment.Hosts, cancellation);
}

/// <param name="Reason">Why, for the audit log.</param>
public sealed record ExperimentReason(string? Reason);
