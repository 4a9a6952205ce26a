using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// The list of the host's owner that bounds what the control plane may ask for. The collector reads it, since it reads a
/// configuration as what runs reads it; it is read anew for every task, so that a change counts at once. No list allows
/// everything; one that cannot be read allows nothing.
/// </summary>
internal sealed class HostAllowList(AgentSettings settings, StateDirectory directory, LoopbackPorts ports)
{
    private const int NotAllowed = 7;
    private const int Unusable = 8;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Says at the start what bounds this host.</summary>
    public async Task AnnounceAsync(CancellationToken cancellation)
    {
        if (!Exists)
            Log.Info("No allow-list bounds what the control plane may ask of this host.", ("file", settings.AllowFile));
        else if (await AskAsync([], cancellation) is { } problem)
            Log.Error("The allow-list cannot be used, so that nothing is allowed.", ("file", settings.AllowFile), ("problem", problem.Detail));
        else
            Log.Info("An allow-list bounds what the control plane may ask of this host.", ("file", settings.AllowFile));
    }

    /// <summary>Why tasks of this kind are not done here; null where they are.</summary>
    public Task<TaskError?> CheckAsync(TaskKind kind, CancellationToken cancellation) =>
        Exists ? AskAsync(["--task", kind.ToString().ToLowerInvariant()], cancellation) : Task.FromResult<TaskError?>(null);

    /// <summary>Why the configuration is not run here; null where it may be.</summary>
    public Task<TaskError?> CheckAsync(string file, CollectorRuntime runtime, CancellationToken cancellation) =>
        Exists ? AskAsync(["--config", file, "--runtime", runtime is CollectorRuntime.Stock ? "stock" : "phoenix"], cancellation) : Task.FromResult<TaskError?>(null);

    /// <summary>One that was named and is gone is unusable; the usual place may be empty.</summary>
    private bool Exists => settings.AllowFileIsNamed || File.Exists(settings.AllowFile);

    private async Task<TaskError?> AskAsync(string[] question, CancellationToken cancellation)
    {
        var output = Path.Combine(directory.Jobs, $"allow-{Guid.NewGuid():N}.out");
        try
        {
            var launch = new Launch(settings.CollectorPath, ["allow", "--list", settings.AllowFile, .. question, "--format", "json"], ports.LinkVariables());
            var exit = await ChildProcess.RunAsync(launch, output, Limit, cancellation);
            return exit switch
            {
                0 => null,
                NotAllowed or Unusable => Refused(exit is Unusable, JsonSerializer.Deserialize(await File.ReadAllBytesAsync(output, cancellation), WireJson.Default.ConfigurationProblem)!),
                _ => Undecided(exit, output),
            };
        }
        catch (JsonException)
        {
            return Undecided(null, output);
        }
        catch (ProgramMissingException e)
        {
            return new TaskError("collector-missing", e.Message, Retryable: true, []);
        }
        finally
        {
            File.Delete(output);
        }
    }

    private TaskError Refused(bool unusable, ConfigurationProblem problem) => new("configuration-not-allowed",
        (unusable ? $"Nothing is allowed on this host, because the allow-list {settings.AllowFile} cannot be used: " : "") + ConfigurationCheck.Describe(problem), Retryable: false, []);

    private TaskError Undecided(int? exit, string output) => new("internal",
        $"Whether the allow-list {settings.AllowFile} allows it could not be told: {(exit is { } code ? $"exit code {code}" : "no verdict within the time")}.", Retryable: true, LogFile.Tail(output));
}
