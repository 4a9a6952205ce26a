using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>What a command about users reads and writes together.</summary>
public static class UserDirectory
{
    /// <summary>The name under which secrets were stored when there was one user only.</summary>
    public const string SecretAlias = "firstsecret";

    const long LockId = 0x50484F_454E4958;

    /// <summary>
    /// Every user, disabled ones too, the first one first. Until the session's commit nobody else on any node changes users, secrets or tokens: two
    /// administrators who demote each other at the same moment come one after the other.
    /// </summary>
    public static async Task<IReadOnlyList<User>> LockUsers(this IDocumentSession session, CancellationToken cancellation)
    {
        await session.BeginTransactionAsync(cancellation);
        await session.AdvancedSql.QueryAsync<int>("select 1 from pg_advisory_xact_lock(?)", cancellation, LockId);
        return await session.Query<User>().OrderBy(u => u.Id).ToListAsync(cancellation);
    }

    /// <summary>
    /// The same for an admin, whose right is looked at again: what this node remembers of it may be seconds old, and who was dismissed on another node must
    /// not come back as somebody new.
    /// </summary>
    public static async Task<(IReadOnlyList<User> Users, IResult? Refused)> LockUsersAsAdmin(this IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var users = await session.LockUsers(cancellation);
        var token = await session.LoadAsync<AccessToken>(http.User.FindFirst(UserAuthentication.TokenClaim)!.Value, cancellation);
        var still = token is not null && users.Any(u => u.Id == token.UserId && !u.Disabled && Roles.Suffices(u.Role, Roles.Admin));
        return (users, still ? null : Problems.Of(StatusCodes.Status403Forbidden, UserIdentity.ForbiddenCode,
            $"This takes the role '{Roles.Admin}', which this token has permitted until a moment ago. GET /api/v2/users/me shows your role."));
    }

    /// <summary>A new secret in place of any other of the user.</summary>
    public static async Task PutSecret(this IDocumentSession session, Guid userId, string secret, DateTimeOffset? expiresAt, CancellationToken cancellation)
    {
        var id = userId.ToString();
        foreach (var old in await session.SecretsOf(userId, cancellation))
            if (old.Id != id) session.Delete(old);
        session.Store(new OneTimeSecret { Id = id, Hash = Secrets.Hash(secret), UserId = userId, ExpiresAt = expiresAt });
    }

    /// <summary>Neither what the user has been given nor what was made of it counts any more.</summary>
    public static async Task EndAccess(this IDocumentSession session, Guid userId, CancellationToken cancellation)
    {
        foreach (var secret in await session.SecretsOf(userId, cancellation)) session.Delete(secret);
        session.DeleteWhere<AccessToken>(t => t.UserId == userId);
    }

    static Task<IReadOnlyList<OneTimeSecret>> SecretsOf(this IDocumentSession session, Guid userId, CancellationToken cancellation) =>
        session.Query<OneTimeSecret>().Where(s => s.UserId == userId).ToListAsync(cancellation);
}
