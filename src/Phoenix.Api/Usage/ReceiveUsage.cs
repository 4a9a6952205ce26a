using System.Globalization;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Wolverine.Http;

namespace Phoenix.Api.Usage;

public static class ReceiveUsageEndpoint
{
    /// <summary>
    /// What production collectors of the calling host took in and sent, with or without an experiment. Repeating a report changes nothing. Periods that nobody could
    /// have counted are named in the answer with the reason; the others are taken.
    /// </summary>
    [WolverinePost("/api/v2/usage"), Authorize(AgentAuthentication.SchemeName), Tags("Agent protocol"), ProducesResponseType<UsageAccepted>(200), ProducesResponseType(422)]
    public static IResult Post(UsageReport report, IDocumentSession session, UsageSettings settings, TimeProvider clock, HttpContext http)
    {
        if (report.Periods is not { Count: > 0 and <= UsageReport.MaxPeriods })
            return Problems.Of(422, "usage-report-invalid", $"A report has 1 to {UsageReport.MaxPeriods} periods.", "periods");
        var now = clock.GetUtcNow();
        List<RefusedPeriod> refused = [];
        List<UsagePeriod> good = [];
        for (var i = 0; i < report.Periods.Count; i++)
            if (Wrong(report.Periods[i], now, settings.RetentionDays) is { } wrong) refused.Add(new(i, wrong));
            else good.Add(report.Periods[i]);
        if (good.Count > 0) UsageStore.Add(session, http.HostId(), good);
        return TypedResults.Ok(new UsageAccepted(settings.PeriodSeconds, refused.Count == 0 ? null : refused));
    }

    /// <summary>Of one host in one period; a day of ten thousand hosts still adds up without an overflow.</summary>
    const double MostCount = 1e11;

    /// <summary>The same of bytes: three million periods of a day stay below 2⁶³.</summary>
    const double MostBytes = 2e12;

    const int MaxNameLength = 200;

    static readonly TimeSpan Longest = TimeSpan.FromHours(3), ClocksDiffer = TimeSpan.FromHours(1);

    /// <summary>Why the period is malformed; null where it is well-formed.</summary>
    static string? Wrong(UsagePeriod? p, DateTimeOffset now, int retentionDays)
    {
        if (p is null) return "A period is missing.";
        if (p.Collector is not { Length: > 0 and <= MaxNameLength } || p.Epoch is not { Length: > 0 and <= MaxNameLength } || p.ConfigurationHash is null or { Length: > MaxNameLength })
            return $"A period names collector and epoch in 1 to {MaxNameLength} characters, and a configuration's hash in at most {MaxNameLength}.";
        if (p.Input is null || p.Output is null) return "A period has input and output.";
        if (p.FirstWindow < 0 || p.LastWindow < p.FirstWindow) return "Windows are numbered from 0 on, the last not before the first.";
        if (p.EndedAt <= p.StartedAt || p.EndedAt - p.StartedAt > Longest) return $"A period ends after it began, and lasts at most {Longest.TotalHours:0} hours.";
        if (p.EndedAt > now + ClocksDiffer) return $"A period that ends at {p.EndedAt:u} has not been yet: set the host's clock, it is {now:u}.";
        // Where raw reports of the day have gone, adding it up anew would take away what was recorded.
        if (p.StartedAt.UtcDateTime.Date <= now.UtcDateTime.Date.AddDays(-retentionDays))
            return $"A period of {p.StartedAt:yyyy-MM-dd} is older than the {retentionDays} days for which reports are kept.";
        ReadOnlySpan<(string Name, double Value)> figures =
        [
            ("seconds", p.Seconds), ("missedWindows", p.MissedWindows), ("wireBytes", p.WireBytes * (MostCount / MostBytes)), ("droppedPoints", p.DroppedPoints),
            .. Of("input", p.Input), .. Of("output", p.Output),
        ];
        // NaN compares as false.
        foreach (var (name, value) in figures)
            if (value is not (>= 0 and <= MostCount)) return $"'{name}' is no count that one host could come to in one period: {value.ToString(CultureInfo.InvariantCulture)}.";
        return null;
    }

    static (string, double)[] Of(string side, UsageCounts c) =>
        [($"{side}.points", c.Points), ($"{side}.samples", c.Samples), ($"{side}.bytes", c.Bytes * (MostCount / MostBytes)), ($"{side}.seriesSeconds", c.SeriesSeconds / 1e3)];
}
