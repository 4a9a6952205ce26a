using Marten;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Notifications;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Notifications;

/// <param name="OverlapHours">So long notifications carry the signature of the secret before as well; 24 where left out, 0 where that one got known, at most 720.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record RotateNotificationSecret(double? OverlapHours, string? Reason);

public static class RotateNotificationSecretEndpoint
{
    const double DefaultHours = 24, MaxHours = 720;

    /// <summary>Signs with a new secret, which the answer has once. One that was the previous one until now signs no more.</summary>
    [WolverinePost("/api/v2/notification-targets/{name}/rotate-secret"), RequireRole(Roles.Admin), Tags("Notifications"), ProducesResponseType<NotificationTargetView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Post(string name, RotateNotificationSecret command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (command.OverlapHours is < 0 or > MaxHours or double.NaN)
            return Problems.Of(422, "overlap-invalid", $"Both secrets are in force for 0 to {MaxHours} hours.", "overlapHours");
        var id = StreamIds.NotificationTarget(name);
        // In turn with another rotation, or one of the two secrets that were told would sign nothing.
        var stream = await session.Events.FetchForExclusiveWriting<NotificationTarget>(id, cancellation);
        if (stream.Aggregate is not { } target || await session.LoadAsync<NotificationSecret>(id, cancellation) is not { } before) return Problems.NotFound("notification target", name);
        var until = clock.GetUtcNow() + TimeSpan.FromHours(command.OverlapHours ?? DefaultHours);
        var decision = NotificationTargetDecisions.RotateSecret(target, until);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        var secret = NotificationSecret.New();
        session.Store(before with { Secret = secret, Previous = before.Secret, PreviousUntil = until });
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        return TypedResults.Ok(NotificationTargetView.Of(target with { PreviousSecretUntil = until }, secret));
    }
}
