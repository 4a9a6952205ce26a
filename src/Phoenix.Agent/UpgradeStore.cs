using System.Security.Cryptography;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>The downloaded programs of this host and what is written down about them, below the state directory.</summary>
internal sealed class UpgradeStore
{
    public const string AgentName = "phoenix-agent";
    public const string CollectorName = "phoenix-collector";
    private const UnixFileMode OwnerMayRun = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly string _folder;
    private readonly Lock _changing = new();

    public UpgradeStore(StateDirectory directory)
    {
        _folder = Path.Combine(directory.Root, "upgrade");
        State = DurableFile.Read(StateFile, AgentJson.Default.UpgradeState);
        OwnPath = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        Self = VersionOfPath(OwnPath) ?? UpgradeState.Installed;
    }

    /// <summary>Null on a host that never was upgraded.</summary>
    public UpgradeState? State { get; private set; }

    public string OwnPath { get; }

    /// <summary>What this process runs: a downloaded version, or the installed program.</summary>
    public string Self { get; }

    /// <summary>Whether this process is on trial.</summary>
    public bool OnTrial => State?.Trial is { } trial && trial.Program == Self;

    public string TrialLog => Path.Combine(_folder, "trial.log");

    /// <summary>There while a person's request to go back has not been met.</summary>
    public string RollbackMarker => Path.Combine(_folder, "rollback");

    private string StateFile => Path.Combine(_folder, "upgrade.json");
    private string Versions => Path.Combine(_folder, "versions");
    private string Downloads => Path.Combine(_folder, "download");

    public string Version(string version) => Path.Combine(Versions, version);

    public string Download(string version) => Path.Combine(Downloads, version);

    /// <summary>The agent of a downloaded version, or the installed one.</summary>
    public string PathOf(string program) => program == UpgradeState.Installed ? State!.InstalledPath : Path.Combine(Version(program), AgentName);

    /// <summary>Writes down what the change makes of the state; the trial's end and a task that comes again may do so at the same time.</summary>
    public UpgradeState Change(Func<UpgradeState, UpgradeState> change)
    {
        lock (_changing)
        {
            // The first upgrade of the host makes it.
            var state = change(State ?? new UpgradeState(OwnPath, HeartbeatLoop.Version, UpgradeState.Installed, null, null, null, null));
            if (state == State)
                return state;
            DurableFile.CreatePrivateDirectory(_folder);
            DurableFile.Write(StateFile, state, AgentJson.Default.UpgradeState);
            return State = state;
        }
    }

    public void CreateDownload(string version)
    {
        foreach (var folder in new[] { _folder, Versions, Downloads, Download(version) })
            DurableFile.CreatePrivateDirectory(folder);
    }

    /// <summary>What was downloaded and checked becomes a version that may run.</summary>
    public void Accept(SignedRelease release)
    {
        var (from, to) = (Download(release.Version), Version(release.Version));
        foreach (var file in release.Files)
            File.SetUnixFileMode(Path.Combine(from, file.Name), OwnerMayRun);
        DurableFile.Write(Path.Combine(from, "release.json"), release, WireJson.Default.SignedRelease);
        if (Directory.Exists(to))
            Directory.Delete(to, recursive: true);
        Directory.Move(from, to);
        DurableFile.SyncDirectory(Versions);
    }

    /// <summary>Whether the files of a downloaded version are those that were checked.</summary>
    public bool IsIntact(string version, IReadOnlyList<ReleaseFile>? files = null)
    {
        if (version == UpgradeState.Installed)
            return true;
        files ??= DurableFile.Read(Path.Combine(Version(version), "release.json"), WireJson.Default.SignedRelease)?.Files;
        return files is { Count: > 0 } && files.All(file => HashOf(Path.Combine(Version(version), file.Name)) == file.Sha256);
    }

    public static string? HashOf(string path)
    {
        if (!File.Exists(path))
            return null;
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Deletes a version that was found not to work, unless it is one that did.</summary>
    public void Discard(string version)
    {
        if (State is { } state && (state.Current == version || state.Previous == version))
            return;
        Directory.Delete(Version(version), recursive: true);
    }

    /// <summary>Deletes versions that are neither run nor a way back, and downloads that came to nothing.</summary>
    public void Prune()
    {
        if (State is not { } state)
            return;
        string?[] kept = [state.Current, state.Previous, state.Trial?.Program];
        if (Directory.Exists(Versions))
        {
            foreach (var folder in Directory.EnumerateDirectories(Versions).Where(folder => !kept.Contains(Path.GetFileName(folder))))
                Directory.Delete(folder, recursive: true);
        }
        if (Directory.Exists(Downloads))
            Directory.Delete(Downloads, recursive: true);
    }

    /// <summary>The version whose directory holds the program; null for a program from elsewhere.</summary>
    private string? VersionOfPath(string program)
    {
        var folder = Path.GetDirectoryName(program);
        return Path.GetDirectoryName(folder) is { } above && Native.RealPath(Versions) is { } versions && above == versions ? Path.GetFileName(folder) : null;
    }
}
