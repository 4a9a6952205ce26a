using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class PromoteExperimentEndpoint
{
    /// <summary>Makes the candidate's pipeline the production one on every host, once each host has confirmed.</summary>
    [WolverinePost("/api/v2/experiments/{id}/promote"), Tags("Experiments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExperimentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, async x =>
            ExperimentDecisions.Promote(x, await ExperimentCommand.Live(x, session, cancellation)), cancellation);
}
