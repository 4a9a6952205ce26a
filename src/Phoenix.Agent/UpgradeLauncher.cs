using System.Runtime.InteropServices;

namespace Phoenix.Agent;

/// <summary>The agent ends its loops, and its collectors go on, because another program is to run in this process.</summary>
internal sealed class SwitchException(string reason) : Exception(reason);

/// <summary>
/// Sees to it that the right program runs. The service manager always starts the installed one; where another version is
/// wanted, this process becomes it by execve, with the same pid, so that the service manager notices nothing. Every attempt
/// is written down before it is made: a version that crashes, hangs or cannot be executed is known by the attempts it used.
/// </summary>
internal sealed class UpgradeLauncher(StateDirectory directory)
{
    private const int StandardErrorDescriptor = 2;

    /// <summary>
    /// Runs the agent as the program that it should be. Returns the exit code; a process that becomes another program does not
    /// return.
    /// </summary>
    public async Task<int> RunAsync(Func<UpgradeStore, Task<int>> run, CancellationToken stop)
    {
        while (true)
        {
            var store = await EnterAsync(stop);
            string problem;
            try
            {
                var code = await run(store);
                if (code == AgentProcess.Switching)
                    continue;
                if (code != AgentProcess.Faulted || !store.OnTrial)
                    return code;
                problem = "it ended with an internal error";
            }
            catch (Exception e) when (store.OnTrial && e is SettingsException or InvalidDataException)
            {
                // A version that asks for more than this host has set: the one before did not.
                problem = e.Message;
            }
            FallBack(store, problem);
        }
    }

    /// <summary>The directory in which a collector is looked for: the program's own, or the installed one where that has none.</summary>
    public string ProgramDirectory()
    {
        var store = new UpgradeStore(directory);
        var own = Path.GetDirectoryName(store.OwnPath)!;
        return store.Self == UpgradeState.Installed || store.State is null || File.Exists(Path.Combine(own, UpgradeStore.CollectorName))
            ? own : Path.GetDirectoryName(store.State.InstalledPath)!;
    }

    /// <summary>The program on trial has failed; its output goes where it would have gone, and its end is kept to be reported.</summary>
    public static void FallBack(UpgradeStore store, string reason)
    {
        var trial = store.State!.Trial!;
        _ = Native.Alarm(0);
        var tail = LogFile.Tail(store.TrialLog);
        Release(store, trial);
        Log.Error("A version did not prove itself; the one before runs again.",
            ("version", store.State.VersionOf(trial.Program)), ("attempts", trial.Attempts), ("reason", reason));
        store.Change(state => state.FallBack(reason, tail));
        store.Prune();
    }

    /// <summary>Gives the process its standard error back, with what was caught.</summary>
    public static void Release(UpgradeStore store, UpgradeTrial trial)
    {
        if (trial.StandardError >= 0 && trial.Process == OwnIdentity)
        {
            _ = Native.DuplicateOnto(trial.StandardError, StandardErrorDescriptor);
            _ = Native.Close(trial.StandardError);
            Log.Reopen();
        }
        if (!File.Exists(store.TrialLog))
            return;
        Log.Lines(LogFile.Tail(store.TrialLog, lines: 100));
        File.Delete(store.TrialLog);
    }

    private static ProcessIdentity OwnIdentity { get; } =
        ProcessIdentity.Of(Environment.ProcessId) ?? throw new InvalidOperationException("/proc does not show this process.");

    private async Task<UpgradeStore> EnterAsync(CancellationToken stop)
    {
        if (new UpgradeStore(directory) is { State: null } untouched)
            return untouched;
        await using var owned = await directory.LockAsync(stop);
        var store = new UpgradeStore(directory);
        try
        {
            Choose(store);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk: without a note no attempt is made, and the collectors need somebody now.
            Log.Error("The choice of the agent's version could not be written down, so this one runs.", ("version", HeartbeatLoop.Version), ("error", e.Message));
        }
        return store;
    }

    /// <summary>Returns where this process is the right program; else it becomes it.</summary>
    private static void Choose(UpgradeStore store)
    {
        if (store.Self == UpgradeState.Installed)
            store.Change(state => state.WithPackage(store.OwnPath, HeartbeatLoop.Version));
        var before = store.State;
        if (File.Exists(store.RollbackMarker))
        {
            if (store.State!.Trial is { } stopped)
            {
                _ = Native.Alarm(0);
                Release(store, stopped);
            }
            store.Change(state => state.RollBack());
            File.Delete(store.RollbackMarker);
        }
        if (store.Change(state => state.PreferPackage()) != before)
            store.Prune();
        while (true)
        {
            switch (LaunchDecision.For(store.State!, store.Self, OwnIdentity))
            {
                case LaunchStep.Run:
                    if (store.State!.Trial is { StandardError: >= 0 } trial)
                        Native.Withhold(trial.StandardError);
                    return;

                case LaunchStep.FallBack:
                    FallBack(store, $"it ended before it had proved itself, in each of {UpgradeTrial.MaxAttempts} attempts");
                    break;

                case LaunchStep.Try:
                    Try(store, store.State!.Trial!);
                    break;

                default:
                    if (!Become(store))
                        return;
                    break;
            }
        }
    }

    private static void Try(UpgradeStore store, UpgradeTrial trial)
    {
        var saved = Native.Duplicate(StandardErrorDescriptor);
        store.Change(state => state with { Trial = trial with { Attempts = trial.Attempts + 1, Process = OwnIdentity, StandardError = saved } });
        Log.Info("A version is tried.", ("version", store.State!.VersionOf(trial.Program)), ("attempt", trial.Attempts + 1));
        if (saved >= 0)
            CatchOutput(store, anew: trial.Attempts == 0);
        var problem = "its files are not those that were downloaded";
        if (store.IsIntact(trial.Program))
        {
            // Whatever the program does, it ends by itself when its time is over: the kernel counts on after execve.
            _ = Native.Alarm((uint)(trial.ConfirmSeconds + Math.Clamp(trial.ConfirmSeconds / 4, 5, 30)));
            var error = Native.Become(store.PathOf(trial.Program));
            problem = $"it cannot be executed: {Marshal.GetPInvokeErrorMessage(error)}";
        }
        FallBack(store, problem);
    }

    /// <summary>False where no other program can be started, and this one has to do.</summary>
    private static bool Become(UpgradeStore store)
    {
        var current = store.State!.Current;
        var problem = "its files are not those that were downloaded";
        if (store.IsIntact(current))
        {
            var error = Native.Become(store.PathOf(current));
            problem = Marshal.GetPInvokeErrorMessage(error);
        }
        Log.Error("The version that should run cannot be started.", ("version", store.State.VersionOf(current)), ("reason", problem));
        if (current == UpgradeState.Installed)
            return false;
        store.Change(state => state.GiveUpCurrent());
        return true;
    }

    /// <summary>What the program on trial writes goes to a file, so that its last lines are known even where it dies before it has a log.</summary>
    private static void CatchOutput(UpgradeStore store, bool anew)
    {
        if (anew)
            File.Delete(store.TrialLog);
        var file = Native.Open(store.TrialLog, Native.WriteOnly | Native.Create | Native.Append | Native.CloseOnExec, 0x180);
        if (file < 0)
            return;
        _ = Native.DuplicateOnto(file, StandardErrorDescriptor);
        _ = Native.Close(file);
    }
}
