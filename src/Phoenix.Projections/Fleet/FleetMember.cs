using JasperFx.Events;
using Marten.Events.Projections;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;

namespace Phoenix.Projections.Fleet;

/// <summary>A host by what events say of it: who it is, and which pipeline it was last told to run as production.</summary>
public sealed record FleetMember
{
    /// <summary>The host id.</summary>
    public string Id { get; init; } = "";

    public string AgentVersion { get; init; } = "";
    public string OperatingSystem { get; init; } = "";
    public string Architecture { get; init; } = "";
    public string Verification { get; init; } = "";
    public DateTimeOffset EnrolledAt { get; init; }

    /// <summary>What the last successful task left running as production; null before the first.</summary>
    public RunningCollector? Production { get; init; }

    public DateTimeOffset? ProductionSince { get; init; }
}

/// <summary>Gathers what the streams of agents and tasks say about a host.</summary>
public sealed partial class FleetProjection : MultiStreamProjection<FleetMember, string>
{
    public FleetProjection()
    {
        Name = "Fleet";
        Identity<AgentEnrolled>(e => e.HostId);
        Identity<TaskSucceeded>(e => e.HostId);
    }

    public FleetMember Create(IEvent<AgentEnrolled> e) => new()
    {
        Id = e.Data.HostId, AgentVersion = e.Data.AgentVersion, OperatingSystem = e.Data.OperatingSystem,
        Architecture = e.Data.Architecture, Verification = e.Data.Verification, EnrolledAt = e.Timestamp,
    };

    public FleetMember Apply(IEvent<TaskSucceeded> e, FleetMember host) =>
        e.Data.Collectors.FirstOrDefault(c => c.Arm == Arm.Production) is { } production
            ? host with { Production = production, ProductionSince = e.Timestamp }
            : host;
}
