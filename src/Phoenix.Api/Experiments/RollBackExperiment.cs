using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class RollBackExperimentEndpoint
{
    /// <summary>Returns every host to the baseline alone, at once.</summary>
    [WolverinePost("/api/v2/experiments/{id}/rollback"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExperimentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, async x =>
            await ExperimentCommand.EndPromotion(x, ExperimentDecisions.RollBack(x, await ExperimentCommand.Live(x, session, cancellation)), session, cancellation), cancellation);
}
