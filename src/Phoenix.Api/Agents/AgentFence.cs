using System.Threading.RateLimiting;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Agents;

/// <summary>
/// Of two agent processes with one host id the newer one counts, on every route of the agent protocol: an old process that
/// lives on must not report over the new one. Here, too, a credential that was voided on another node stops to count.
/// </summary>
public static class AgentFence
{
    public static void UseAgentFence(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (http.User.Identity is not { IsAuthenticated: true, AuthenticationType: AgentAuthentication.SchemeName })
        {
            await next();
            return;
        }
        if (http.BootId() is not { } boot)
        {
            await Problems.Write(http, 400, "boot-id-missing", $"Send a UUID made once per agent process as {AgentHeaders.BootId}.");
            return;
        }
        var (host, presence) = (http.HostId(), http.RequestServices.GetRequiredService<AgentPresence>());
        if (presence.IsNew(host, boot))
        {
            using var lease = http.RequestServices.GetRequiredService<AgentSessions>().Limiter.AttemptAcquire();
            if (!lease.IsAcquired)
            {
                await AdmissionControl.Refuse(http, "sessions-limited", "Many agents connect at this moment; this one is asked to come again later.", lease, AgentSessions.Spread);
                return;
            }
        }
        var presented = http.User.FindFirst(AgentAuthentication.CredentialClaim)?.Value;
        var (newest, credential) = await presence.Seen(host, boot, presented, http.RequestAborted);
        if (credential is null || (credential != presented && http.User.FindFirst(AgentAuthentication.VerificationClaim)?.Value == AgentAuthentication.Verified))
        {
            http.RequestServices.GetRequiredService<AgentCredentials>().Forget(host);
            await AgentAuthentication.Challenge(http);
        }
        else if (!newest)
        {
            await Problems.Write(http, 409, "agent-fenced", $"A newer agent process speaks for host '{host}'. This one must end.");
        }
        else
        {
            await next();
        }
    });

    /// <summary>The agent process that speaks; null where it does not say.</summary>
    public static Guid? BootId(this HttpContext http) => Guid.TryParse(http.Request.Headers[AgentHeaders.BootId], out var boot) ? boot : null;
}

/// <summary>How many agent processes a node meets for the first time in a second: after its start, that is the whole fleet.</summary>
public sealed class AgentSessions(FleetSettings settings) : IDisposable
{
    public static readonly TimeSpan Spread = TimeSpan.FromSeconds(5);

    public TokenBucketRateLimiter Limiter { get; } = new(new()
    {
        TokenLimit = settings.SessionsPerSecond, TokensPerPeriod = settings.SessionsPerSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0, AutoReplenishment = true,
    });

    public void Dispose() => Limiter.Dispose();
}
