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
    /// no script can read. The token of a session that the browser had before counts no more.
    /// </summary>
    [WolverinePost("/api/v2/auth/session"), AllowAnonymous, Tags("Identity")]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(401, "application/problem+json"), ProducesResponseType<ProblemDetails>(403, "application/problem+json")]
    public static async Task<IResult> Open(OpenSession command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        // Another site could else sign a browser in as somebody whose work it then looks at.
        if (BrowserSession.SentByOtherPage(http.Request)) return ForeignPage(http);
        var (issued, refused) = await IssueAccessTokenEndpoint.Issue(command.Secret, session, http, clock, cancellation);
        if (issued is null) return refused!;
        // The browser forgets it, and whoever has copied it must not go on.
        if (await TokenOf(http, session, cancellation) is { } replaced) End(replaced, session);
        BrowserSession.Open(http, issued.Token, issued.ExpiresAt);
        return TypedResults.NoContent();
    }

    /// <summary>Signs a browser out: its token counts no more, and the cookie is removed.</summary>
    [WolverineDelete("/api/v2/auth/session"), RequireRole(Roles.Viewer), Tags("Identity"), ProducesResponseType(204)]
    public static async Task<IResult> Close(IDocumentSession session, HttpContext http, CancellationToken cancellation)
    {
        BrowserSession.Close(http);
        await session.LockUsers(cancellation);
        if (await TokenOf(http, session, cancellation) is { } open && open.UserId == http.UserId())
        {
            session.Stamp(http);
            End(open, session);
        }
        return TypedResults.NoContent();
    }

    /// <summary>The token of the session that the browser has; null where it has none that still counts.</summary>
    static async Task<AccessToken?> TokenOf(HttpContext http, IDocumentSession session, CancellationToken cancellation) =>
        BrowserSession.TokenOf(http.Request) is { Length: > 0 } token ? await session.LoadAsync<AccessToken>(Secrets.Hash(token), cancellation) : null;

    static void End(AccessToken token, IDocumentSession session)
    {
        session.Delete(token);
        session.Events.Append(token.UserId, new AccessTokenRevoked(token.Id[..AccessTokenEndpoints.IdLength]));
    }

    static IResult ForeignPage(HttpContext http) => Problems.Of(StatusCodes.Status403Forbidden, "cross-origin",
        $"A session is opened by a page of the control plane itself, and this request comes of another. Open the dashboard at its own address and sign in there. Where that is what you did, a proxy has changed 'Host' (it arrived as '{http.Request.Host}'): let it through, or set {PublicAddress.Variable} to the address that browsers see.");
}
