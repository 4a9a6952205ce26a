using System.Collections.Immutable;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Agents;

/// <summary>A host of the fleet, by what was decided about it. What it reports every few seconds is not here.</summary>
public sealed record Agent(
    Guid Id, string HostId, bool MayEnrolAgain, IReadOnlyDictionary<string, string> Labels, bool Drained = false, bool Decommissioned = false)
{
    public static Agent Create(JasperFx.Events.IEvent<AgentEnrolled> e) =>
        new(e.StreamId, e.Data.HostId, false, ImmutableDictionary<string, string>.Empty);

    public Agent Apply(AgentReEnrolmentAllowed _) => this with { MayEnrolAgain = true };

    public Agent Apply(AgentCredentialRotated _) => this with { MayEnrolAgain = false };

    public Agent Apply(AgentLabelled e) => this with { Labels = e.Labels };

    public Agent Apply(AgentDrained _) => this with { Drained = true };

    public Agent Apply(AgentDrainEnded _) => this with { Drained = false };

    public Agent Apply(AgentDecommissioned _) => this with { Decommissioned = true, Drained = false };

    public Agent Apply(AgentRecommissioned _) => this with { Decommissioned = false };
}

public static class AgentDecisions
{
    public const int MaxHostIdLength = 253;

    /// <summary>A host id is what a DNS name may be: letters, digits, dot, hyphen, underscore, at most 253 of them.</summary>
    public static bool IsHostId(string? hostId) =>
        hostId is { Length: > 0 and <= MaxHostIdLength } && hostId.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <param name="agent">Null where the host is unknown.</param>
    /// <param name="sameCredential">Whether the presented credential is the one on record.</param>
    /// <param name="proposed">Labels the host proposes for itself; they count when it joins, after that operators set them.</param>
    public static Decision Enrol(Agent? agent, AgentEnrolled request, bool sameCredential, IReadOnlyDictionary<string, string>? proposed = null)
    {
        if (!IsHostId(request.HostId))
            return Rejection.Invalid("host-id-invalid", "hostId",
                $"A host id has 1 to {MaxHostIdLength} characters: letters, digits, '.', '-', '_'. Set AGENT_HOST_ID.");
        var labels = proposed ?? ImmutableDictionary<string, string>.Empty;
        if (HostLabels.Problem(labels) is { } problem) return problem;
        object[] labelled = labels.Count > 0 ? [new AgentLabelled(request.HostId, labels)] : [];
        if (agent is null) return Decision.Of([request, .. labelled]);
        if (sameCredential && !agent.Decommissioned) return Decision.Nothing;
        if (agent.MayEnrolAgain)
            return agent.Decommissioned
                ? Decision.Of([new AgentCredentialRotated(agent.HostId),
                    new AgentRecommissioned(agent.HostId, request.AgentVersion, request.OperatingSystem, request.Architecture, request.Verification), .. labelled])
                : Decision.Of(new AgentCredentialRotated(agent.HostId));
        return agent.Decommissioned
            ? Rejection.Conflict("host-decommissioned",
                $"Host '{agent.HostId}' was decommissioned. If it should join again, an operator allows it: POST /api/v2/agents/{agent.HostId}/re-enrolment.")
            : Rejection.Conflict("host-already-enrolled",
                $"Host '{agent.HostId}' is enrolled with another credential. If its state was lost, an operator allows it again: " +
                $"POST /api/v2/agents/{agent.HostId}/re-enrolment.");
    }

    public static Decision Label(Agent agent, IReadOnlyDictionary<string, string> labels) =>
        HostLabels.Problem(labels) is { } problem ? problem
        : labels.Count == agent.Labels.Count && labels.All(l => agent.Labels.TryGetValue(l.Key, out var value) && value == l.Value) ? Decision.Nothing
        : Decision.Of(new AgentLabelled(agent.HostId, labels));

    public static Decision Drain(Agent agent) =>
        agent.Decommissioned ? Gone(agent.HostId) : agent.Drained ? Decision.Nothing : Decision.Of(new AgentDrained(agent.HostId));

    public static Decision EndDrain(Agent agent) =>
        agent.Decommissioned ? Gone(agent.HostId) : agent.Drained ? Decision.Of(new AgentDrainEnded(agent.HostId)) : Decision.Nothing;

    public static Decision Decommission(Agent agent) =>
        agent.Decommissioned ? Decision.Nothing : Decision.Of(new AgentDecommissioned(agent.HostId));

    /// <summary>Why nothing new may be put on the host.</summary>
    public static Rejection Held(string hostId, bool decommissioned) => decommissioned
        ? Gone(hostId)
        : Rejection.Conflict("host-drained",
            $"Host '{hostId}' is drained: nothing new is put on it. POST /api/v2/agents/{hostId}/drain-end lets it take part again, or leave it out.");

    /// <param name="production">What events say runs as production; null where nothing does.</param>
    /// <param name="inExperiment">Whether the host takes part in an experiment, whose windows a changed production would spoil.</param>
    public static (TaskQueued? Task, Rejection? Rejection) Reapply(string hostId, RunningCollector? production, bool inExperiment)
    {
        if (production is null)
            return (null, Rejection.Conflict("nothing-to-reapply", $"Nothing was ever put on host '{hostId}' as production, so there is nothing to put back."));
        if (inExperiment)
            return (null, Rejection.Conflict("host-in-experiment",
                $"Host '{hostId}' takes part in an experiment, which looks after its pipelines. Wait for its end, or stop it."));
        return (new TaskQueued(hostId, TaskPurpose.Reapply, 0, Guid.Empty, new DesiredHostState(
            [new CollectorOfPipeline(production.Name, Arm.Production, production.PipelineId, production.PipelineVersion, production.ConfigurationHash, null)],
            [], null)), null);
    }

    static Rejection Gone(string hostId) => Rejection.Conflict("host-decommissioned",
        $"Host '{hostId}' was decommissioned. To take it in again: POST /api/v2/agents/{hostId}/re-enrolment, then let its agent enrol.");
}
