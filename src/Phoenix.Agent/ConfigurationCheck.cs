using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Refuses what must not replace a running configuration, before anything is touched.</summary>
internal sealed class ConfigurationCheck(string collectorProgram, StateDirectory directory)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    public static string HashOf(ReadOnlySpan<byte> configuration) => Convert.ToHexStringLower(SHA256.HashData(configuration));

    /// <summary>Writes the configuration beside the running one and lets the collector itself validate it. Null where it is good.</summary>
    public async Task<TaskError?> RunAsync(DesiredCollector desired, CancellationToken cancellation)
    {
        if (Refusal(desired) is { } refusal)
            return refusal;

        var file = directory.NewConfiguration(desired.Name);
        var output = Path.Combine(directory.Collector(desired.Name), "validate.out");
        DurableFile.CreatePrivateDirectory(directory.Collector(desired.Name));
        DurableFile.Write(file, Encoding.UTF8.GetBytes(desired.Configuration));
        File.Delete(output);
        try
        {
            var exit = await ChildProcess.RunAsync(
                collectorProgram, ["validate", "--config", file, "--format", "json"], output, Limit, cancellation);
            return exit is 0 ? null : Failure(desired.Name, exit, output);
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

    /// <summary>The errors as one text that names every place and remedy.</summary>
    internal static string Describe(ConfigurationProblem problem) => string.Join("\n", problem.Errors.Select(error =>
        $"line {error.Line}, {error.Key}: {error.Message.TrimEnd('.')}. {error.Remedy}".TrimEnd()));

    private TaskError? Refusal(DesiredCollector desired)
    {
        if (directory.SocketPathProblem(desired.Name) is { } problem)
            return new TaskError("configuration-invalid", problem, false, []);
        if (desired.Arm is CollectorArm.Candidate && desired.ExpiresAt is null)
            return new TaskError("configuration-invalid", $"Candidate '{desired.Name}' has no expiresAt, without which nothing would end it if the control plane went away.", false, []);
        var hash = HashOf(Encoding.UTF8.GetBytes(desired.Configuration));
        return hash == desired.ConfigurationHash ? null
            : new TaskError("hash-mismatch", $"The configuration of '{desired.Name}' has hash {hash}, the task says {desired.ConfigurationHash}.", false, []);
    }

    private static TaskError Failure(string name, int? exit, string output)
    {
        var problem = exit is 1 ? ReadProblem(output) : null;
        if (problem is { Errors.Count: > 0 })
            return new TaskError("configuration-invalid", Describe(problem), false, []);
        var ended = exit is { } code ? $"ended with exit code {code}" : $"did not end within {Limit.TotalSeconds:0} s or was killed";
        return new TaskError("internal", $"Validating the configuration of '{name}' {ended} and named no error.", true, LogFile.Tail(output));
    }

    private static ConfigurationProblem? ReadProblem(string output)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(output), WireJson.Default.ConfigurationProblem);
        }
        catch (JsonException)
        {
            // Then its text is the best there is; the caller reports it as it stands.
            return null;
        }
    }
}
