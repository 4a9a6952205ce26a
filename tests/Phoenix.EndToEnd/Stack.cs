using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Phoenix.EndToEnd;

/// <summary>
/// All of Phoenix as processes of their own: API, native agent and what the agent starts, between an application and a
/// backend, on a database of its own.
/// </summary>
public sealed class Stack : IAsyncDisposable
{
    public const string Host = "shop-host";
    public const string Production = "production";
    private readonly string _directory;
    private readonly Database _database;
    private readonly Dictionary<string, string> _agentEnvironment = [];
    private ChildProcess _api;
    private ChildProcess? _agent;

    private Stack(string directory, Database database, Api api, Sink sink, Shop shop)
    {
        (_directory, _database, Api, Sink, Shop) = (directory, database, api, sink, shop);
        Pipelines = new PipelineTexts(shop.Target);
        _api = StartApiProcess();
    }

    public Api Api { get; }

    public Sink Sink { get; }

    public Shop Shop { get; }

    public PipelineTexts Pipelines { get; }

    public Database Database => _database;

    public ChildProcess ApiProcess => _api;

    public ChildProcess Agent => _agent ?? throw new InvalidOperationException("The agent was not started.");

    public string AgentDirectory => Path.Combine(_directory, "agent");

    /// <summary>Releases of the agent that the control plane serves.</summary>
    public string ReleaseDirectory => Path.Combine(_directory, "releases");

    public string AgentLog => Path.Combine(_directory, "agent.log");

    /// <summary>With what the agent is started; a test may change it before.</summary>
    public IDictionary<string, string> AgentEnvironment => _agentEnvironment;

    /// <param name="databaseUrl">The server on which the stack gets a database of its own.</param>
    /// <param name="startAgent">False where the test starts it.</param>
    public static async Task<Stack> StartAsync(string databaseUrl, bool startAgent = true)
    {
        var database = await Database.CreateAsync(databaseUrl);
        var otlp = $"127.0.0.1:{Ports.Free()}";
        var (sink, shop) = (await Sink.StartAsync(), await Shop.StartAsync(otlp));
        var stack = new Stack(Directory.CreateTempSubdirectory("phoenix-e2e-").FullName, database, new Api(Ports.Free()), sink, shop);
        try
        {
            await stack.SignInAsync(otlp);
            if (startAgent)
            {
                stack.StartAgent();
            }

            return stack;
        }
        catch
        {
            TestContext.Current.TestOutputHelper?.WriteLine(stack.Logs());
            await stack.DisposeAsync();
            throw;
        }
    }

    public async Task StartApiAsync()
    {
        _api = StartApiProcess();
        await WaitForApiAsync();
    }

    public void StartAgent() =>
        _agent = ChildProcess.Start(AgentLog, [Workplace.AgentProgram], _agentEnvironment);

    /// <summary>A setting of agents that are started from here on.</summary>
    public void Set(string variable, string value) => _agentEnvironment[variable] = value;

    /// <summary>An agent for the same host id with a state directory of its own. The caller disposes of it.</summary>
    public ChildProcess StartAnotherAgent(string stateDirectory) => ChildProcess.Start(
        stateDirectory + ".log", [Workplace.AgentProgram], new Dictionary<string, string>(_agentEnvironment) { ["PHOENIX_AGENT_STATE_DIR"] = stateDirectory });

    /// <summary>Pid of a collector by <c>/proc</c>; null where none runs.</summary>
    public int? CollectorPid(string name) =>
        Processes.WithArgument(Path.Combine(AgentDirectory, "run", name + ".sock")) switch
        {
            [] => null,
            [var pid] => pid,
            var several => throw new InvalidOperationException($"{several.Count} processes run as collector {name}."),
        };

    /// <summary>Pids of everything that the agent started and that is alive.</summary>
    public IReadOnlyList<int> Collectors => Processes.WithArgument(AgentDirectory + "/");

    /// <summary>What a collector says of itself on its control socket; null where it does not answer.</summary>
    public async Task<JsonNode?> StatusAsync(string collector)
    {
        var socket = new UnixDomainSocketEndPoint(Path.Combine(AgentDirectory, "run", collector + ".sock"));
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancel) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(socket, cancel);
                return new NetworkStream(connection, ownsSocket: true);
            },
        })
        { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            return await http.GetFromJsonAsync<JsonNode>("http://collector/v1/status");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            // It is being started or has ended.
            return null;
        }
    }

    /// <summary>The end of every log, for a test that failed.</summary>
    public string Logs() => string.Join('\n',
        Directory.EnumerateFiles(_directory, "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(log => $"--- {Path.GetRelativePath(_directory, log)}\n{string.Join('\n', File.ReadLines(log).TakeLast(40))}"));

    public async ValueTask DisposeAsync()
    {
        if (_agent is not null)
        {
            await _agent.DisposeAsync();
        }

        // Left only where a test failed between killing an agent and starting the next.
        foreach (var pid in Collectors)
        {
            Processes.Signal(pid, Processes.SigKill);
        }

        await _api.DisposeAsync();
        await Shop.DisposeAsync();
        await Sink.DisposeAsync();
        Api.Dispose();
        await _database.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private ChildProcess StartApiProcess() => ChildProcess.Start(Path.Combine(_directory, "api.log"), ["dotnet", Workplace.ApiProgram], new Dictionary<string, string>
    {
        ["PHOENIX_DATABASE_URL"] = _database.ConnectionString,
        ["PHOENIX_URLS"] = Api.Address,
        ["PHOENIX_FIRST_USER_SECRET_FILE"] = Path.Combine(_directory, "secret"),
        ["PHOENIX_AGENT_RELEASES_DIR"] = ReleaseDirectory,
    });

    private Task<bool> WaitForApiAsync() => Eventually.GetAsync(
        async () => _api.IsAlive ? await Api.IsReadyAsync() : throw new InvalidOperationException($"The API ended with exit code {_api.ExitCode}."),
        ready => ready, "the API to be ready", 90);

    private async Task SignInAsync(string otlp)
    {
        await WaitForApiAsync();
        var secret = (await File.ReadAllTextAsync(Path.Combine(_directory, "secret"))).Trim();
        Api.UseToken((await Api.PostAsync("auth/tokens", new { secret }))!["token"]!.GetValue<string>());
        var enrolment = await Api.PostAsync("enrolment-tokens", new { name = "end to end", expiresInHours = 1 });
        foreach (var (key, value) in new (string, string)[]
        {
            ("PHOENIX_API_URL", Api.Address), ("AGENT_HOST_ID", Host), ("TASK_POLL_INTERVAL", "30s"), ("PHOENIX_AGENT_STATE_DIR", AgentDirectory),
            ("PHOENIX_COLLECTOR", Workplace.CollectorProgram), ("PHOENIX_ENROLMENT_TOKEN", enrolment!["token"]!.GetValue<string>()),
            (PipelineTexts.OtlpVariable, otlp), (PipelineTexts.SinkVariable, Sink.Address),
        })
        {
            _agentEnvironment[key] = value;
        }
    }
}
