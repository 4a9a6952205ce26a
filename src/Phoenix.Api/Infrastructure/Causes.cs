using System.Runtime.CompilerServices;
using Marten;
using Phoenix.Projections.Audit;
using Wolverine;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// Which event led to which: a message carries the id of the event that was appended last in the transaction that sent it, and what is appended in handling the
/// message notes it. A message that follows from a message without an event between them hands on what it was told. Request and conversation ids say only that
/// events belong together, not which one led to another.
/// </summary>
public sealed class Causes : IEnvelopeRule
{
    const string Header = "phoenix-cause";

    static readonly ConditionalWeakTable<IMessageContext, IDocumentSession> Sessions = [];

    /// <summary>Where the event that leads to a message is known, but is none of the session's own.</summary>
    public static DeliveryOptions Of(Guid eventId) => new DeliveryOptions().WithHeader(Header, eventId.ToString());

    /// <summary>
    /// Runs before every handler and endpoint that has a session and may send messages. What is appended in the session followed from what the message was told;
    /// what is sent follows from what is appended.
    /// </summary>
    public static void Before(IMessageContext context, IDocumentSession session)
    {
        Sessions.AddOrUpdate(context, session);
        if (context.Envelope?.Headers.TryGetValue(Header, out var cause) == true && cause is not null) session.SetHeader(AuditLog.CauseHeader, cause);
    }

    public void Modify(Envelope envelope)
    {
        // Whatever is sent outside of a transaction follows from no event.
    }

    public void ApplyCorrelation(IMessageContext originator, Envelope outgoing)
    {
        if (outgoing.Headers.ContainsKey(Header)) return;
        if ((Sessions.TryGetValue(originator, out var session) ? Last(session) : null) is { } last) outgoing.Headers[Header] = last.ToString();
        else if (originator.Envelope?.Headers.TryGetValue(Header, out var cause) == true) outgoing.Headers[Header] = cause;
    }

    static Guid? Last(IDocumentSession session)
    {
        if (session.PendingChanges.Streams().SelectMany(s => s.Events).LastOrDefault() is not { } e) return null;
        if (e.Id == Guid.Empty) e.Id = Guid.CreateVersion7();
        return e.Id;
    }
}
