using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Phoenix.Demo;

/// <summary>The control plane and one agent as processes of this machine, ended together.</summary>
internal sealed class LocalStack : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Options _options;
    private readonly Narrator _tell;
    private readonly List<ChildProcess> _children = [];
    private readonly CancellationTokenSource _broken = new();

    public LocalStack(Options options, Narrator tell)
    {
        (_options, _tell) = (options, tell);
        Api = new ControlPlane(new Uri($"http://127.0.0.1:{options.Port}"));
        HostId = HostIdFor(options.Scrapes);
        OtlpAddress = $"127.0.0.1:{FreePort()}";
    }

    public ControlPlane Api { get; }

    public string HostId { get; }

    /// <summary>Where the production collector takes OTLP over HTTP.</summary>
    public string OtlpAddress { get; }

    /// <summary>Cancelled when a process of the stack dies by itself; <see cref="Cause"/> then says which and how.</summary>
    public CancellationToken Broken => _broken.Token;

    public string? Cause { get; private set; }

    public async Task StartControlPlaneAsync(CancellationToken cancel)
    {
        Dictionary<string, string> environment = new()
        {
            ["PHOENIX_DATABASE_URL"] = _options.DatabaseUrl,
            ["PHOENIX_URLS"] = Address,
            ["PHOENIX_FIRST_USER_SECRET_FILE"] = SecretFile,
        };
        if (_options.Dashboard is { } dashboard)
        {
            environment["PHOENIX_DASHBOARD_DIR"] = dashboard;
        }

        Start("api", ["dotnet", _options.ApiProgram], environment);
        await WaitAsync("the control plane to become ready", async () => await Api.IsReadyAsync(cancel), cancel);
        _tell.Say($"the control plane is ready at {Address}");
        await SignInAsync(cancel);
    }

    /// <summary>A link that signs a browser in once, for whoever runs the demo; null where there is no dashboard.</summary>
    public async Task<Uri?> SignInLinkAsync(CancellationToken cancel) =>
        _options.Dashboard is null ? null : new Uri($"{Address}/sign-in#{await Api.CreateSignInSecretAsync("a browser beside the demo", cancel)}");

    /// <summary>Starts the agent, enrolling the host where the control plane does not know it, and waits for its heartbeat.</summary>
    public async Task StartAgentAsync(string backend, CancellationToken cancel)
    {
        var stateDirectory = AgentDirectory();
        Directory.CreateDirectory(stateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Dictionary<string, string> environment = new()
        {
            ["PHOENIX_API_URL"] = $"http://127.0.0.1:{_options.Port}",
            ["AGENT_HOST_ID"] = HostId,
            ["TASK_POLL_INTERVAL"] = "30s",
            ["PHOENIX_AGENT_STATE_DIR"] = stateDirectory,
            ["PHOENIX_COLLECTOR"] = _options.CollectorProgram,
            [DemoPipelines.OtlpVariable] = OtlpAddress,
            [DemoPipelines.BackendVariable] = backend,
        };
        if (!(await Api.HostsAsync(cancel)).Any(h => h.HostId == HostId))
        {
            environment["PHOENIX_ENROLMENT_TOKEN"] = await Api.CreateEnrolmentTokenAsync($"demo on {HostId}", cancel);
            _tell.Say($"an enrolment token was issued for host {HostId}");
        }

        var startedAt = DateTimeOffset.UtcNow;
        Start("agent", [_options.AgentProgram], environment);
        await WaitAsync(
            $"the agent of {HostId} to report", async () => (await Api.HostsAsync(cancel)).Any(h => h.HostId == HostId && h.LastSeenAt >= startedAt), cancel);
        _tell.Say($"the agent of {HostId} is enrolled and polls for tasks");
    }

    public async ValueTask DisposeAsync()
    {
        // The agent first: it takes its collectors down in order and says so to a control plane that still listens.
        for (var i = _children.Count - 1; i >= 0; i--)
        {
            await _children[i].DisposeAsync();
        }

        Api.Dispose();
        _broken.Dispose();
    }

    private string Address => $"http://localhost:{_options.Port}";

    private string SecretFile => Path.Combine(_options.State, "first-user-secret");

    private string TokenFile => Path.Combine(_options.State, "token");

    /// <summary>
    /// Other sources are another configuration, and a host runs one as production: with other sources this machine plays
    /// another host, and the first one's history stays what it was.
    /// </summary>
    private static string HostIdFor(IReadOnlyList<Uri> scrapes)
    {
        var name = Environment.MachineName.ToLowerInvariant();
        return scrapes.Count == 0 ? name : $"{name}-{ShortHash(string.Join('\n', scrapes))}";
    }

    /// <summary>Named after the host, or where that is too long for the Unix sockets below it, after a hash of its name.</summary>
    private string AgentDirectory()
    {
        const int LongestSocketPath = 107;
        const int SocketNameBelow = 36;
        var named = Path.Combine(_options.Agents, HostId);
        return Encoding.UTF8.GetByteCount(named) + SocketNameBelow <= LongestSocketPath ? named : Path.Combine(_options.Agents, ShortHash(HostId));
    }

    private static string ShortHash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 3));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The secret of the first user works once: the token it buys is kept for later runs.</summary>
    private async Task SignInAsync(CancellationToken cancel)
    {
        if (File.Exists(TokenFile))
        {
            Api.UseToken((await File.ReadAllTextAsync(TokenFile, cancel)).Trim());
            try
            {
                await Api.HostsAsync(cancel);
                return;
            }
            catch (ApiProblem e) when (e.Status == HttpStatusCode.Unauthorized)
            {
                _tell.Say($"the token of an earlier run is not accepted any more");
            }
        }

        if (!File.Exists(SecretFile))
        {
            throw new DemoFailure(
                $"The database already has its first user, but this clone has no valid token of it ({TokenFile}). " +
                "Begin afresh with ./run --reset, or point PHOENIX_DATABASE_URL at an empty database.");
        }

        var token = await Api.ExchangeSecretAsync((await File.ReadAllTextAsync(SecretFile, cancel)).Trim(), cancel);
        WritePrivate(TokenFile, token);
        File.Delete(SecretFile);
        Api.UseToken(token);
        _tell.Say($"the first user's one-time secret was exchanged for a token ({TokenFile})");
    }

    private static void WritePrivate(string path, string content)
    {
        var aside = path + ".new";
        File.Delete(aside);
        using (var file = new FileStream(aside, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(Encoding.UTF8.GetBytes(content));
        }

        File.Move(aside, path, overwrite: true);
    }

    private void Start(string name, IReadOnlyList<string> command, Dictionary<string, string> environment)
    {
        var child = ChildProcess.Start(name, _options.State, command, environment);
        _children.Add(child);
        _ = WatchAsync(child);
    }

    private async Task WatchAsync(ChildProcess child)
    {
        if (await child.Died is { } cause)
        {
            Cause ??= cause;
            await _broken.CancelAsync();
        }
    }

    private static async Task WaitAsync(string what, Func<Task<bool>> condition, CancellationToken cancel)
    {
        var deadline = DateTime.UtcNow + StartLimit;
        while (!await condition())
        {
            if (DateTime.UtcNow > deadline)
            {
                throw new DemoFailure($"Waited {StartLimit.TotalSeconds:0} s for {what}, in vain. See the logs in the state directory.");
            }

            await Task.Delay(Pause, cancel);
        }
    }
}
