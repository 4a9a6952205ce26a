using Marten;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

public static class ArchiveExperimentEndpoint
{
    /// <summary>Takes an experiment that rests out of the lists. Its events, evidence and savings stay.</summary>
    [WolverinePost("/api/v2/experiments/{id}/archive"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static Task<(IResult, OutgoingMessages)> Archive(
        Guid id, ExperimentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, x => Task.FromResult(ExperimentDecisions.Archive(x)), cancellation);

    /// <summary>Shows it again.</summary>
    [WolverinePost("/api/v2/experiments/{id}/unarchive"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static Task<(IResult, OutgoingMessages)> Unarchive(
        Guid id, ExperimentReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, x => Task.FromResult(ExperimentDecisions.Unarchive(x)), cancellation);
}
