using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Upgrades;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Upgrades;

/// <param name="Reason">Why, for the audit log.</param>
public sealed record UpgradeReason(string? Reason);

/// <summary>What a person decides about an upgrade. Repeating a command is harmless.</summary>
public static class UpgradeCommandEndpoints
{
    /// <summary>Asks no further host; what was asked and has not ended is taken back. Hosts that were upgraded stay so.</summary>
    [WolverinePost("/api/v2/upgrades/{id}/pause"), Tags("Upgrades"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Pause(Guid id, UpgradeReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, x => UpgradeDecisions.Pause(x, command.Reason), cancellation);

    /// <summary>Goes on where it was held. What has failed until now is no longer held against it.</summary>
    [WolverinePost("/api/v2/upgrades/{id}/resume"), Tags("Upgrades"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Resume(Guid id, UpgradeReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, UpgradeDecisions.Resume, cancellation);

    /// <summary>Ends the upgrade; hosts that were upgraded stay so, and may still be rolled back.</summary>
    [WolverinePost("/api/v2/upgrades/{id}/abort"), Tags("Upgrades"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> Abort(Guid id, UpgradeReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, UpgradeDecisions.Abort, cancellation);

    /// <summary>Returns every host that was asked to the version it had before, at once.</summary>
    [WolverinePost("/api/v2/upgrades/{id}/rollback"), Tags("Upgrades"), ProducesResponseType(202)]
    public static Task<(IResult, OutgoingMessages)> RollBack(Guid id, UpgradeReason command, IDocumentSession session, HttpContext http, CancellationToken cancellation) =>
        Run(id, command.Reason, session, http, x => UpgradeDecisions.RollBack(x, command.Reason), cancellation);

    static async Task<(IResult, OutgoingMessages)> Run(
        Guid id, string? reason, IDocumentSession session, HttpContext http, Func<Upgrade, Decision> decide, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return (tooLong, []);
        // Under a lock: what hosts report meanwhile waits, instead of sending the person away with a conflict.
        var stream = await session.Events.FetchForExclusiveWriting<Upgrade>(id, cancellation);
        if (stream.Aggregate is not { } upgrade) return (Problems.NotFound("upgrade", id), []);
        var decision = decide(upgrade);
        if (decision.Rejection is { } rejection) return (rejection.ToProblem(), []);
        session.Stamp(http, reason);
        stream.AppendMany(decision.Events);
        return (TypedResults.Accepted($"/api/v2/upgrades/{id}"), UpgradeProcess.Following(upgrade, decision));
    }
}
