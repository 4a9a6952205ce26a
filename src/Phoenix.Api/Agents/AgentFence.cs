using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Agents;

/// <summary>
/// Of two agent processes with one host id the newer one counts, on every route of the agent protocol: an old process that
/// lives on must not report over the new one.
/// </summary>
public static class AgentFence
{
    public static void UseAgentFence(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (http.User.Identity is not { IsAuthenticated: true, AuthenticationType: AgentAuthentication.SchemeName })
        {
            await next();
        }
        else if (!Guid.TryParse(http.Request.Headers[AgentHeaders.BootId], out var boot))
        {
            await Problems.Write(http, 400, "boot-id-missing", $"Send a UUID made once per agent process as {AgentHeaders.BootId}.");
        }
        else if (!await http.RequestServices.GetRequiredService<AgentPresence>().Seen(http.HostId(), boot, http.RequestAborted))
        {
            await Problems.Write(http, 409, "agent-fenced", $"A newer agent process speaks for host '{http.HostId()}'. This one must end.");
        }
        else
        {
            await next();
        }
    });
}
