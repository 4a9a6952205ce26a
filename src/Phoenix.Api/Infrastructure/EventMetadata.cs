using System.Diagnostics;
using Marten;
using Phoenix.Projections.Audit;

namespace Phoenix.Api.Infrastructure;

/// <summary>Who and why, on every event a request or a message appends.</summary>
public static class EventMetadata
{
    public const int MaxReasonLength = 1000;

    /// <summary>The actor of work that no person asked for: timers, sweeps, the queue.</summary>
    public const string System = "system";

    /// <summary>Stamps the session of a request with the caller's opaque id, how it was proved, and the reason given.</summary>
    public static void Stamp(this IDocumentSession session, HttpContext http, string? reason = null)
    {
        var cause = session.CausationId;
        Caller.Of(http).Stamp(session);
        session.CausationId = cause ?? session.CausationId;
        if (!string.IsNullOrWhiteSpace(reason)) session.SetHeader(AuditLog.ReasonHeader, reason);
    }

    /// <summary>
    /// Says who acts in a message. It relays the caller of the request behind it: what a person asked for stays theirs,
    /// but what follows from a host's report is decided by the control plane and not by the host.
    /// </summary>
    public static void StampDecision(this IDocumentSession session)
    {
        if (session.LastModifiedBy is null || session.LastModifiedBy.StartsWith(Identity.AgentAuthentication.ActorPrefix, StringComparison.Ordinal))
            session.LastModifiedBy = System;
    }

    /// <summary>Says which experiment the session's events belong to; nothing for work outside of experiments.</summary>
    public static void ForExperiment(this IDocumentSession session, Guid experimentId)
    {
        if (experimentId != Guid.Empty) session.SetHeader(AuditLog.ExperimentHeader, experimentId.ToString());
    }
}

/// <summary>Who asked for something, apart from the request, so that work can be written together with that of others.</summary>
public sealed record Caller(string Actor, string CorrelationId, string CausationId, string? Verification)
{
    public static Caller Of(HttpContext http) => new(
        http.User.Identity?.Name ?? "anonymous", Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier, http.TraceIdentifier,
        http.User.FindFirst(Identity.AgentAuthentication.VerificationClaim)?.Value);

    /// <summary>What is appended from now on is the caller's.</summary>
    public void Stamp(IDocumentSession session)
    {
        session.LastModifiedBy = Actor;
        session.CorrelationId = CorrelationId;
        session.CausationId = CausationId;
        if (Verification is not null) session.SetHeader(AuditLog.VerificationHeader, Verification);
    }
}
