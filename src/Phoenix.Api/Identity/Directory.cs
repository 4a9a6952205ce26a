using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>A person. Names are here, where they can be erased, and never in events.</summary>
public sealed record User
{
    public Guid Id { get; init; }

    /// <summary>Empty where it was erased.</summary>
    public string Name { get; init; } = "";

    /// <summary>One of <see cref="Roles"/>.</summary>
    public string Role { get; init; } = "";

    public bool Disabled { get; init; }

    public Member AsMember() => new(Id, Name, Role, Disabled);

    /// <summary>As the event leaves it.</summary>
    public User After(object e) => e switch
    {
        UserRoleChanged changed => this with { Role = changed.Role },
        UserDisabled => this with { Disabled = true },
        UserEnabled => this with { Disabled = false },
        UserNameErased => this with { Name = "" },
        _ => this,
    };
}

/// <summary>A bearer token of a user, by its hash.</summary>
public sealed record AccessToken
{
    /// <summary>SHA-256 of the token, hex.</summary>
    public string Id { get; init; } = "";

    public Guid UserId { get; init; }

    /// <summary>Null for a token from before this was kept.</summary>
    public DateTimeOffset? IssuedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>What a user can turn into a token once: one for each user at most. Deleted with the redemption.</summary>
public sealed record OneTimeSecret
{
    /// <summary>The user's id; <c>first</c> where it was written when there was one user only.</summary>
    public string Id { get; init; } = "";

    /// <summary>SHA-256 of the secret, hex.</summary>
    public string Hash { get; init; } = "";

    public Guid UserId { get; init; }

    /// <summary>Null for the first user's, which lies in a file until somebody comes for it.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
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
