namespace Phoenix.Domain.Users;

/// <summary>A user exists. Names live in the user directory, where they can be erased; events carry opaque ids only.</summary>
public sealed record UserRegistered(string Role);

/// <summary>A bearer token was issued to the user.</summary>
public sealed record AccessTokenIssued(DateTimeOffset ExpiresAt);

/// <summary>A token with which hosts can enrol was issued by the user.</summary>
public sealed record EnrolmentTokenIssued(string Name, DateTimeOffset ExpiresAt);

/// <summary>A new one-time secret was made for the user at a start, because every token was lost.</summary>
public sealed record FirstSecretReissued;

/// <summary>The user made a new key that configurations are signed with; hosts follow to it by the one before.</summary>
/// <param name="KeyId">The first 16 hex digits of the SHA-256 of the public key.</param>
public sealed record SigningKeyRotated(string KeyId, string PreviousKeyId);
