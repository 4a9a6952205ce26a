using System.Security.Cryptography;
using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Refuses what must not replace a running configuration, before anything is touched.</summary>
internal sealed class ConfigurationCheck(Runtimes runtimes, StateDirectory directory, HostAllowList? allowed = null)
{
    /// <summary>How long a collector may take to validate.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

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
            if (allowed is not null && await allowed.CheckAsync(file, desired.Runtime, cancellation) is { } forbidden)
                return forbidden;
            return await runtimes[desired.Runtime].ValidateAsync(desired.Name, file, output, cancellation);
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
        if (desired.Runtime is CollectorRuntime.Stock && desired.Arm is not CollectorArm.Production)
            return new TaskError("configuration-invalid", $"'{desired.Name}' is no production collector, and nothing else can be a stock collector: it has no tee and no windows.", false, []);
        if (desired.Arm is not CollectorArm.Production && desired.ExpiresAt is null)
            return new TaskError("configuration-invalid", $"{desired.Arm} '{desired.Name}' has no expiresAt, without which nothing would end it if the control plane went away.", false, []);
        var hash = HashOf(Encoding.UTF8.GetBytes(desired.Configuration));
        return hash == desired.ConfigurationHash ? null
            : new TaskError("hash-mismatch", $"The configuration of '{desired.Name}' has hash {hash}, the task says {desired.ConfigurationHash}.", false, []);
    }

    /// <summary>A validation that ended without a verdict.</summary>
    internal static TaskError Failure(string name, int? exit, string output)
    {
        var ended = exit is { } code ? $"ended with exit code {code}" : $"did not end within {Limit.TotalSeconds:0} s or was killed";
        return new TaskError("internal", $"Validating the configuration of '{name}' {ended} and named no error.", true, LogFile.Tail(output));
    }
}
