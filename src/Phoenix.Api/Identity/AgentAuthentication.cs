using System.Security.Claims;
using System.Text.Encodings.Web;
using Marten;
using Marten.Services;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Agents;

namespace Phoenix.Api.Identity;

/// <summary>How agents prove who they are.</summary>
public enum AgentAuthenticationMode
{
    /// <summary>Host id and the credential of the enrolment.</summary>
    Credential,

    /// <summary>Development only: the host id header alone. Events say <c>unverified</c>.</summary>
    HeaderOnly,
}

public sealed record AgentAuthenticationSettings(AgentAuthenticationMode Mode);

/// <summary>The host id header names the host, the bearer credential proves it.</summary>
public sealed class AgentAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, AgentCredentials credentials,
    AgentAuthenticationSettings settings) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "agent";
    public const string VerificationClaim = "verification", Verified = "verified";

    /// <summary>Hash of the credential on record when the request was let in.</summary>
    public const string CredentialClaim = "credential";

    /// <summary>Actors that are hosts are named so in the audit log, followed by the host id.</summary>
    public const string ActorPrefix = "agent:";

    /// <summary>A wrong credential asks the database again at most this often for a host.</summary>
    static readonly TimeSpan Reread = TimeSpan.FromSeconds(1);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var hostId = Request.Headers[AgentHeaders.HostId].ToString();
        if (!AgentDecisions.IsHostId(hostId)) return AuthenticateResult.Fail("no host id");
        if (await credentials.Of(hostId, Context.RequestAborted) is not var (hash, age)) return AuthenticateResult.Fail("not enrolled");
        var secret = Secrets.Bearer(Request);
        var verified = secret is not null && Secrets.Matches(secret, hash);
        if (!verified && secret is not null && age > Reread)
        {
            // It may have been rotated by another node since it was read.
            if (await credentials.Fresh(hostId, Context.RequestAborted) is not { } fresh) return AuthenticateResult.Fail("not enrolled");
            (hash, verified) = (fresh, Secrets.Matches(secret, fresh));
        }
        if (!verified && settings.Mode != AgentAuthenticationMode.HeaderOnly) return AuthenticateResult.Fail("wrong credential");
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, ActorPrefix + hostId), new Claim(ClaimTypes.NameIdentifier, hostId),
             new Claim(VerificationClaim, verified ? Verified : "unverified"), new Claim(CredentialClaim, hash)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Challenge(Context);

    public static Task Challenge(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Write(http, 401, "agent-unauthenticated",
            $"Send the host id as {AgentHeaders.HostId} and its credential as 'Authorization: Bearer …'; POST /api/v2/agents/enrol enrols a host.");
    }
}

/// <summary>A credential that was rotated or voided is forgotten once that is committed, not before: a request in between would remember the old one.</summary>
public sealed class ForgetCredentials(AgentCredentials credentials, AgentPresence presence) : DocumentSessionListenerBase
{
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var e in commit.GetEvents())
        {
            if ((e.Data switch { AgentCredentialRotated rotated => rotated.HostId, AgentDecommissioned gone => gone.HostId, _ => null }) is not { } host) continue;
            credentials.Forget(host);
            presence.Forget(host);
        }
        return Task.CompletedTask;
    }
}

public static class AgentIdentity
{
    /// <summary>The authenticated host of the request.</summary>
    public static string HostId(this HttpContext http) => http.User.FindFirst(ClaimTypes.NameIdentifier)!.Value;
}
