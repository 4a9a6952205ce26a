namespace Phoenix.Domain.Agents;

/// <summary>A host joined the fleet.</summary>
/// <param name="Verification"><c>verified</c> by enrolment token and credential, or <c>unverified</c> in the development mode.</param>
public sealed record AgentEnrolled(string HostId, string AgentVersion, string OperatingSystem, string Architecture, string Verification);

/// <summary>The host may enrol again with a new credential, because an operator allowed it.</summary>
public sealed record AgentReEnrolmentAllowed(string HostId);

/// <summary>The host presented a new credential after it was allowed to; the old one is void.</summary>
public sealed record AgentCredentialRotated(string HostId);

/// <summary>The host's labels were set: these, and no others.</summary>
public sealed record AgentLabelled(string HostId, IReadOnlyDictionary<string, string> Labels);

/// <summary>Nothing was heard of the host for too long, while the control plane could have heard it.</summary>
/// <param name="LastContact">When it was heard last, by the database's clock.</param>
public sealed record AgentLost(string HostId, DateTimeOffset LastContact);

/// <summary>A lost host was heard again.</summary>
public sealed record AgentRecovered(string HostId);

/// <summary>An operator wants nothing new on the host: it gets only work that takes something off.</summary>
public sealed record AgentDrained(string HostId);

/// <summary>The host takes part again.</summary>
public sealed record AgentDrainEnded(string HostId);

/// <summary>The host is out of the fleet: its credential is void and it gets no work.</summary>
public sealed record AgentDecommissioned(string HostId);

/// <summary>A decommissioned host joined again, because an operator allowed it.</summary>
/// <param name="Verification">As in <see cref="AgentEnrolled"/>.</param>
public sealed record AgentRecommissioned(string HostId, string AgentVersion, string OperatingSystem, string Architecture, string Verification);
