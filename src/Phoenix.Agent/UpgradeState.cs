using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>Which programs this host has and which of them should run. A program is a downloaded version, or the installed one.</summary>
/// <param name="InstalledPath">Where the service manager starts the agent.</param>
/// <param name="InstalledVersion">What that is, as it said of itself when it started last.</param>
/// <param name="Current">The program that has proved itself.</param>
/// <param name="Previous">The way back; null where there is none.</param>
/// <param name="InstalledWhenConfirmed">The installed version at the time: what was asked for is kept until somebody installs another package.</param>
internal sealed record UpgradeState(
    string InstalledPath, string InstalledVersion, string Current, string? Previous, string? InstalledWhenConfirmed, UpgradeTrial? Trial,
    UpgradeOutcome? Outcome)
{
    /// <summary>The name of the installed program; no version is called so.</summary>
    public const string Installed = "installed";

    public string VersionOf(string program) => program == Installed ? InstalledVersion : program;

    public UpgradeState WithPackage(string path, string version) => this with { InstalledPath = path, InstalledVersion = version };

    /// <summary>
    /// Where somebody has installed another package since, and it is no older, it is used. An operator's downgrade stays: the
    /// package that was there then does not undo it.
    /// </summary>
    public UpgradeState PreferPackage() =>
        Trial is null && Current != Installed && InstalledVersion != InstalledWhenConfirmed && ReleaseVersion.Compare(InstalledVersion, Current) >= 0
            ? this with { Current = Installed, Previous = null }
            : this;

    /// <summary>The program on trial is the current one from now on.</summary>
    public UpgradeState Confirm()
    {
        var trial = Trial!;
        return this with
        {
            Current = trial.Program,
            Previous = trial.Returns || trial.Program == Current ? null : Current,
            InstalledWhenConfirmed = InstalledVersion,
            Trial = null,
            Outcome = new UpgradeOutcome(trial.TaskId, trial.Lease, trial.FromVersion, VersionOf(trial.Program), trial.Attempts, null, [], Reported: false),
        };
    }

    /// <summary>The program on trial has failed: the current one runs again.</summary>
    public UpgradeState FallBack(string reason, IReadOnlyList<string> logTail)
    {
        var trial = Trial!;
        return this with
        {
            Trial = null,
            Outcome = new UpgradeOutcome(trial.TaskId, trial.Lease, trial.FromVersion, VersionOf(trial.Program), trial.Attempts, reason, logTail, Reported: false),
        };
    }

    /// <summary>What a person asked for: off with the trial, or back to the program before.</summary>
    public UpgradeState RollBack() =>
        Trial is not null ? FallBack("a person asked for the version before", [])
        : Previous is null ? this
        : this with { Current = Previous, Previous = null, InstalledWhenConfirmed = InstalledVersion };

    /// <summary>The current program cannot be started: the one before, or the installed one.</summary>
    public UpgradeState GiveUpCurrent() => this with { Current = Previous ?? Installed, Previous = null };
}

/// <summary>A program that must prove itself. Written before it is started.</summary>
/// <param name="Returns">It is the one before, to which the host is to return.</param>
/// <param name="Attempts">Starts begun so far.</param>
/// <param name="Process">The process that made the last start: execve keeps pid and start time, so it is known by them.</param>
/// <param name="Collectors">What ran when it was asked for, and must be found.</param>
/// <param name="StandardError">The descriptor under which the real standard error waits while the trial's output is caught; -1 where it is not.</param>
internal sealed record UpgradeTrial(
    Guid TaskId, long Lease, string Program, string FromVersion, bool Returns, double ConfirmSeconds, int Attempts, ProcessIdentity? Process,
    IReadOnlyList<TrialCollector> Collectors, int StandardError = -1)
{
    public const int MaxAttempts = 3;
}

/// <param name="ExpiresAt">After that it may be gone.</param>
internal sealed record TrialCollector(string Name, DateTimeOffset? ExpiresAt);

/// <summary>How the last trial ended, kept so that the same task delivered again is answered and not tried again.</summary>
/// <param name="Version">What was tried.</param>
/// <param name="Problem">Null where it proved itself.</param>
/// <param name="Reported">The task journal has it.</param>
internal sealed record UpgradeOutcome(
    Guid TaskId, long Lease, string FromVersion, string Version, int Attempts, string? Problem, IReadOnlyList<string> LogTail, bool Reported);

/// <summary>What a start has to do.</summary>
internal enum LaunchStep
{
    /// <summary>This process runs the right program.</summary>
    Run,

    /// <summary>Count an attempt and become the program on trial.</summary>
    Try,

    /// <summary>The program on trial has used its attempts.</summary>
    FallBack,

    /// <summary>Become the current program.</summary>
    Switch,
}

/// <summary>Which program a starting process should be; pure.</summary>
internal static class LaunchDecision
{
    public static LaunchStep For(UpgradeState state, string self, ProcessIdentity process) => state.Trial switch
    {
        { } trial when trial.Process == process && trial.Program == self => LaunchStep.Run,
        { Attempts: >= UpgradeTrial.MaxAttempts } => LaunchStep.FallBack,
        { } => LaunchStep.Try,
        null => state.Current == self ? LaunchStep.Run : LaunchStep.Switch,
    };
}
