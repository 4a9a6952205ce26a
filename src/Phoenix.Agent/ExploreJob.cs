using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Lets a collector process of its own count what the production collector's recent input is made of. That process bounds its time and memory; nothing that
/// runs is touched.
/// </summary>
internal sealed class ExploreJob(AgentSettings settings, StateDirectory directory)
{
    private const int NoSample = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(15);

    public async Task<TaskResult> RunAsync(AssignedTask task, ExploreOrder order, Func<string, string?, Task<bool>> progress, CancellationToken stop)
    {
        if (!CollectorState.IsName(order.Collector) || !File.Exists(directory.Configuration(order.Collector)))
            return HostJobs.Failed(task, new TaskError("no-collector", $"No collector '{order.Collector}' runs on this host, so that there is no input to count.", false, []));

        var folder = directory.Job(task.Id);
        DurableFile.CreatePrivateDirectory(folder);
        var running = Task.FromResult<int?>(null);
        try
        {
            var output = Path.Combine(folder, "explore.out");
            List<string> arguments = ["explore", "--live", directory.ControlSocket(order.Collector), "--format", "json"];
            if (order.Metric is { } metric)
                arguments.AddRange(["--metric", metric]);
            running = ChildProcess.RunAsync(settings.CollectorPath, arguments, output, Limit, stop);
            while (await Task.WhenAny(running, Task.Delay(RenewEvery, stop)) != running)
                await progress("exploring", null);
            return Result(task, await running, output);
        }
        catch (ProgramMissingException e)
        {
            return HostJobs.Failed(task, new TaskError("collector-missing", e.Message, true, []));
        }
        finally
        {
            // Where the agent stops, the process is ended by now or in a moment; it must not outlive its folder or the agent.
            await running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TaskResult Result(AssignedTask task, int? exit, string output)
    {
        try
        {
            if (exit is 0 && JsonSerializer.Deserialize(File.ReadAllBytes(output), WireJson.Default.ExplorationReport) is { } report)
                return new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Exploration: report);
        }
        catch (JsonException e)
        {
            return HostJobs.Failed(task, new TaskError("internal", $"The exploration ended and said something that cannot be read: {e.Message}", false, []));
        }
        // Of a success the output is values of labels, which are no log; of a failure it is words.
        var tail = exit is 0 ? [] : LogFile.Tail(output);
        return HostJobs.Failed(task, exit is NoSample
            ? new TaskError("no-sample", string.Join(' ', tail), false, [])
            : new TaskError("internal", exit is { } code ? $"The exploration ended with exit code {code}." : $"The exploration did not end within {Limit.TotalSeconds:0} s, or was killed.", false, tail));
    }
}
