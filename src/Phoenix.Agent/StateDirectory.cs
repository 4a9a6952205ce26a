using System.Text;

namespace Phoenix.Agent;

/// <summary>Names of everything the agent keeps on disk. Mode 0700, one agent at a time.</summary>
internal sealed class StateDirectory(string root)
{
    /// <summary>sun_path of a Unix socket is 108 bytes with its final zero (unix(7)).</summary>
    private const int LongestSocketPath = 107;

    public string Root => root;
    public string LockFile => Path.Combine(root, "lock");
    public string IdentityFile => Path.Combine(root, "identity.json");
    public string TasksFile => Path.Combine(root, "tasks.json");
    public string Collectors => Path.Combine(root, "collectors");
    public string Experiments => Path.Combine(root, "experiments");
    public string UsageFile => Path.Combine(root, "usage.json");
    public string Outbox => Path.Combine(root, "outbox");
    public string Jobs => Path.Combine(root, "jobs");
    public string Sockets => Path.Combine(root, "run");

    /// <summary>What <c>phoenix-agent panic</c> did, while it is in force.</summary>
    public string PanicFile => Path.Combine(root, "panic.json");

    /// <summary>What <c>phoenix-agent panic</c> asks for.</summary>
    public string PanicRequestFile => Path.Combine(root, "panic.request");

    public string PortsFile => Path.Combine(root, "ports.json");

    public string Collector(string name) => Path.Combine(Collectors, name);
    public string Configuration(string name) => Path.Combine(Collector(name), "config.yaml");
    public string NewConfiguration(string name) => Path.Combine(Collector(name), "config.yaml.new");
    public string ControlSocket(string name) => Path.Combine(Sockets, name + ".sock");
    public string Job(Guid task) => Path.Combine(Jobs, task.ToString("N"));
    public string TeeSocket(string production) => Path.Combine(Sockets, production + ".tee");
    public string Cursor(Guid experimentId) => Path.Combine(Experiments, experimentId.ToString("N") + ".json");

    /// <summary>Whether a collector of this name gets a socket path that the system accepts; says how much is too much.</summary>
    public string? SocketPathProblem(string name)
    {
        var length = Encoding.UTF8.GetByteCount(ControlSocket(name));
        return length <= LongestSocketPath ? null
            : $"the control socket's path of collector '{name}' has {length} bytes and a Unix socket takes {LongestSocketPath}: give {AgentSettings.StateDirectoryVariable} a path that is {length - LongestSocketPath} bytes shorter";
    }

    public void Create()
    {
        foreach (var path in new[] { root, Collectors, Experiments, Outbox, Jobs, Sockets })
            DurableFile.CreatePrivateDirectory(path);
        // One that an operator made may be open to others, who could then read configurations and replace sockets.
        File.SetUnixFileMode(root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Deletes the working folders of previews and loads that an earlier agent did not end.</summary>
    public void ForgetJobs()
    {
        foreach (var folder in Directory.EnumerateDirectories(Jobs))
            Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.EnumerateFiles(Jobs))
            File.Delete(file);
    }

    /// <summary>
    /// Deletes the sockets of a collector that has ended. The lock files beside them stay: deleting one would let two later
    /// processes each hold a lock of the same name.
    /// </summary>
    public void DeleteSockets(string name)
    {
        File.Delete(ControlSocket(name));
        File.Delete(TeeSocket(name));
    }

    /// <summary>The same, with patience for a <c>phoenix-agent panic</c> that has it for a moment.</summary>
    public async Task<FileStream> LockAsync(CancellationToken cancellation)
    {
        for (var until = Environment.TickCount64 + 3000; ; await Task.Delay(100, cancellation))
        {
            try
            {
                return Lock();
            }
            catch (StateDirectoryInUseException) when (Environment.TickCount64 < until)
            {
                continue;
            }
        }
    }

    /// <summary>Takes the directory for this process until it ends; the kernel frees it even after SIGKILL (flock(2)).</summary>
    /// <exception cref="StateDirectoryInUseException">Another agent has it.</exception>
    public FileStream Lock()
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB) on Unix.
            return new FileStream(LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(LockFile))
        {
            throw new StateDirectoryInUseException(
                $"{root} is in use by another agent: stop that one, or give this one its own {AgentSettings.StateDirectoryVariable}.", e);
        }
    }
}

internal sealed class StateDirectoryInUseException(string message, Exception inner) : Exception(message, inner);
