using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using Phoenix.Api.Identity;

namespace Phoenix.Api.Infrastructure;

/// <summary>
/// <c>GET /metrics</c> in the text format of Prometheus: what the control plane counts of itself, and what ASP.NET Core, Kestrel,
/// Npgsql, Wolverine and the runtime count.
/// </summary>
public static class Metrics
{
    /// <summary>Who sends this as bearer may scrape; users may in any case.</summary>
    public const string TokenVariable = "PHOENIX_METRICS_TOKEN";

    /// <summary><c>1</c> lets everybody who reaches the port scrape.</summary>
    public const string AnonymousVariable = "PHOENIX_METRICS_ANONYMOUS";

    const string Policy = "metrics";

    public static void AddPhoenixMetrics(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Gauges>();
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(Figures.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "Npgsql", "System.Runtime", "Wolverine*")
            .AddPrometheusExporter());
        builder.Services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, ScraperAuthentication>(ScraperAuthentication.SchemeName, null);
        builder.Services.AddAuthorizationBuilder().AddPolicy(Policy, policy => policy
            .AddAuthenticationSchemes(ScraperAuthentication.SchemeName, UserAuthentication.SchemeName).RequireAuthenticatedUser());
    }

    public static void MapPhoenixMetrics(this WebApplication app)
    {
        // They exist from the first scrape on, also before anything was counted.
        _ = app.Services.GetRequiredService<Gauges>();
        var endpoint = app.MapPrometheusScrapingEndpoint("/metrics");
        if (app.Configuration[AnonymousVariable] == "1") endpoint.AllowAnonymous();
        else endpoint.RequireAuthorization(Policy);
    }
}

/// <summary>The one token with which a Prometheus scrapes.</summary>
public sealed class ScraperAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IConfiguration configuration)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "scraper";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        configuration[Metrics.TokenVariable] is { Length: > 0 } token && Secrets.Bearer(Request) is { } secret && Secrets.Matches(secret, Secrets.Hash(token))
            ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, SchemeName)], SchemeName)), SchemeName))
            : AuthenticateResult.NoResult());

    /// <summary>The challenge of users says it all; two bodies would be one too many.</summary>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Task.CompletedTask;
}
