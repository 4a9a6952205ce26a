using Microsoft.AspNetCore.SignalR;
using Phoenix.Api.Identity;

namespace Phoenix.Api.Live;

/// <summary>
/// Tells dashboards that something has changed. A message carries types, id and version only and the client reads again: a
/// lost message costs freshness, never correctness. Every change after the connection is told, and by <see cref="Begin"/> those shortly before it.
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

    /// <summary>
    /// Asks for what has changed since the page began to read: it hears of those streams, or of <see cref="LiveMessage.Everything"/> where that is not known any more.
    /// Who does not ask within 2 s hears of everything.
    /// </summary>
    /// <param name="readsForSeconds">How long ago the page began to read what it shows; null where it does not know.</param>
    public void Begin(double? readsForSeconds) =>
        clients.Begin(Context.ConnectionId, readsForSeconds is >= 0 and <= 3600 and var seconds ? TimeSpan.FromSeconds(seconds) : null);

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
    /// <summary>Read again whatever is shown: it is not known what has changed since the client began to read, or it is more than can be named.</summary>
    public const string Everything = "everything";
}
