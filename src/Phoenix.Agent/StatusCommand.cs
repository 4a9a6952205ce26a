using System.Globalization;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary><c>phoenix-agent status</c>: what should run and what does, without the control plane and beside a running agent.</summary>
internal static class StatusCommand
{
    public static int Run(StateDirectory directory, TextWriter output)
    {
        if (!Directory.Exists(directory.Collectors))
        {
            output.WriteLine($"No agent has run with {directory.Root}: set {AgentSettings.StateDirectoryVariable} to the agent's state directory.");
            return AgentProcess.SettingsWrong;
        }
        if (new UpgradeStore(directory).State is { } upgrade)
        {
            output.WriteLine($"The agent is {upgrade.VersionOf(upgrade.Current)}"
                + (upgrade.Previous is { } previous ? $"; phoenix-agent rollback returns to {upgrade.VersionOf(previous)}" : "")
                + (upgrade.Trial is { } trial ? $"; {upgrade.VersionOf(trial.Program)} is on trial, attempt {trial.Attempts} of {UpgradeTrial.MaxAttempts}" : "") + ".");
        }
        output.WriteLine($"{"COLLECTOR",-28} {"ARM",-11} {"PID",8}  {"CONFIGURATION",-14} STATE");
        foreach (var folder in Directory.EnumerateDirectories(directory.Collectors).Order(StringComparer.Ordinal))
        {
            if (DurableFile.Read(Path.Combine(folder, "state.json"), AgentJson.Default.CollectorState) is not { } state)
                continue;
            var runs = state.Process is { } process && ProcessIdentity.Of(process.Id) == process;
            var pid = runs ? state.Process!.Id.ToString(CultureInfo.InvariantCulture) : "-";
            output.WriteLine($"{state.Name,-28} {ArmOf(state),-11} {pid,8}  {state.ConfigurationHash[..12],-14} {Describe(state, runs)}");
        }
        return AgentProcess.Stopped;
    }

    private static string ArmOf(CollectorState state) => state.Arm switch
    {
        CollectorArm.Production => "production",
        CollectorArm.Baseline => "baseline",
        _ => "candidate",
    };

    private static string Describe(CollectorState state, bool runs)
    {
        var text = runs ? "running" : "not running";
        if (state.Runtime is CollectorRuntime.Stock)
            text += " (stock collector)";
        if (state.OnTrial)
            text += ", on trial";
        return state.ExpiresAt is { } expires ? text + $", ends at {expires.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z" : text;
    }
}
