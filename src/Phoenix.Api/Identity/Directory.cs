namespace Phoenix.Api.Identity;

/// <summary>A person. Names are here, where they can be erased, and never in events.</summary>
public sealed record User
{
    public Guid Id { get; init; }
    public string Name { get; init; } = "";
    public string Role { get; init; } = "";
}

/// <summary>A bearer token of a user, by its hash.</summary>
public sealed record AccessToken
{
    /// <summary>SHA-256 of the token, hex.</summary>
    public string Id { get; init; } = "";

    public Guid UserId { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>The secret of the first start, until it is redeemed. Deleted with the redemption.</summary>
public sealed record FirstSecret
{
    public const string TheId = "first";
    public string Id { get; init; } = TheId;
    public string Hash { get; init; } = "";
    public Guid UserId { get; init; }
}

/// <summary>Lets hosts enrol, nothing else.</summary>
public sealed record EnrolmentToken
{
    /// <summary>SHA-256 of the token, hex.</summary>
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";
    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>What a host proves itself with.</summary>
public sealed record AgentCredential
{
    /// <summary>The host id.</summary>
    public string Id { get; init; } = "";

    /// <summary>SHA-256 of the credential, hex; empty for an unverified host.</summary>
    public string Hash { get; init; } = "";
}
