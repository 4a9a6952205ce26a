using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Marten;
using Marten.Services;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
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
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IDocumentStore store,
    AgentAuthenticationSettings settings) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "agent";
    public const string VerificationClaim = "verification";

    /// <summary>Actors that are hosts are named so in the audit log, followed by the host id.</summary>
    public const string ActorPrefix = "agent:";

    static readonly ConcurrentDictionary<string, (AgentCredential? Credential, long ReadAt)> Cache = new();
    static readonly TimeSpan CacheFor = TimeSpan.FromMinutes(1);

    /// <summary>A wrong credential asks the database again at most this often for a host.</summary>
    static readonly TimeSpan Reread = TimeSpan.FromSeconds(1);

    public static void Forget(string hostId) => Cache.TryRemove(hostId, out _);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var hostId = Request.Headers[AgentHeaders.HostId].ToString();
        if (!AgentDecisions.IsHostId(hostId)) return AuthenticateResult.Fail("no host id");
        if (!Cache.TryGetValue(hostId, out var cached) || TimeProvider.GetElapsedTime(cached.ReadAt) > CacheFor)
        {
            cached = await Load(hostId);
            if (cached.Credential is null) return AuthenticateResult.Fail("not enrolled");
        }
        var secret = Secrets.Bearer(Request);
        var verified = secret is not null && Secrets.Matches(secret, cached.Credential!.Hash);
        if (!verified && secret is not null && TimeProvider.GetElapsedTime(cached.ReadAt) > Reread)
        {
            // It may have been rotated by another node since it was read.
            cached = await Load(hostId);
            verified = cached.Credential is not null && Secrets.Matches(secret, cached.Credential.Hash);
        }
        if (!verified && settings.Mode != AgentAuthenticationMode.HeaderOnly) return AuthenticateResult.Fail("wrong credential");
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, ActorPrefix + hostId), new Claim(ClaimTypes.NameIdentifier, hostId),
             new Claim(VerificationClaim, verified ? "verified" : "unverified")], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    async Task<(AgentCredential? Credential, long ReadAt)> Load(string hostId)
    {
        await using var session = store.QuerySession();
        var read = (await session.LoadAsync<AgentCredential>(hostId, Context.RequestAborted), TimeProvider.GetTimestamp());
        if (Cache.Count > 50_000) Cache.Clear();
        if (read.Item1 is not null) Cache[hostId] = read;
        return read;
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Write(Context, 401, "agent-unauthenticated",
            $"Send the host id as {AgentHeaders.HostId} and its credential as 'Authorization: Bearer …'; POST /api/v2/agents/enrol enrols a host.");
    }
}

/// <summary>A rotated credential is forgotten once the rotation is committed, not before: a request in between would remember the old one.</summary>
public sealed class ForgetRotatedCredentials : DocumentSessionListenerBase
{
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        foreach (var e in commit.GetEvents())
            if (e.Data is AgentCredentialRotated rotated) AgentAuthentication.Forget(rotated.HostId);
        return Task.CompletedTask;
    }
}

public static class AgentIdentity
{
    /// <summary>The authenticated host of the request.</summary>
    public static string HostId(this HttpContext http) => http.User.FindFirst(ClaimTypes.NameIdentifier)!.Value;
}
