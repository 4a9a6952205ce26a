using Microsoft.AspNetCore.SignalR;

namespace Phoenix.Api.Live;

/// <summary>
/// Tells dashboards that something has changed. A message carries type, id and version only and the client reads again: a
/// lost message costs freshness, never correctness.
/// </summary>
public sealed class LiveHub(LiveClients clients) : Hub
{
    public const string Path = "/live";
    public const string Method = "changed";

    public override Task OnConnectedAsync()
    {
        clients.Add(Context.ConnectionId, Context.ConnectionAborted);
        return Task.CompletedTask;
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        clients.Remove(Context.ConnectionId);
        return Task.CompletedTask;
    }
}

/// <param name="Type">The newest event's type, or <see cref="Everything"/>.</param>
/// <param name="Id">The stream that has changed; empty for <see cref="Everything"/>.</param>
/// <param name="Version">The stream's version.</param>
public sealed record LiveMessage(string Type, Guid Id, long Version)
{
    /// <summary>More has changed than can be named: read again whatever is shown.</summary>
    public const string Everything = "everything";
}
