using System.Globalization;
using Microsoft.Net.Http.Headers;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Signing;
using Phoenix.Contracts;
using Wolverine.Http;

namespace Phoenix.Api.Upgrades;

/// <summary>One file of a release of the agent that this node serves.</summary>
public sealed record AgentReleaseView(string Version, string Runtime, string Name, long Bytes, string Sha256);

public static class AgentReleaseReads
{
    /// <summary>Releases of the agent that this control plane serves, the newest first.</summary>
    [WolverineGet("/api/v2/agent-releases"), Tags("Upgrades")]
    public static Reading.Page<AgentReleaseView> List(AgentReleases releases) =>
        new([.. releases.List().Select(p => new AgentReleaseView(p.Version, p.Program.Runtime, p.Program.Name, p.Program.Bytes, p.Program.Sha256))], null);
}

/// <summary>How many hosts may download at a time: more only take bandwidth from each other and from the control plane's own work.</summary>
public sealed class DownloadSlots(IConfiguration configuration)
{
    public const string Variable = "PHOENIX_AGENT_DOWNLOADS";
    const int Default = 32;

    readonly int _most = Limit(configuration[Variable]);
    int _taken;

    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= _most) return true;
        Return();
        return false;
    }

    public void Return() => Interlocked.Decrement(ref _taken);

    static int Limit(string? text) =>
        string.IsNullOrEmpty(text) ? Default
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0 ? limit
        : throw new FormatException($"{Variable} is '{text}'. Give the number of downloads at a time, such as {Default}.");
}

/// <summary>
/// Agents fetch their own next version here, since they call nobody but the control plane. A download that breaks resumes
/// by a range; the hash is the ETag, so that two halves of different files never become one.
/// </summary>
public static class DownloadAgentRelease
{
    /// <summary>A connection that crawls gives its place to others and resumes later.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    const int LeastWaitSeconds = 5, MostWaitSeconds = 30;

    public static void MapAgentReleases(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/v2/agent-releases/{version}/{runtime}", Vouch)
            .WithName("agentRelease").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .Produces<SignedRelease>().ProducesProblem(401).ProducesProblem(404);
        app.MapGet("/api/v2/agent-releases/{version}/{runtime}/{file}", Get)
            .WithName("downloadAgentRelease").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .Produces(200, contentType: "application/octet-stream").Produces(206).ProducesProblem(401).ProducesProblem(404).Produces(412).Produces(416).ProducesProblem(429);
    }

    /// <summary>What a node signs is what lies in its directory, not what a database says of it.</summary>
    static IResult Vouch(string version, string runtime, AgentReleases releases, ConfigurationSigner signer)
    {
        var files = releases.Of(version).Select(p => p.Program).Where(p => p.Runtime == runtime).Select(p => new ReleaseFile(p.Runtime, p.Name, p.Bytes, p.Sha256)).ToList();
        return files.Count == 0
            ? Problems.NotFound("agent release", $"{version} for {runtime}")
            : TypedResults.Ok(new SignedRelease(version, runtime, files, signer.Sign(SignedRelease.SignedBytes(version, runtime, files))));
    }

    static async Task Get(string version, string runtime, string file, AgentReleases releases, DownloadSlots slots, HttpContext http)
    {
        if (!slots.TryTake())
        {
            // Spread at random, or all who were turned away would come back together.
            http.Response.Headers.RetryAfter = Random.Shared.Next(LeastWaitSeconds, MostWaitSeconds).ToString(CultureInfo.InvariantCulture);
            await Problems.Write(http, 429, "downloads-busy", "As many hosts download as this node serves at a time. Come back after Retry-After.");
            return;
        }
        using var limit = new Timer(_ => http.Abort(), null, Longest, Timeout.InfiniteTimeSpan);
        try
        {
            if (releases.Find(version, runtime, file) is not { } found)
            {
                await Problems.NotFound("agent release file", $"{version}/{runtime}/{file}").ExecuteAsync(http);
                return;
            }
            http.Response.Headers.CacheControl = "no-store";
            await TypedResults.PhysicalFile(found.Path, "application/octet-stream", entityTag: new EntityTagHeaderValue($"\"{found.Program.Sha256}\""), enableRangeProcessing: true)
                .ExecuteAsync(http);
        }
        finally
        {
            slots.Return();
        }
    }
}
