using System.Text.Json;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Phoenix.Domain;
using Phoenix.Domain.Notifications;
using Phoenix.Projections;
using Wolverine;
using Wolverine.Marten.Subscriptions;

namespace Phoenix.Api.Notifications;

/// <summary>
/// Follows the event log and makes one durable message of each event and target. The messages and how far the log was followed are one transaction, so that an event becomes
/// one message however often a node dies.
/// </summary>
public sealed class NotificationSubscription : BatchSubscription
{
    /// <summary>What a sentence may quote, such as an error of a host, may be of any length.</summary>
    const int MaxText = 2_000, MaxData = 16_384;

    public NotificationSubscription() : base("Notifications")
    {
        foreach (var kind in NotificationKinds.All) IncludeType(kind.Event);
    }

    public override async Task ProcessEventsAsync(EventRange page, ISubscriptionController controller, IDocumentOperations operations, IMessageBus bus, CancellationToken cancellationToken)
    {
        var told = page.Events.Select(e => (Event: e, Kind: NotificationKinds.Of(e.Data)!)).Where(t => t.Kind is not null).ToList();
        if (told.Count == 0) return;
        var targets = await operations.Query<NotificationTarget>().Where(t => t.Enabled).ToListAsync(cancellationToken);
        if (targets.Count == 0) return;
        var since = await ToldSince.Of(operations, targets.Select(t => t.Id), cancellationToken);
        var subjects = await NotificationSubjects.Of(operations, told, cancellationToken);
        NotificationDeliveries.LetGo(operations);
        foreach (var ((e, kind), subject) in told.Zip(subjects))
        {
            var wanting = targets.Where(t => e.Sequence > since.GetValueOrDefault(t.Id, long.MaxValue) && t.Wants(kind.Kind, subject.Name)).ToList();
            if (wanting.Count == 0) continue;
            var body = Body(e, kind, subject);
            foreach (var target in wanting)
            {
                var message = new DeliverNotification(target.Id, StreamIds.NotificationDelivery(target.Id, e.Id), body);
                NotificationDeliveries.Queue(operations, message);
                await bus.PublishAsync(message);
            }
        }
    }

    static NotificationBody Body(IEvent e, NotificationKind kind, (string Name, string Type, string Link) subject)
    {
        var text = kind.Text(e.Data, subject.Name);
        var data = JsonSerializer.SerializeToElement(kind.Data(e.Data), EventStoreOptions.Json);
        if (data.GetRawText().Length > MaxData) data = JsonSerializer.SerializeToElement(new { leftOut = "too large; the link and the audit log have it" }, EventStoreOptions.Json);
        return new(kind.Kind, e.Id, e.Sequence, e.Timestamp, new(e.StreamId, subject.Type), subject.Name, text.Length > MaxText ? text[..(MaxText - 1)] + "…" : text, subject.Link, data);
    }
}
