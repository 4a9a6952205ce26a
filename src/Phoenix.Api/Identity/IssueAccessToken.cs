using Marten;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Secret">The one-time secret of the first start, or the one an admin made; left out, who sends a valid token, or the cookie of a session from the dashboard's own page, gets another one.</param>
public sealed record IssueAccessToken(string? Secret);

/// <param name="Token">Shown this once; send it as <c>Authorization: Bearer</c>.</param>
public sealed record AccessTokenIssuedAnswer(string Token, Guid UserId, DateTimeOffset ExpiresAt);

public static class IssueAccessTokenEndpoint
{
    static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>
    /// Turns a one-time secret, or a token or session that is still valid, into a user token. A secret counts once. What a session gets so can be read by the page that
    /// asks, goes on after the session, and is listed and revoked like every other.
    /// </summary>
    [WolverinePost("/api/v2/auth/tokens"), AllowAnonymous, Tags("Identity")]
    [ProducesResponseType<AccessTokenIssuedAnswer>(201), ProducesResponseType<ProblemDetails>(401, "application/problem+json")]
    public static async Task<IResult> Post(IssueAccessToken command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        var (answer, refused) = await Issue(command.Secret, session, http, clock, cancellation);
        return refused ?? TypedResults.Json(answer, statusCode: 201);
    }

    /// <param name="secret">Null where the caller's own token, as it was sent, is to be renewed.</param>
    internal static async Task<(AccessTokenIssuedAnswer?, IResult?)> Issue(string? secret, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var (userId, refused) = secret is null
            ? await Renew(session, http, cancellation)
            : await Redeem(Secrets.Hash(secret.Trim()), session, now, cancellation);
        if (refused is not null) return (null, refused);
        var token = Secrets.New();
        var issued = new AccessTokenIssued(now + Lifetime);
        session.Stamp(http);
        session.LastModifiedBy = userId.ToString();
        // Those that have expired would else stay for ever.
        session.DeleteWhere<AccessToken>(t => t.UserId == userId && t.ExpiresAt < now);
        session.Insert(new AccessToken { Id = Secrets.Hash(token), UserId = userId, IssuedAt = now, ExpiresAt = issued.ExpiresAt });
        session.Events.Append(userId, issued);
        return (new(token, userId, issued.ExpiresAt), null);
    }

    static async Task<(Guid, IResult?)> Renew(IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        var caller = await http.AuthenticateAsync(UserAuthentication.SchemeName);
        if (!caller.Succeeded) return (default, Unauthenticated());
        var users = await session.LockUsers(cancellation);
        // Both as they are now: the token may have been remembered.
        var token = await session.LoadAsync<AccessToken>(caller.Principal.FindFirst(UserAuthentication.TokenClaim)!.Value, cancellation);
        return token is not null && users.Any(u => u.Id == token.UserId && !u.Disabled) ? (token.UserId, null) : (default, Unauthenticated());
    }

    static async Task<(Guid, IResult?)> Redeem(string hash, IDocumentSession session, DateTimeOffset now, CancellationToken cancellation)
    {
        // A guess takes no lock.
        if (await Find() is null) return (default, Wrong());
        await session.LockUsers(cancellation);
        // Of two redemptions at the same moment the second finds nothing any more.
        if (await Find() is not { } secret || secret.ExpiresAt <= now) return (default, Wrong());
        session.Delete(secret);
        return (secret.UserId, null);

        Task<OneTimeSecret?> Find() => session.Query<OneTimeSecret>().FirstOrDefaultAsync(s => s.Hash == hash, cancellation);
    }

    static IResult Unauthenticated() =>
        Problems.Of(401, "unauthenticated",
            "Give the one-time secret, or send a valid token as 'Authorization: Bearer …' to get another one. The cookie of a session counts for requests of the dashboard's own pages alone.");

    static IResult Wrong() => Problems.Of(401, "secret-invalid",
        "The secret is wrong, was used already or has expired. An admin makes another with POST /api/v2/users/ID/secret; where none can, PHOENIX_REISSUE_FIRST_SECRET=1 at a start does.");
}
