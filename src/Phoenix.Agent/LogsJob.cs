using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Sends the last lines of the agent's and its collectors' logs. They go by a request of their own and into no result: those are kept in the journal
/// here and in the control plane's audit log.
/// </summary>
/// <param name="redaction">What this host knows of secrets at the moment.</param>
internal sealed class LogsJob(Fleet fleet, ApiClient api, Func<AssignedTask?, LogRedaction> redaction)
{
    private const int Attempts = 4;

    public async Task<TaskResult> RunAsync(AssignedTask task, HostLogsOrder order, Func<string, string?, Task<bool>> progress, CancellationToken stop)
    {
        if (order.Collector is { } name && fleet.Find(name)?.State is null)
            return HostJobs.Failed(task, new TaskError("no-collector", $"No collector '{name}' runs on this host.", false, []));
        var report = new HostLogsReport(task.Lease, Read(order));
        for (var attempt = 1; ; attempt++)
        {
            var answer = await api.PostAsync($"api/v2/tasks/{task.Id:D}/logs", report, WireJson.Default.HostLogsReport, stop);
            if (answer.IsSuccess)
                return new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null);
            if (!answer.IsTransient || attempt == Attempts)
                return HostJobs.Failed(task, new TaskError("logs-not-taken", $"The control plane did not take the log lines: {(int?)answer.Status} {answer.Code} {answer.Detail}", answer.IsTransient, []));
            await Task.Delay(RetryDelay.After(attempt, answer.RetryAfter, Random.Shared.NextDouble()), stop);
            if (!await progress("sending", null))
                return HostJobs.Failed(task, new TaskError("cancelled", "The log lines are wanted no more.", false, []));
        }
    }

    private List<HostLogFile> Read(HostLogsOrder order)
    {
        IReadOnlyList<Collector> collectors = [.. fleet.All.Where(collector => collector.State is not null && (order.Collector is null || collector.Name == order.Collector))];
        // Of all that run here: a line of one may hold what is configured in another.
        var secrets = redaction(null);
        var wanted = Math.Clamp(order.Lines, 1, HostLogLimits.Lines);
        List<(string Name, string? Collector, Func<(IReadOnlyList<string> Lines, bool More)> Read)> logs = [];
        if (order.Collector is null)
            logs.Add(("agent", null, () => Log.Recent(wanted)));
        logs.AddRange(collectors.Take(HostLogLimits.Files - logs.Count).Select(collector => (
            Path.GetFileName(collector.LogPath), (string?)collector.Name, (Func<(IReadOnlyList<string>, bool)>)(() => LogFile.Last(collector.LogPath, wanted, HostLogLimits.Bytes)))));

        List<HostLogFile> files = [];
        var left = HostLogLimits.Bytes;
        for (var i = 0; i < logs.Count; i++)
        {
            // What one does not need is for those after it.
            var (lines, more) = logs[i].Read();
            var (kept, bytes, cut) = Bound(lines, secrets, left / (logs.Count - i));
            left -= bytes;
            files.Add(new HostLogFile(logs[i].Name, logs[i].Collector, kept, more || cut));
        }
        return files;
    }

    /// <summary>The newest lines that fit, without secrets. A line is cut after that, so that no half of a secret is left at its end.</summary>
    internal static (IReadOnlyList<string> Lines, int Bytes, bool Cut) Bound(IReadOnlyList<string> lines, LogRedaction redaction, int most)
    {
        List<string> kept = [];
        var (bytes, cut) = (0, false);
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            var line = redaction.Apply(lines[i]);
            if (line.Length > HostLogLimits.LineLength)
                (line, cut) = (line[..(HostLogLimits.LineLength - 1)] + "…", true);
            var size = Encoding.UTF8.GetByteCount(line);
            if (bytes + size > most)
            {
                cut = true;
                break;
            }
            bytes += size;
            kept.Add(line);
        }
        kept.Reverse();
        return (kept, bytes, cut);
    }
}
