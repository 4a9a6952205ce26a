using System.Text.Json;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Notifications;
using Phoenix.Projections;
using Wolverine.Http;

namespace Phoenix.Api.Notifications;

/// <param name="HttpStatus">Null where there was no answer.</param>
/// <param name="Error">What was wrong; null where it arrived.</param>
public sealed record NotificationTestResult(bool Delivered, int? HttpStatus, string? Error, double Milliseconds);

public static class TestNotificationTargetEndpoint
{
    /// <summary>Sends one now, of the kind <c>test</c>, to a disabled target too, and says what came of it. It is not sent again.</summary>
    [WolverinePost("/api/v2/notification-targets/{name}/test"), Tags("Notifications"), ProducesResponseType<NotificationTestResult>(200), ProducesResponseType(404)]
    public static async Task<IResult> Post(string name, IQuerySession session, NotificationSender sender, TimeProvider clock, CancellationToken cancellation)
    {
        var id = StreamIds.NotificationTarget(name);
        if (await session.LoadAsync<NotificationTarget>(id, cancellation) is not { } target || await session.LoadAsync<NotificationSecret>(id, cancellation) is not { } secret)
            return Problems.NotFound("notification target", name);
        var body = new NotificationBody("test", Guid.CreateVersion7(), 0, clock.GetUtcNow(), new(id, "notification-target"), name,
            $"A test of the notification target '{name}'. Nothing has happened.", $"/api/v2/notification-targets/{name}", JsonSerializer.SerializeToElement(new { }, EventStoreOptions.Json));
        var attempt = await sender.Send(target, secret, DeliverNotificationHandler.IdOf(body.EventId), body, cancellation);
        return TypedResults.Ok(new NotificationTestResult(attempt.Outcome == AttemptOutcome.Delivered, attempt.Status, attempt.Error, Math.Round(attempt.Milliseconds, 1)));
    }
}
