namespace Phoenix.Api.Backends;

/// <summary>What no event, log or answer may say of a backend. One document for each, gone with the backend.</summary>
public sealed record BackendCredential
{
    /// <summary>The backend's.</summary>
    public Guid Id { get; init; }

    /// <summary>Password of basic authentication, or bearer token.</summary>
    public string? Secret { get; init; }

    /// <summary>PEM of the client certificate's private key.</summary>
    public string? ClientKey { get; init; }
}
