using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// One collector of this host: its directory, its process and what was last seen of it. Whoever changes it holds
/// <see cref="Gate"/>: an apply holds it for as long as it works on the collector, supervision passes by meanwhile.
/// </summary>
/// <param name="resources">What holds its process within its limits; null where nothing does.</param>
internal sealed class Collector(StateDirectory directory, string name, ResourceControl? resources = null) : IDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    /// <summary>Since when it has left every question on its control socket unanswered, by the system's uptime; null while it answers.</summary>
    private long? _silentSince;

    private ProcessWatch? _watch;

    public SemaphoreSlim Gate { get; } = new(1, 1);
    public string Name => name;

    /// <summary>Null until the first configuration is accepted, and again after the removal.</summary>
    public CollectorState? State { get; private set; }

    public RestartBackoff Backoff { get; set; } = RestartBackoff.None;
    public int Restarts { get; set; }
    public CollectorStatus? Status { get; private set; }
    public DateTimeOffset StatusAt { get; private set; }

    /// <summary>Last lines of the log as a crash left them; empty after a minute of health.</summary>
    public IReadOnlyList<string> CrashTail { get; set; } = [];

    /// <summary>Which limits hold; null where none are asked for or nothing runs.</summary>
    public CollectorLimits? Limits { get; private set; }

    /// <summary>What its control group counted; null where it has none.</summary>
    public GroupUsage? Usage => resources?.UsageOf(name);

    /// <summary>The environment that its next process gets instead of this one's; null where this one's is right.</summary>
    public IReadOnlyDictionary<string, string>? StartsWith { get; set; }

    public string Folder => directory.Collector(name);
    public string ConfigurationFile => Path.Combine(Folder, "config.yaml");
    public string LastGoodFile => Path.Combine(Folder, "config.yaml.last-good");
    public string LogPath => Path.Combine(Folder, "collector.log");
    private string StateFile => Path.Combine(Folder, "state.json");

    public bool IsRunning
    {
        get
        {
            if (State?.Process is not { } process)
                return false;
            if (_watch?.Process != process)
            {
                _watch?.Dispose();
                _watch = ProcessWatch.Open(process);
            }
            // One that has ended may be a zombie, which this reaps.
            return _watch is { HasEnded: false } || process.IsAlive();
        }
    }

    /// <summary>Reads what the previous agent left. False where the directory never held an accepted configuration.</summary>
    public bool Load()
    {
        State = DurableFile.Read(StateFile, AgentJson.Default.CollectorState);
        return State is not null;
    }

    public void Save(CollectorState state)
    {
        DurableFile.Write(StateFile, state, AgentJson.Default.CollectorState);
        State = state;
    }

    /// <summary>
    /// Notes which process runs, or that none does any more. Supervision must not depend on a full disk, so a note that
    /// cannot be written is only logged: the next agent finds the process by its arguments.
    /// </summary>
    public void NoteProcess(ProcessIdentity? process)
    {
        State = State! with { Process = process };
        try
        {
            DurableFile.Write(StateFile, State, AgentJson.Default.CollectorState);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Error("The state of a collector could not be written.", ("collector", name), ("pid", process?.Id), ("error", e.Message));
        }
    }

    /// <summary>Drops the copy that was validated; a collector that was removed has none any more.</summary>
    public void DeleteNewConfiguration()
    {
        if (Directory.Exists(Folder))
            File.Delete(directory.NewConfiguration(name));
    }

    /// <summary>For how long it has not answered on its control socket; zero while it does.</summary>
    public TimeSpan Silence => _silentSince is { } since ? TimeSpan.FromMilliseconds(Environment.TickCount64 - since) : TimeSpan.Zero;

    public void Observe(CollectorStatus? status, DateTimeOffset now)
    {
        _silentSince = status is null ? _silentSince ?? Environment.TickCount64 : null;
        Status = status;
        StatusAt = now;
    }

    /// <summary>Starts the process that the state describes.</summary>
    public void Start(Launch launch)
    {
        var state = State ?? throw new InvalidOperationException($"Collector {name} has no configuration to start with.");
        File.Delete(directory.ControlSocket(name));
        LogFile.Rotate(LogPath);
        var variables = new Dictionary<string, string>(launch.Variables);
        foreach (var (variable, value) in resources?.Variables(state.Runtime) ?? new Dictionary<string, string>())
            variables[variable] = value;
        var process = ChildProcess.Start(launch.Program, launch.Arguments, LogPath, variables, StartsWith);
        Status = null;
        _silentSince = null;
        NoteProcess(process);
        Hold();
        Log.Info("A collector was started.", ("collector", name), ("pid", process.Id), ("configuration", state.ConfigurationHash));
    }

    /// <summary>Puts what runs within the limits, as they are set now.</summary>
    public void Hold()
    {
        if (State is not { Process: { } process } state)
            return;
        Limits = resources?.Hold(name, state.Arm, state.Runtime, process);
        if (Limits is { NotHeld.Count: > 0 } limits)
            Log.Warn("Not every limit of a collector holds.", ("collector", name), ("notHeld", string.Join("; ", limits.NotHeld)));
    }

    /// <summary>Ends the process: SIGTERM, ten seconds, SIGKILL. The state stays, so that it is known what should run.</summary>
    public async Task StopAsync()
    {
        if (State?.Process is not { } process)
            return;
        await process.StopAsync(StopPatience);
        Status = null;
        Limits = null;
        NoteProcess(null);
        resources?.Ended(name);
        Log.Info("A collector was stopped.", ("collector", name), ("pid", process.Id));
    }

    /// <summary>Ends the process and deletes everything of it. Repeating is harmless.</summary>
    public async Task RemoveAsync()
    {
        await StopAsync();
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
        directory.DeleteSockets(name);
        State = null;
        Status = null;
        _watch?.Dispose();
        _watch = null;
    }

    public void Dispose()
    {
        _watch?.Dispose();
        Gate.Dispose();
    }
}
