using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Live;

namespace Phoenix.Api.Identity;

/// <summary>Tokens of users, as a bearer or in the cookie of a browser's session (<see cref="BrowserSession"/>). The name of the identity is the opaque user id, its role what the user may do.</summary>
public sealed class UserAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AccessTokens tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "user";

    /// <summary>SHA-256 of the token that was sent, hex.</summary>
    public const string TokenClaim = "token";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A WebSocket of a program in a browser cannot send headers; SignalR sends the token as a query parameter instead.
        var secret = Secrets.Bearer(Request) ?? (Request.Path.StartsWithSegments(LiveHub.Path) ? Request.Query["access_token"].ToString() : null);
        if (string.IsNullOrEmpty(secret))
        {
            secret = BrowserSession.TokenOf(Request);
            if (string.IsNullOrEmpty(secret)) return AuthenticateResult.NoResult();
            if (!BrowserSession.SentByOwnPage(Request)) return AuthenticateResult.Fail("A session's cookie counts only for requests of the dashboard's own pages.");
        }
        var hash = Secrets.Hash(secret);
        if (await tokens.Of(hash, Context.RequestAborted) is not { } holder) return AuthenticateResult.Fail("The token is unknown or was revoked.");
        if (holder.ExpiresAt <= TimeProvider.GetUtcNow()) return AuthenticateResult.Fail("The token has expired.");
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, holder.UserId.ToString()), new Claim(ClaimTypes.Role, holder.Role), new Claim(TokenClaim, hash)], SchemeName);
        // A live connection ends with its token.
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), new AuthenticationProperties { ExpiresUtc = holder.ExpiresAt }, SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Write(Context, 401, "unauthenticated",
            "Send a valid user token as 'Authorization: Bearer …'; POST /api/v2/auth/tokens issues one. A browser's session (POST /api/v2/auth/session) counts for requests of the dashboard's own pages alone.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Write(Context, 403, UserIdentity.ForbiddenCode, UserIdentity.Forbidden(Context, RequireRoleAttribute.Of(Context)));
}
