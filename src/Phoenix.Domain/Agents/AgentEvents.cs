namespace Phoenix.Domain.Agents;

/// <summary>A host joined the fleet.</summary>
/// <param name="Verification"><c>verified</c> by enrolment token and credential, or <c>unverified</c> in the development mode.</param>
public sealed record AgentEnrolled(string HostId, string AgentVersion, string OperatingSystem, string Architecture, string Verification);

/// <summary>The host may enrol again with a new credential, because an operator allowed it.</summary>
public sealed record AgentReEnrolmentAllowed(string HostId);

/// <summary>The host presented a new credential after it was allowed to; the old one is void.</summary>
public sealed record AgentCredentialRotated(string HostId);
