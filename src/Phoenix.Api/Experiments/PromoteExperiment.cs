using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public enum Variant
{
    Candidate,
    Baseline,
}

/// <param name="Variant">The candidate where left out. The baseline is decided for in any state: what is measured ends, what was promoted goes back.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record PromoteExperiment(Variant? Variant, string? Reason);

public static class PromoteExperimentEndpoint
{
    /// <summary>Makes the candidate's pipeline the production one on every host, once each host has confirmed; or decides for the baseline.</summary>
    [WolverinePost("/api/v2/experiments/{id}/promote"), Tags("Experiments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, PromoteExperiment command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, async x =>
        {
            var live = await ExperimentCommand.Live(x, session, cancellation);
            return command.Variant == Variant.Baseline ? ExperimentDecisions.Keep(x, live) : ExperimentDecisions.Promote(x, live);
        }, cancellation);
}
