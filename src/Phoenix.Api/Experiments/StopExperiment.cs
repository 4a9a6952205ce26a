using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class StopExperimentEndpoint
{
    /// <summary>Ends the experiment without a verdict and removes the candidate.</summary>
    [WolverinePost("/api/v2/experiments/{id}/stop"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExperimentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, x => Task.FromResult(ExperimentDecisions.Stop(x)), cancellation);
}
