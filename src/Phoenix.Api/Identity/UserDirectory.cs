using Marten;
using Phoenix.Api.Infrastructure;

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
