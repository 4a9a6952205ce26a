using Microsoft.AspNetCore.SignalR;
using Phoenix.Api.Identity;

namespace Phoenix.Api.Live;

/// <summary>
/// Tells dashboards that something has changed. A message carries types, id and version only and the client reads again: a
/// lost message costs freshness, never correctness. The first message is <see cref="LiveMessage.Everything"/>: every change after it is told.
/// </summary>
public sealed class LiveHub(LiveClients clients) : Hub
{
    public const string Path = "/live";
    public const string Method = "changed";

    public override Task OnConnectedAsync()
    {
        clients.Add(Context.ConnectionId, Context.User!.FindFirst(UserAuthentication.TokenClaim)!.Value, Context.Abort, Context.ConnectionAborted);
        return Task.CompletedTask;
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        clients.Remove(Context.ConnectionId);
        return Task.CompletedTask;
    }
}

/// <param name="Type">The newest event's type, or <see cref="Everything"/>.</param>
/// <param name="StreamType">What the stream is of, as the audit log's <c>streamType</c> calls it: <c>Experiment</c>, <c>AgentTask</c>, …; empty for <see cref="Everything"/>, and for an event of a type that this version does not know.</param>
/// <param name="Id">The stream that has changed; empty for <see cref="Everything"/>.</param>
/// <param name="Version">The stream's version.</param>
public sealed record LiveMessage(string Type, string StreamType, Guid Id, long Version)
{
    /// <summary>Read again whatever is shown: the client has only now connected, or more has changed than can be named.</summary>
    public const string Everything = "everything";
}
