using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class StartExperimentEndpoint
{
    /// <summary>Freezes the hosts and puts both variants on them.</summary>
    [WolverinePost("/api/v2/experiments/{id}/start"), Tags("Experiments"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExperimentReason command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, async x =>
            ExperimentDecisions.Start(x, await ExperimentCommand.Live(x, session, cancellation), clock.GetUtcNow()), cancellation);
}
