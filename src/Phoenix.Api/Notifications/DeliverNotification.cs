using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Notifications;
using Wolverine;
using Wolverine.ErrorHandling;
using Wolverine.Runtime.Handlers;

namespace Phoenix.Api.Notifications;

/// <summary>One event is to be told to one target.</summary>
/// <param name="DeliveryId">Follows from target and event; receivers know a repetition by it.</param>
/// <param name="Attempt">From 1.</param>
public sealed record DeliverNotification(Guid TargetId, Guid DeliveryId, NotificationBody Body, int Attempt = 1);

/// <summary>A notification that was refused, or that did not arrive in any attempt. Its message is kept among the dead ones, to be tried again when the cause is mended.</summary>
public sealed class NotificationUndeliverableException(string message) : Exception(message);

/// <summary>
/// Sends, and asks for the next attempt where it did not arrive. The next attempt and the end of this one are one transaction: a node that is killed before it sends the
/// same again (a receiver knows it by its id), and one that is killed after it sends nothing twice.
/// </summary>
public static class DeliverNotificationHandler
{
    /// <summary>Attempts are spaced out here, by what the receiver answers; what ends in an exception has none left.</summary>
    public static void Configure(HandlerChain chain) => chain.OnException<NotificationUndeliverableException>().MoveToErrorQueue();

    public static async Task<OutgoingMessages> Handle(
        DeliverNotification message, IDocumentSession session, NotificationSender sender, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        if (await NotificationDeliveries.HasArrived(session, message.DeliveryId, cancellation)) return [];
        var target = await session.LoadAsync<NotificationTarget>(message.TargetId, cancellation);
        // The last is asked last: where the target begins anew in this moment, the address that was read may be of either, and the message is of before.
        if (target is not { Enabled: true } || await session.LoadAsync<NotificationSecret>(message.TargetId, cancellation) is not { } secret || await IsOfBefore(message, session, cancellation))
        {
            NotificationDeliveries.Ended(session, message.DeliveryId, NotificationDeliveries.Dropped, null);
            return [];
        }
        var attempt = await sender.Send(target, secret, IdOf(message.DeliveryId), message.Body, cancellation);
        Figures.Notifications.Add(1, new KeyValuePair<string, object?>("outcome", attempt.Outcome.ToString().ToLowerInvariant()));
        if (attempt.Outcome == AttemptOutcome.Delivered)
        {
            NotificationDeliveries.Ended(session, message.DeliveryId, NotificationDeliveries.Delivered, attempt);
            return [];
        }
        if (attempt.Outcome == AttemptOutcome.Failed && DeliveryRetries.After(message.Attempt, attempt.RetryAfter, Random.Shared.NextDouble()) is { } wait)
        {
            NotificationDeliveries.Ended(session, message.DeliveryId, NotificationDeliveries.Retrying, attempt, clock.GetUtcNow() + wait);
            return [(message with { Attempt = message.Attempt + 1 }).DelayedFor(wait)];
        }
        await NotificationDeliveries.Died(database, message.DeliveryId, attempt, cancellation);
        throw new NotificationUndeliverableException($"Target '{target.Name}' was not told of event {message.Body.Sequence} in attempt {message.Attempt}: {attempt.Error}");
    }

    /// <summary>Whether the target was disabled, or removed, since the event, and then began anew: of what was before it is not told, and not by a retry either.</summary>
    static async Task<bool> IsOfBefore(DeliverNotification message, IQuerySession session, CancellationToken cancellation) =>
        message.Body.Sequence <= (await ToldSince.Of(session, [message.TargetId], cancellation)).GetValueOrDefault(message.TargetId, long.MaxValue);

    /// <summary>As the header says it.</summary>
    public static string IdOf(Guid deliveryId) => $"msg_{deliveryId:N}";
}
