using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Subscriptions;
using Microsoft.AspNetCore.SignalR;

namespace Phoenix.Api.Live;

/// <summary>
/// Tells dashboards that something has changed. A message carries type, id and version only and the client reads again: a
/// lost message costs freshness, never correctness.
/// </summary>
public sealed class LiveHub : Hub
{
    public const string Path = "/live";
    public const string Method = "changed";
}

public sealed record LiveMessage(string Type, Guid Id, long Version);

/// <summary>Feeds the hub from the event log, so that a change made by any node or tool is told.</summary>
public sealed class LiveFeed : SubscriptionBase
{
    readonly IHubContext<LiveHub> _hub;

    public LiveFeed(IHubContext<LiveHub> hub)
    {
        _hub = hub;
        Name = "LiveFeed";
    }

    public override async Task<IChangeListener> ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        foreach (var e in page.Events)
            await _hub.Clients.All.SendAsync(LiveHub.Method, new LiveMessage(e.EventTypeName, e.StreamId, e.Version), cancellationToken);
        return NullChangeListener.Instance;
    }
}
