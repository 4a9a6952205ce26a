using System.Globalization;
using System.Text.Json;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary><c>phoenix-collector</c>: asked and reloaded on its control socket.</summary>
internal sealed class PhoenixRuntime(string program, StateDirectory directory, ControlSocket control, LoopbackPorts ports) : ICollectorRuntime
{
    private const double LongestSeconds = 365 * 86_400;

    public Launch Launch(Collector collector)
    {
        var state = collector.State!;
        var arm = state.Arm switch
        {
            CollectorArm.Production => "production",
            CollectorArm.Baseline => "baseline",
            _ => "candidate",
        };
        // It ends by itself where this agent is killed and no other comes back.
        string[] end = state is { Arm: not CollectorArm.Production, ExpiresAt: { } expires }
            ? ["--ends-after", string.Create(CultureInfo.InvariantCulture, $"{(long)Math.Clamp((expires - DateTimeOffset.UtcNow).TotalSeconds, 0, LongestSeconds)}s")] : [];
        return new Launch(program,
        [
            "--config", collector.ConfigurationFile, "--arm", arm,
            "--control", directory.ControlSocket(collector.Name), "--tee", directory.TeeSocket(state.TeeOf), .. end,
        ], ports.LinkVariables());
    }

    public async Task<TaskError?> ValidateAsync(string name, string file, string output, CancellationToken cancellation)
    {
        var launch = new Launch(program, ["validate", "--config", file, "--format", "json"], ports.LinkVariables());
        var exit = await ChildProcess.RunAsync(launch, output, ConfigurationCheck.Limit, cancellation);
        if (exit is 0)
            return null;
        var problem = exit is 1 ? ReadProblem(output) : null;
        return problem is { Errors.Count: > 0 }
            ? new TaskError("configuration-invalid", ConfigurationCheck.Describe(problem), false, [])
            : ConfigurationCheck.Failure(name, exit, output);
    }

    public ProcessIdentity? FindStray(Collector collector) => StrayCollector.Find(program, "--control", directory.ControlSocket(collector.Name));

    public Task<CollectorStatus?> StatusAsync(Collector collector, CancellationToken cancellation) => control.StatusAsync(collector.Name, cancellation);

    public Task<ReloadAnswer> ReloadAsync(Collector collector, CancellationToken cancellation) => control.ReloadAsync(collector.Name, cancellation);

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
