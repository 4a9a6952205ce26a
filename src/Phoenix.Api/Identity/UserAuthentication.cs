using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Marten;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Identity;

/// <summary>Bearer tokens of users. The name of the identity is the opaque user id.</summary>
public sealed class UserAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IDocumentStore store)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "user";

    // A token is looked up once a minute at most: long enough to keep the database out of every request, short enough to revoke.
    static readonly ConcurrentDictionary<string, (AccessToken Token, long ReadAt)> Cache = new();
    static readonly TimeSpan CacheFor = TimeSpan.FromMinutes(1);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A browser's WebSocket cannot send headers; SignalR sends the token as a query parameter instead.
        var secret = Secrets.Bearer(Request) ?? (Request.Path.StartsWithSegments("/live") ? Request.Query["access_token"].ToString() : null);
        if (string.IsNullOrEmpty(secret)) return AuthenticateResult.NoResult();
        var hash = Secrets.Hash(secret);
        if (!Cache.TryGetValue(hash, out var cached) || TimeProvider.GetElapsedTime(cached.ReadAt) > CacheFor)
        {
            await using var session = store.QuerySession();
            if (await session.LoadAsync<AccessToken>(hash, Context.RequestAborted) is not { } token)
                return AuthenticateResult.Fail("The token is unknown or was revoked.");
            if (Cache.Count > 10_000) Cache.Clear();
            Cache[hash] = cached = (token, TimeProvider.GetTimestamp());
        }
        if (cached.Token.ExpiresAt <= TimeProvider.GetUtcNow()) return AuthenticateResult.Fail("The token has expired.");
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, cached.Token.UserId.ToString())], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Write(Context, 401, "unauthenticated", "Send a valid user token as 'Authorization: Bearer …'; POST /api/v2/auth/tokens issues one.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.Write(Context, 403, "forbidden", "This token does not allow that.");
}
