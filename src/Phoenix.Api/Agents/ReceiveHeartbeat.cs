using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Agents;

public static class ReceiveHeartbeat
{
    public const int MaxBodyBytes = 1 << 20, MaxCollectors = 1000, MaxTailLines = 50, MaxLineLength = 500, MaxNameLength = 200;

    public static void MapHeartbeat(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/agents/heartbeat", async (Heartbeat heartbeat, HttpContext http, AgentPresence presence, FleetSettings settings) =>
            {
                if (Wrong(heartbeat) is var (field, detail)) return Problems.Of(422, "heartbeat-invalid", detail, field);
                if (!await presence.Keep(http.HostId(), http.BootId()!.Value, Cut(heartbeat), http.RequestAborted))
                    return Problems.Of(409, "agent-fenced", $"A newer agent process speaks for host '{http.HostId()}'. This one must end.");
                Figures.Heartbeats.Add(1);
                return TypedResults.Ok(new HeartbeatAccepted(Next(settings, presence.Heard, Random.Shared.NextDouble()).TotalSeconds));
            })
            .WithName("heartbeat").WithTags("Agent protocol").RequireAuthorization(AgentAuthentication.SchemeName)
            .WithMetadata(new AdmitAttribute(Admission.Heartbeat), new RequestSizeLimitAttribute(MaxBodyBytes))
            .Produces<HeartbeatAccepted>().ProducesProblem(401).ProducesProblem(409).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503);

    /// <summary>Heartbeats a second that a node asks for while it can have fewer without losing sight of a host.</summary>
    const double WantedPerSecond = 400;

    /// <summary>
    /// When the host should come again: as often as is wanted, but with many hosts less often, up to a quarter of the time after which they are lost; and
    /// in any case so that all of them together stay at three quarters of what the node takes. Up to a tenth earlier or later, so that hosts that began
    /// together spread out.
    /// </summary>
    public static TimeSpan Next(FleetSettings settings, int hosts, double random)
    {
        var spaced = Math.Min(hosts / WantedPerSecond, settings.LostAfter.TotalSeconds / 4);
        var seconds = Math.Max(Math.Max(settings.HeartbeatEvery.TotalSeconds, spaced), hosts / (0.75 * settings.HeartbeatsPerSecond));
        return TimeSpan.FromSeconds(seconds * (0.9 + 0.2 * random));
    }

    /// <summary>The first field that no agent could mean; null where all of them make sense.</summary>
    static (string Field, string Detail)? Wrong(Heartbeat beat)
    {
        if (beat.AgentVersion is not { Length: > 0 and <= 100 }) return ("agentVersion", "The agent's version has 1 to 100 characters.");
        if (beat.ResidentBytes < 0) return ("residentBytes", "Resident memory is not negative.");
        if (!(beat.CpuSeconds >= 0) || double.IsInfinity(beat.CpuSeconds)) return ("cpuSeconds", "CPU time is a finite number of seconds, and not negative.");
        if (beat.Collectors is null || beat.Collectors.Count > MaxCollectors) return ("collectors", $"A host has 0 to {MaxCollectors} collectors.");
        for (var i = 0; i < beat.Collectors.Count; i++)
        {
            var at = $"collectors[{i}]";
            if (beat.Collectors[i] is not { } c) return (at, "A collector is an object.");
            if (c.Name is not { Length: > 0 and <= MaxNameLength }) return (at + ".name", $"A collector's name has 1 to {MaxNameLength} characters.");
            if (c.ConfigurationHash is null or { Length: > MaxNameLength }) return (at + ".configurationHash", $"A configuration's hash has at most {MaxNameLength} characters.");
            if (c.ResidentBytes < 0) return (at + ".residentBytes", "Resident memory is not negative.");
            if (c.CpuSeconds is { } cpu && (!(cpu >= 0) || double.IsInfinity(cpu))) return (at + ".cpuSeconds", "CPU time is a finite number of seconds, and not negative.");
            if (c.Flow is { } f && (!(f.Seconds > 0) || double.IsInfinity(f.Seconds) || !(f.CpuMs >= 0) || double.IsInfinity(f.CpuMs)
                || f.SeriesIn < 0 || f.SeriesOut < 0 || f.PointsIn < 0 || f.PointsOut < 0 || f.ExportErrors < 0 || f.DroppedPoints < 0))
                return (at + ".flow", "A window has a length, and counts that are not negative.");
            if (c.Restarts < 0) return (at + ".restarts", "A number of restarts is not negative.");
        }
        return null;
    }

    /// <summary>Log lines can be of any length and number; what is kept of them is bounded.</summary>
    static Heartbeat Cut(Heartbeat beat) => beat with
    {
        Collectors = [.. beat.Collectors.Select(c => c with
        {
            Reason = c.Reason is null ? null : Cut(c.Reason),
            LogTail = [.. (c.LogTail ?? []).TakeLast(MaxTailLines).Select(line => Cut(line ?? ""))],
        })],
    };

    static string Cut(string text) => text.Length <= MaxLineLength ? text : text[..MaxLineLength];
}
