using Marten;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Experiments;

/// <param name="Seconds">How much longer it measures.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record ExtendExperiment(double? Seconds, string? Reason);

public static class ExtendExperimentEndpoint
{
    const double MostSeconds = 366 * 86_400d;

    /// <summary>
    /// Lets an experiment that is warming up or running measure for longer; every host is told to keep the candidate. A host that is not reached ends it
    /// at the time it was told before, and is then missing in the windows.
    /// </summary>
    [WolverinePost("/api/v2/experiments/{id}/extend"), Tags("Experiments"), ProducesResponseType(202), ProducesResponseType(412)]
    public static Task<(IResult, OutgoingMessages)> Post(
        Guid id, ExtendExperiment command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        ExperimentCommand.Run(id, command.Reason, session, http, x => Task.FromResult(
            command.Seconds is > 0 and <= MostSeconds
                ? ExperimentDecisions.Extend(x, TimeSpan.FromSeconds(command.Seconds.Value))
                : Rejection.Invalid("duration-invalid", "seconds", "Say by how many seconds it is extended.")), cancellation);
}
