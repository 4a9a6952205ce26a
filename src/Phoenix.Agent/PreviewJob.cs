using System.Text;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// Lets a collector process of its own play the production collector's recent input through a configuration. That process
/// bounds its time and memory; nothing that runs is touched.
/// </summary>
internal sealed class PreviewJob(AgentSettings settings, StateDirectory directory, TrustedKeys keys, HostAllowList allowed)
{
    private const int InvalidConfiguration = 1;
    private const int NoSample = 5;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(15);

    public async Task<TaskResult> RunAsync(AssignedTask task, PreviewOrder order, Func<string, string?, Task<bool>> progress, CancellationToken stop)
    {
        var configuration = Encoding.UTF8.GetBytes(order.Configuration);
        if (ConfigurationCheck.HashOf(configuration) is var hash && hash != order.ConfigurationHash)
            return HostJobs.Failed(task, new TaskError("hash-mismatch", $"The configuration has hash {hash}, the task says {order.ConfigurationHash}.", false, []));
        if (!CollectorState.IsName(order.Collector))
            return HostJobs.Failed(task, new TaskError("configuration-invalid", $"'{order.Collector}' is no collector name.", false, []));
        if (await keys.CheckAsync("The previewed configuration", order.ConfigurationHash, order.Signature, stop) is { } unsigned)
            return HostJobs.Failed(task, unsigned);

        var folder = directory.Job(task.Id);
        DurableFile.CreatePrivateDirectory(folder);
        var running = Task.FromResult<int?>(null);
        try
        {
            var (file, output) = (Path.Combine(folder, "config.yaml"), Path.Combine(folder, "preview.out"));
            DurableFile.Write(file, configuration);
            if (await allowed.CheckAsync(file, CollectorRuntime.Phoenix, stop) is { } forbidden)
                return HostJobs.Failed(task, forbidden);
            List<string> arguments = ["preview", "--config", file, "--live", directory.ControlSocket(order.Collector), "--format", "json"];
            if (order.ProtectedMetrics.Count > 0)
                arguments.AddRange(["--protect", string.Join(',', order.ProtectedMetrics)]);
            running = ChildProcess.RunAsync(settings.CollectorPath, arguments, output, Limit, stop);
            while (await Task.WhenAny(running, Task.Delay(RenewEvery, stop)) != running)
                await progress("previewing", null);
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
        var tail = LogFile.Tail(output);
        try
        {
            switch (exit)
            {
                case 0 when JsonSerializer.Deserialize(File.ReadAllBytes(output), WireJson.Default.PreviewReport) is { } report:
                    return new TaskResult(task.Lease, TaskOutcome.Succeeded, [], null, Preview: report);
                case InvalidConfiguration when JsonSerializer.Deserialize(File.ReadAllBytes(output), WireJson.Default.ConfigurationProblem) is { } problem:
                    return HostJobs.Failed(task, new TaskError("configuration-invalid", ConfigurationCheck.Describe(problem), false, []));
                case NoSample:
                    return HostJobs.Failed(task, new TaskError("no-sample", string.Join(' ', tail), false, []));
            }
        }
        catch (JsonException e)
        {
            return HostJobs.Failed(task, new TaskError("internal", $"The preview ended with exit code {exit} and said something that cannot be read: {e.Message}", false, tail));
        }
        return HostJobs.Failed(task, new TaskError("internal",
            exit is { } code ? $"The preview ended with exit code {code}." : $"The preview did not end within {Limit.TotalSeconds:0} s, or was killed.", false, tail));
    }
}
