namespace Phoenix.Agent;

/// <summary><c>phoenix-agent rollback</c>: a person returns the host to the version before, without the control plane.</summary>
internal static class UpgradeRollbackCommand
{
    public static int Run(StateDirectory directory, TextWriter output)
    {
        var store = new UpgradeStore(directory);
        if (store.State is not { } state || (state.Trial is null && state.Previous is null))
        {
            output.WriteLine($"There is no version to go back to in {directory.Root}: this host runs {store.State?.VersionOf(store.State.Current) ?? "what is installed"}.");
            return AgentProcess.Faulted;
        }
        var (from, to) = state.Trial is { } trial ? (trial.Program, state.Current) : (state.Current, state.Previous!);
        DurableFile.Write(store.RollbackMarker, []);
        output.WriteLine($"The agent returns from {state.VersionOf(from)} to {state.VersionOf(to)}: at once where it runs, else with its next start. Collectors go on.");
        return AgentProcess.Stopped;
    }
}
