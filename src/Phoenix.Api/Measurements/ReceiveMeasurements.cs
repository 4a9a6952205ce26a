using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Wolverine;
using Wolverine.Http;

namespace Phoenix.Api.Measurements;

public static class ReceiveMeasurementsEndpoint
{
    public const int MaxWindows = 500;

    /// <summary>Windows of one experiment on the calling host. Repeating a report changes nothing.</summary>
    [WolverinePost("/api/v2/measurements"), Authorize(AgentAuthentication.SchemeName), Tags("Agent protocol"), ProducesResponseType(202)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        MeasurementReport report, IDocumentSession session, MeasuredExperiments experiments, TimeProvider clock, HttpContext http, CancellationToken cancellation)
    {
        if (report.Windows is not { Count: > 0 and <= MaxWindows })
            return (Problems.Of(422, "windows-invalid", $"A report has 1 to {MaxWindows} windows.", "windows"), []);
        if (report.Windows.Select(WindowCheck.Wrong).FirstOrDefault(w => w is not null) is { } wrong)
            return (Problems.Of(422, "window-invalid", wrong, "windows"), []);
        var hostId = http.HostId();
        if (await experiments.Find(report.ExperimentId, session, cancellation) is not { } experiment || !experiment.Hosts.Contains(hostId))
            return (Problems.NotFound("experiment of this host", report.ExperimentId), []);
        var skew = WindowCheck.Skew(report.SentAt, clock.GetUtcNow());
        WindowStore.Add(session, report.ExperimentId, hostId, [.. report.Windows.Select(w => WindowCheck.PutRight(WindowCheck.Judge(w), skew))]);
        OutgoingMessages messages = [];
        foreach (var window in report.Windows)
        {
            var reported = new WindowReported(report.ExperimentId, window.Number);
            if (experiment.Hosts.Count <= MeasuredExperiments.LookedAtSingly) messages.Add(reported);
            else if (experiments.IsDue(report.ExperimentId, window.Number)) messages.Add(reported.DelayedFor(MeasuredExperiments.Moment));
        }
        return (TypedResults.Accepted((string?)null), messages);
    }
}
