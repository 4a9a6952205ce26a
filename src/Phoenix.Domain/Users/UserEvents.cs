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

/// <summary>The user may do from now on what the role allows.</summary>
public sealed record UserRoleChanged(string Role);

/// <summary>The user may do nothing any more; tokens and secrets have ended with it.</summary>
public sealed record UserDisabled;

/// <summary>The user may redeem a new secret again, with the role from before.</summary>
public sealed record UserEnabled;

/// <summary>The user's name was removed from the directory. What they did stays, by their opaque id.</summary>
public sealed record UserNameErased;

/// <summary>A one-time secret was made that the user can turn into a token; one from before does not count any more.</summary>
public sealed record OneTimeSecretIssued(DateTimeOffset ExpiresAt);

/// <summary>A bearer token of the user was ended before its time.</summary>
/// <param name="TokenId">The first 16 hex digits of the SHA-256 of the token.</param>
public sealed record AccessTokenRevoked(string TokenId);
