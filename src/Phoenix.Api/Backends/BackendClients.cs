using System.Net.Http.Headers;
using System.Text;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Backends;

namespace Phoenix.Api.Backends;

/// <summary>Makes a client for a backend. One for each use: backends are asked seldom, and a credential that was replaced is then nowhere in use any more.</summary>
public sealed class BackendClients(OutboundConnections connections)
{
    /// <summary>A count for each of fifty hosts takes some kilobytes.</summary>
    const int MaxAnswerBytes = 8 << 20;

    public PrometheusClient Open(Backend backend, BackendCredential? credential)
    {
        var handler = connections.Handler();
        handler.SslOptions = BackendTls.Options(backend.Settings, credential);
        var settings = backend.Settings;
        var http = new HttpClient(handler)
        {
            BaseAddress = new Uri(settings.Url.TrimEnd('/') + "/"), Timeout = settings.Timeout, MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        http.DefaultRequestHeaders.UserAgent.Add(new("Phoenix", "2"));
        http.DefaultRequestHeaders.Accept.Add(new("application/json"));
        if (settings.Tenant is not null) http.DefaultRequestHeaders.TryAddWithoutValidation("X-Scope-OrgID", settings.Tenant);
        http.DefaultRequestHeaders.Authorization = settings.Authentication switch
        {
            BackendAuthentication.Basic => new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.UserName}:{credential?.Secret}"))),
            BackendAuthentication.Bearer => new AuthenticationHeaderValue("Bearer", credential?.Secret),
            _ => null,
        };
        return new(http, settings);
    }
}
