using Marten;
using Wolverine;
using Wolverine.Configuration;

namespace Phoenix.Api.Notifications;

/// <summary>Wires notifications into the store, the services and the queues.</summary>
public static class NotificationSetup
{
    const string Queue = "notifications";

    public static void AddNotifications(this IServiceCollection services) => services.AddSingleton<NotificationSender>();

    public static void AddNotifications(this StoreOptions options)
    {
        options.RegisterDocumentType<NotificationSecret>();
        options.Storage.ExtendedSchemaObjects.Add(NotificationDeliveries.Table);
    }

    /// <summary>In order for each target, some targets at a time: one that does not answer holds up those few that share its slot, and nobody else's work.</summary>
    public static void AddNotifications(this WolverineOptions options)
    {
        options.MessagePartitioning.ByMessage<DeliverNotification>(m => m.TargetId.ToString());
        options.LocalQueue(Queue).PartitionProcessingByGroupId(PartitionSlots.Nine);
        options.Publish(rule => rule.Message<DeliverNotification>().ToLocalQueue(Queue));
    }
}
