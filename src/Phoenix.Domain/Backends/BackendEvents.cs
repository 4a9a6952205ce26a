namespace Phoenix.Domain.Backends;

/// <summary>Phoenix may ask a metrics backend, under this name.</summary>
public sealed record BackendDefined(string Name, BackendSettings Settings);

/// <summary>The backend is asked in another way.</summary>
public sealed record BackendChanged(BackendSettings Settings);

/// <summary>The backend is asked with another password, token or private key. What it is, no event says.</summary>
public sealed record BackendCredentialReplaced;

/// <summary>Phoenix asks the backend no more. Its credential is deleted.</summary>
public sealed record BackendRemoved(string Name);

/// <param name="Url">With the prefix before <c>/api/v1</c>, such as Mimir's <c>/prometheus</c>.</param>
/// <param name="Tenant">Sent as <c>X-Scope-OrgID</c>; null for none.</param>
/// <param name="UserName">Of basic authentication; null otherwise.</param>
/// <param name="CertificateAuthority">PEM of the authorities that alone are trusted; null for those of the system.</param>
/// <param name="ClientCertificate">PEM of the certificate that Phoenix shows; its key is kept elsewhere. Null for none.</param>
/// <param name="Timeout">For one request.</param>
/// <param name="HostLabel">The label whose value is Phoenix's id of the host.</param>
public sealed record BackendSettings(
    string Url, string? Tenant, BackendAuthentication Authentication, string? UserName, string? CertificateAuthority, string? ClientCertificate,
    TimeSpan Timeout, string HostLabel);

public enum BackendAuthentication
{
    None,
    Basic,
    Bearer,
}
