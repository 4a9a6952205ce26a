using System.Diagnostics;
using System.Net;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Tells the control plane what goes through the production collectors now, by metric, service and namespace: soon after the agent starts, then as often as
/// the control plane asks and there is something new. A window of an experiment may take an hour: what was told last is told again meanwhile, since a host that says nothing
/// for minutes counts as one that nothing is known of. What is not taken is not kept: the next one says it better.
/// </summary>
internal sealed class FlowReporter(ApiClient api, Fleet fleet, ControlSocket control)
{
    /// <summary>How often collectors are asked whether there is something new to tell.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After so long the same is told again. The control plane forgets a report after 200 seconds; this, a look and the time on the way are well within.
    /// </summary>
    public static readonly TimeSpan Again = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>For a control plane that knows no such address: an upgrade of it is noticed within this time.</summary>
    private static readonly TimeSpan NotKnown = TimeSpan.FromMinutes(10);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var (failures, told, at) = (0, "", 0L);
        while (true)
        {
            await Task.Delay(Look, cancellation);
            var report = await GatherAsync(cancellation);
            var newest = string.Join('\n', report.Collectors.Select(c => $"{c.Collector} {c.Window.EndedAt.UtcTicks}"));
            if (!IsDue(newest, told, Stopwatch.GetElapsedTime(at)))
                continue;
            var (answer, content) = await api.PostAsync("api/v2/flow", report, WireJson.Default.FlowReport, WireJson.Default.FlowAccepted, cancellation);
            if (answer.IsSuccess)
            {
                (failures, told, at) = (0, newest, Stopwatch.GetTimestamp());
                await Task.Delay(Pause(content), cancellation);
                continue;
            }
            failures++;
            if (answer.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed)
            {
                if (failures is 1)
                    Log.Info("The control plane does not take what goes through collectors by metric yet.", ("status", (int?)answer.Status));
                await Task.Delay(NotKnown, cancellation);
                continue;
            }
            Log.Warn("What goes through collectors by metric was not taken.", ("status", (int?)answer.Status), ("code", answer.Code), ("detail", answer.Detail));
            await Task.Delay(RetryDelay.After(failures, answer.RetryAfter, Random.Shared.NextDouble()), cancellation);
        }
    }

    /// <param name="newest">What there is to tell; empty without a production collector.</param>
    /// <param name="told">What was told last, empty before anything was.</param>
    /// <param name="since">How long ago that was.</param>
    internal static bool IsDue(string newest, string told, TimeSpan since) => newest != told || (newest.Length > 0 && since >= Again);

    /// <summary>What the control plane asks for beyond the next look, within what makes sense.</summary>
    internal static TimeSpan Pause(FlowAccepted? answer) => answer is { NextInSeconds: > 0 and < double.PositiveInfinity and var seconds }
        ? TimeSpan.FromSeconds(Math.Clamp(seconds - Look.TotalSeconds, 0, Longest.TotalSeconds)) : Look;

    private async Task<FlowReport> GatherAsync(CancellationToken cancellation)
    {
        List<ReportedFlow> flows = [];
        foreach (var collector in fleet.All.Where(c => c.State is { Arm: CollectorArm.Production, Runtime: CollectorRuntime.Phoenix, Process: not null }).Take(FlowReport.MaxCollectors))
        {
            if (await control.FlowAsync(collector.Name, cancellation) is { } window)
                flows.Add(new ReportedFlow(collector.Name, window));
        }
        return new FlowReport(flows);
    }
}
