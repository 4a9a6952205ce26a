using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Id">The first 16 hex digits of the SHA-256 of the token.</param>
/// <param name="IssuedAt">Null for a token from before this was kept.</param>
/// <param name="Current">The one that was sent with this request.</param>
public sealed record AccessTokenView(string Id, Guid UserId, DateTimeOffset? IssuedAt, DateTimeOffset ExpiresAt, bool Current);

public static class AccessTokenEndpoints
{
    internal const int IdLength = 16;

    /// <summary>The caller's tokens that are still valid, the newest first; an admin may ask for those of another user.</summary>
    [WolverineGet("/api/v2/auth/tokens"), Tags("Identity"), ProducesResponseType<IReadOnlyList<AccessTokenView>>(200)]
    public static async Task<IResult> List(Guid? userId, IQuerySession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        var (whose, now) = (userId ?? http.UserId(), clock.GetUtcNow());
        if (whose != http.UserId() && http.Lacks(Roles.Admin, "userId", "Reading the tokens of others") is { } forbidden) return forbidden;
        var tokens = await session.Query<AccessToken>().Where(t => t.UserId == whose && t.ExpiresAt > now).ToListAsync(cancellation);
        var current = http.User.FindFirst(UserAuthentication.TokenClaim)?.Value;
        return TypedResults.Ok<IReadOnlyList<AccessTokenView>>(
            [.. tokens.OrderByDescending(t => t.ExpiresAt).Select(t => new AccessTokenView(t.Id[..IdLength], t.UserId, t.IssuedAt, t.ExpiresAt, t.Id == current))]);
    }

    /// <summary>Ends one of the caller's tokens, also the one that is sent; an admin may end anybody's. At once on this node, within seconds on others.</summary>
    [WolverineDelete("/api/v2/auth/tokens/{id}"), RequireRole(Roles.Viewer), Tags("Identity"), ProducesResponseType(204), ProducesResponseType(404)]
    public static async Task<IResult> Revoke(string id, [FromQuery] string? reason, IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        if (Problems.TooLong(("reason", reason, EventMetadata.MaxReasonLength)) is { } tooLong) return tooLong;
        if (id.Length != IdLength || !id.All(char.IsAsciiHexDigitLower)) return Problems.NotFound("token", id);
        await session.LockUsers(cancellation);
        // Whether others have a token is nobody's business but an admin's.
        if (await session.Query<AccessToken>().FirstOrDefaultAsync(t => t.Id.StartsWith(id), cancellation) is not { } token
            || (token.UserId != http.UserId() && !http.HasRole(Roles.Admin)))
            return Problems.NotFound("token", id);
        session.Stamp(http, reason);
        session.Delete(token);
        session.Events.Append(token.UserId, new AccessTokenRevoked(id));
        return TypedResults.NoContent();
    }
}
