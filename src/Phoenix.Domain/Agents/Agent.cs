namespace Phoenix.Domain.Agents;

/// <summary>A host of the fleet, by what was decided about it. What it reports every few seconds is not here.</summary>
public sealed record Agent(Guid Id, string HostId, bool MayEnrolAgain)
{
    public static Agent Create(JasperFx.Events.IEvent<AgentEnrolled> e) => new(e.StreamId, e.Data.HostId, false);

    public Agent Apply(AgentReEnrolmentAllowed _) => this with { MayEnrolAgain = true };

    public Agent Apply(AgentCredentialRotated _) => this with { MayEnrolAgain = false };
}

public static class AgentDecisions
{
    public const int MaxHostIdLength = 253;

    /// <summary>A host id is what a DNS name may be: letters, digits, dot, hyphen, underscore, at most 253 of them.</summary>
    public static bool IsHostId(string? hostId) =>
        hostId is { Length: > 0 and <= MaxHostIdLength } && hostId.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <param name="agent">Null where the host is unknown.</param>
    /// <param name="sameCredential">Whether the presented credential is the one on record.</param>
    public static Decision Enrol(Agent? agent, AgentEnrolled request, bool sameCredential)
    {
        if (!IsHostId(request.HostId))
            return Rejection.Invalid("host-id-invalid", "hostId",
                $"A host id has 1 to {MaxHostIdLength} characters: letters, digits, '.', '-', '_'. Set AGENT_HOST_ID.");
        if (agent is null) return Decision.Of(request);
        if (sameCredential) return Decision.Nothing;
        return agent.MayEnrolAgain
            ? Decision.Of(new AgentCredentialRotated(agent.HostId))
            : Rejection.Conflict("host-already-enrolled",
                $"Host '{agent.HostId}' is enrolled with another credential. If its state was lost, an operator allows it again: " +
                $"POST /api/v2/agents/{agent.HostId}/re-enrolment.");
    }
}
