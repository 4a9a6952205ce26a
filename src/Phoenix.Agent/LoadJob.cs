using System.Globalization;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Lets a process of its own send made-up metrics to the production collector. The process ends at its time, when the agent
/// ends it, and when it sees that the agent is gone.
/// </summary>
internal sealed class LoadJob(AgentSettings settings, StateDirectory directory, Fleet fleet)
{
    /// <summary>What the process may take beyond its time: the last request's retries.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(5);

    public async Task<TaskResult> RunAsync(AssignedTask task, LoadOrder order, Func<string, string?, Task<bool>> progress, CancellationToken stop)
    {
        if (!CollectorState.IsName(order.Collector) || !File.Exists(directory.Configuration(order.Collector)))
            return HostJobs.Failed(task, new TaskError("no-collector", $"No collector '{order.Collector}' runs on this host, so that nothing could take the load.", false, []));
        if (fleet.All.FirstOrDefault(collector => collector.State?.Arm is CollectorArm.Candidate) is { } candidate)
            return HostJobs.Failed(task, new TaskError("host-in-experiment", $"Candidate '{candidate.Name}' is measured on this host; made-up series would enter its numbers.", false, []));
        // A second attempt would send the load again.
        if (task.Attempt > 1)
            return HostJobs.Failed(task, new TaskError("interrupted", "The load was interrupted in its first attempt; it is not made a second time. Ask for it anew.", false, []));

        var folder = directory.Job(task.Id);
        DurableFile.CreatePrivateDirectory(folder);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = Task.FromResult<int?>(null);
        try
        {
            var output = Path.Combine(folder, "loadsim.out");
            running = ChildProcess.RunAsync(settings.CollectorPath, Arguments(order), output, TimeSpan.FromSeconds(order.DurationSeconds) + Grace, ending.Token);
            while (await Task.WhenAny(running, Task.Delay(ReportEvery, stop)) != running)
            {
                if (await progress("loading", null))
                    continue;
                Log.Info("A simulated load is wanted no more and ends.", ("task", task.Id));
                await ending.CancelAsync();
                await running;
            }
            return Result(task, await running, output);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return HostJobs.Failed(task, new TaskError("cancelled", "The load was ended before its time.", false, []));
        }
        catch (ProgramMissingException e)
        {
            return HostJobs.Failed(task, new TaskError("collector-missing", e.Message, true, []));
        }
        finally
        {
            await running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            Directory.Delete(folder, recursive: true);
        }
    }

    private List<string> Arguments(LoadOrder order) =>
    [
        "loadsim", "--config", directory.Configuration(order.Collector),
        "--profile", JsonNamingPolicy.KebabCaseLower.ConvertName(order.Profile.ToString()),
        "--series", order.Series.ToString(CultureInfo.InvariantCulture),
        "--interval", Seconds(order.IntervalSeconds), "--duration", Seconds(order.DurationSeconds),
    ];

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.###}s");

    private static TaskResult Result(AssignedTask task, int? exit, string output)
    {
        var tail = LogFile.Tail(output);
        try
        {
            if (exit is 0 && JsonSerializer.Deserialize(File.ReadAllBytes(output), WireJson.Default.LoadReport) is { } report)
                return new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Load: report);
        }
        catch (JsonException e)
        {
            return HostJobs.Failed(task, new TaskError("internal", $"The load said something that cannot be read: {e.Message}", false, tail));
        }
        return HostJobs.Failed(task, new TaskError("load-failed",
            exit is { } code ? $"The load ended with exit code {code}: {string.Join(' ', tail)}" : "The load did not end in its time, or was killed.", false, tail));
    }
}
