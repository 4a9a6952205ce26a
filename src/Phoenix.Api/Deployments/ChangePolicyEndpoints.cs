using Marten;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Deployments;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Deployments;

/// <param name="ApprovalRequired">A second person has to approve every promotion and deployment.</param>
/// <param name="TicketRequired">Each has to say where it was asked for.</param>
/// <param name="Freezes">Times in which none begins and no further wave does.</param>
/// <param name="MendDrift">Where a host runs something else than it should, that is put back by itself.</param>
/// <param name="Reason">Why, for the audit log.</param>
public sealed record ChangePolicyRequest(bool? ApprovalRequired, bool? TicketRequired, bool? MendDrift, ChangeFreeze[]? Freezes, string? Reason);

/// <param name="Frozen">The freeze that is in force now; null where changes may begin.</param>
public sealed record ChangePolicyView(int Version, bool ApprovalRequired, bool TicketRequired, bool MendDrift, IReadOnlyList<ChangeFreeze> Freezes, FreezeInForce? Frozen);

public static class ChangePolicyEndpoints
{
    /// <summary>What is asked of every change of what runs as production.</summary>
    [WolverineGet("/api/v2/change-policy"), Tags("Deployments")]
    public static async Task<ChangePolicyView> Get(IQuerySession session, TimeProvider clock, CancellationToken cancellation) =>
        View(await session.ChangePolicy(cancellation), clock);

    /// <summary>Sets it, in full: what is left out is not asked. A rollback and an incident's full detail are never held by it.</summary>
    [WolverinePut("/api/v2/change-policy"), RequireRole(Roles.Admin), Tags("Deployments"), ProducesResponseType<ChangePolicyView>(200)]
    public static async Task<IResult> Put(ChangePolicyRequest command, IDocumentSession session, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", command.Reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        var stream = await session.Events.FetchForExclusiveWriting<ChangePolicy>(StreamIds.ChangePolicy, cancellation);
        var policy = stream.Aggregate ?? ChangePolicy.None;
        var wanted = new ChangePolicySet(command.ApprovalRequired ?? false, command.TicketRequired ?? false, command.Freezes ?? [], command.MendDrift ?? false);
        var decision = ChangePolicyDecisions.Set(policy, wanted);
        if (decision.Rejection is { } rejection) return rejection.ToProblem();
        session.Stamp(http, command.Reason);
        stream.AppendMany(decision.Events);
        return TypedResults.Ok(View(decision.Events.Count == 0 ? policy : policy.Apply(wanted) with { Version = policy.Version + 1 }, clock));
    }

    static ChangePolicyView View(ChangePolicy policy, TimeProvider clock) =>
        new(policy.Version, policy.ApprovalRequired, policy.TicketRequired, policy.MendDrift, policy.Freezes, policy.FrozenAt(clock.GetUtcNow()));
}
