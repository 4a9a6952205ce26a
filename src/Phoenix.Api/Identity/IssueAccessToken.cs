using Marten;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Identity;

/// <param name="Secret">The one-time secret of the first start; left out, the bearer of a valid token gets another one.</param>
public sealed record IssueAccessToken(string? Secret);

/// <param name="Token">Shown this once; send it as <c>Authorization: Bearer</c>.</param>
public sealed record AccessTokenIssuedAnswer(string Token, Guid UserId, DateTimeOffset ExpiresAt);

public static class IssueAccessTokenEndpoint
{
    static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    /// <summary>Turns the one-time secret into a user token, or renews a token that is still valid. The secret counts once.</summary>
    [WolverinePost("/api/v2/auth/tokens"), AllowAnonymous, Tags("Identity")]
    [ProducesResponseType<AccessTokenIssuedAnswer>(201), ProducesResponseType<ProblemDetails>(401, "application/problem+json")]
    public static async Task<IResult> Post(IssueAccessToken command, IDocumentSession session, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        Guid userId;
        if (command.Secret is null)
        {
            var caller = await http.AuthenticateAsync(UserAuthentication.SchemeName);
            if (!caller.Succeeded) return Problems.Of(401, "unauthenticated", "Give the one-time secret, or renew a valid token by sending it as 'Authorization: Bearer …'.");
            userId = Guid.Parse(caller.Principal.Identity!.Name!);
        }
        else
        {
            var first = await session.LoadAsync<FirstSecret>(FirstSecret.TheId, cancellation);
            if (first is null || !Secrets.Matches(command.Secret.Trim(), first.Hash))
                return Problems.Of(401, "secret-invalid", "The secret is wrong or was used already. PHOENIX_REISSUE_FIRST_SECRET=1 at a start writes a new one.");
            userId = first.UserId;
            session.Delete(first);
        }
        var token = Secrets.New();
        var issued = new AccessTokenIssued(clock.GetUtcNow() + Lifetime);
        session.Stamp(http);
        session.LastModifiedBy = userId.ToString();
        session.Insert(new AccessToken { Id = Secrets.Hash(token), UserId = userId, ExpiresAt = issued.ExpiresAt });
        // Of two redemptions at the same moment, which read the same version, one gets 409.
        var state = await session.Events.FetchStreamStateAsync(userId, cancellation);
        session.Events.Append(userId, state!.Version + 1, issued);
        return TypedResults.Json(new AccessTokenIssuedAnswer(token, userId, issued.ExpiresAt), statusCode: 201);
    }
}
