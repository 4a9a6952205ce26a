using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Secret">A one-time secret. Left out, the bearer of a valid token opens a session with a token of its own.</param>
public sealed record OpenSession(string? Secret);

public static class BrowserSessionEndpoints
{
    /// <summary>
    /// Signs a browser in: with a one-time secret, or with a valid token sent as <c>Authorization: Bearer</c>. The session's token goes into a cookie that
    /// no script can read.
    /// </summary>
    [WolverinePost("/api/v2/auth/session"), AllowAnonymous, Tags("Identity")]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(401, "application/problem+json")]
    public static async Task<IResult> Open(OpenSession command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        var (issued, refused) = await IssueAccessTokenEndpoint.Issue(command.Secret, session, http, clock, cancellation);
        if (issued is null) return refused!;
        BrowserSession.Open(http, issued.Token, issued.ExpiresAt);
        return TypedResults.NoContent();
    }

    /// <summary>Signs a browser out: its token counts no more, and the cookie is removed.</summary>
    [WolverineDelete("/api/v2/auth/session"), RequireRole(Roles.Viewer), Tags("Identity"), ProducesResponseType(204)]
    public static async Task<IResult> Close(IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        BrowserSession.Close(http);
        if (BrowserSession.TokenOf(http.Request) is not { } token) return TypedResults.NoContent();
        await session.LockUsers(cancellation);
        if (await session.LoadAsync<AccessToken>(Secrets.Hash(token), cancellation) is { } open && open.UserId == http.UserId())
        {
            session.Stamp(http);
            session.Delete(open);
            session.Events.Append(open.UserId, new AccessTokenRevoked(open.Id[..AccessTokenEndpoints.IdLength]));
        }
        return TypedResults.NoContent();
    }
}
