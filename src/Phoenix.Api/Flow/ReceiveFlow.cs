using System.Globalization;
using Phoenix.Api.Agents;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Flow;

/// <summary>How often hosts tell what goes through them, and for how long that counts.</summary>
public static class FlowSettings
{
    /// <summary>Between two reports of a host; a collector's window is usually a minute, and what was told already is told again after two minutes only.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A report that is older than this says nothing of now: three windows of a minute, and what a report may be late. Windows of experiments are longer; agents tell of the
    /// last one again until the next has ended.
    /// </summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(200);

    /// <summary>Reports a second that a node asks for: ten thousand hosts then tell their minute in 50 s.</summary>
    const double WantedPerSecond = 200;

    /// <summary>With a look of the agent and the spread on top, a host is heard again within <see cref="Fresh"/>.</summary>
    const double LongestPauseSeconds = 150;

    /// <summary>When the host should tell again. Up to a tenth earlier or later, so that hosts that began together spread out.</summary>
    public static TimeSpan Next(int hosts, double random) =>
        TimeSpan.FromSeconds(Math.Min(Math.Max(Every.TotalSeconds, hosts / WantedPerSecond), LongestPauseSeconds) * (0.9 + 0.2 * random));
}

public static class ReceiveFlow
{
    public const int MaxBodyBytes = 256 << 10;

    /// <summary>Of one collector in one window.</summary>
    const long MostCount = 1_000_000_000_000;

    const int MaxNameLength = 200;

    public static void MapFlow(this IEndpointRouteBuilder app) =>
        app.MapPost("/api/v2/flow", async (FlowReport report, HttpContext http, FlowStore flows, AgentPresence presence) =>
            {
                if (Wrong(report) is var (field, detail)) return Problems.Of(422, "flow-invalid", detail, field);
                await flows.Keep(http.HostId(), report.Collectors, http.RequestAborted);
                return TypedResults.Ok(new FlowAccepted(FlowSettings.Next(presence.Heard, Random.Shared.NextDouble()).TotalSeconds));
            })
            .WithName("flow").WithTags("Agent protocol").WithSummary("What goes through the production collectors of the calling host now, by metric, service and namespace. The latest report replaces the one before.")
            .RequireAuthorization(AgentAuthentication.SchemeName)
            .WithMetadata(new AdmitAttribute(Admission.Flow), new RequestSizeLimitAttribute(MaxBodyBytes))
            .Produces<FlowAccepted>().ProducesProblem(401).ProducesProblem(409).ProducesProblem(422).ProducesProblem(429).ProducesProblem(503);

    /// <summary>The first field that no collector could mean; null where all of them make sense.</summary>
    static (string Field, string Detail)? Wrong(FlowReport report)
    {
        if (report.Collectors is null || report.Collectors.Count > FlowReport.MaxCollectors)
            return ("collectors", $"A report has 0 to {FlowReport.MaxCollectors} production collectors.");
        for (var i = 0; i < report.Collectors.Count; i++)
        {
            var at = $"collectors[{i.ToString(CultureInfo.InvariantCulture)}]";
            if (report.Collectors[i] is not { Window: { Total: { } total } window } flow) return (at, "A collector is told with its window and the window's total.");
            if (flow.Collector is not { Length: > 0 and <= MaxNameLength }) return (at + ".collector", $"A collector's name has 1 to {MaxNameLength} characters.");
            if (window.Seconds is not (> 0 and <= 86_400)) return (at + ".window.seconds", "A window is longer than nothing and at most a day.");
            if (Outside([total.SeriesIn, total.SeriesOut, total.SamplesIn, total.SamplesOut])) return (at + ".window.total", $"Counts are 0 to {MostCount}.");
            foreach (var (name, table) in (ReadOnlySpan<(string, FlowTable?)>)[("metrics", window.Metrics), ("services", window.Services), ("namespaces", window.Namespaces)])
                if (Wrong(table) is { } wrong) return ($"{at}.window.{name}", wrong);
        }
        return null;
    }

    static string? Wrong(FlowTable? table)
    {
        if (table is not { Keys: { Count: <= FlowTable.MaxRows } keys, SeriesIn: { } seriesIn, SeriesOut: { } seriesOut, SamplesIn: { } samplesIn, SamplesOut: { } samplesOut })
            return $"A table has keys and four columns of at most {FlowTable.MaxRows} rows.";
        foreach (var column in (ReadOnlySpan<IReadOnlyList<long>>)[seriesIn, seriesOut, samplesIn, samplesOut])
            if (column.Count != keys.Count || Outside(column)) return $"Each column has a count from 0 to {MostCount} for each key.";
        return keys.Any(k => k is null or { Length: > FlowTable.MaxKeyLength }) ? $"A key has at most {FlowTable.MaxKeyLength} characters." : null;
    }

    static bool Outside(IReadOnlyList<long> counts) => counts.Any(c => c is < 0 or > MostCount);
}
