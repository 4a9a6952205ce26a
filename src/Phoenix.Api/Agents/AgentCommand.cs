using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Experiments;
using Phoenix.Projections.Fleet;

namespace Phoenix.Api.Agents;

/// <param name="Reason">Why, for the audit log.</param>
public sealed record AgentReason(string? Reason);

/// <param name="HeldBy">Experiments that the host takes part in: they go on, and take off what they have put there when they end.</param>
public sealed record AgentHold(string HostId, bool Drained, bool Decommissioned, IReadOnlyList<Guid> HeldBy);

/// <summary>What commands about one host have in common: load, decide, append with the reason.</summary>
static class AgentCommand
{
    /// <summary>The answer of a host that is unknown or a decision that says no; null where events were appended, or nothing needed to change.</summary>
    public static async Task<IResult?> Run(
        string hostId, string? reason, IDocumentSession session, HttpContext http, Func<Agent, Decision> decide, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        // Under a lock: what hosts report meanwhile waits, instead of sending the person away with a conflict.
        var stream = await session.Events.FetchForExclusiveWriting<Agent>(StreamIds.Agent(hostId), cancellation);
        if (stream.Aggregate is not { } agent) return Problems.NotFound("host", hostId);
        var decision = decide(agent);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, reason);
        stream.AppendMany(decision.Events);
        return null;
    }

    /// <summary>Experiments that the host takes part in.</summary>
    public static Task<IReadOnlyList<Guid>> HeldBy(this IQuerySession session, string hostId, CancellationToken cancellation) =>
        session.AdvancedSql.QueryAsync<Guid>($"select experiment_id from {ExperimentHostsProjection.TableName} where host_id = ?", cancellation, hostId);

    /// <summary>Why nothing new may be put on one of the hosts; null where it may.</summary>
    public static async Task<Rejection?> Held(this IQuerySession session, IReadOnlyCollection<string> hosts, CancellationToken cancellation) =>
        await session.FirstHeld(hosts, cancellation) is var (host, decommissioned) ? AgentDecisions.Held(host, decommissioned) : null;
}
