using System.Diagnostics;
using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>A host of its own for one test: a state directory, a control plane, and the agent as a real process.</summary>
internal sealed class Host : IAsyncDisposable
{
    public const string Token = "enrol-me-3f1c";
    private readonly List<Process> _agents = [];
    private readonly StringBuilder _log = new();

    public ControlPlane Api { get; } = new();
    public string StateDirectory { get; } = Directory.CreateTempSubdirectory("pa-").FullName;
    public Process Agent => _agents[^1];

    public string AgentLog
    {
        get { lock (_log) return _log.ToString(); }
    }

    /// <summary>Settings beside the usual ones, for agents started from here on.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    public static async Task<Host> StartAsync(string? token = Token, Action<Host>? before = null)
    {
        var host = new Host();
        before?.Invoke(host);
        host.StartAgent(token);
        await Until.TrueAsync(() => host.Api.Seen.All.Any(seen => seen.Path == "/api/v2/tasks/poll"), "the agent polls", () => host.AgentLog);
        return host;
    }

    public Process StartAgent(string? token = Token, string healthyTimeout = "3s")
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "phoenix-agent")) { RedirectStandardError = true };
        start.Environment["PHOENIX_API_URL"] = Api.Url;
        start.Environment["AGENT_HOST_ID"] = "host-1";
        start.Environment["TASK_POLL_INTERVAL"] = "2s";
        start.Environment["PHOENIX_AGENT_STATE_DIR"] = StateDirectory;
        start.Environment["PHOENIX_HEALTHY_TIMEOUT"] = healthyTimeout;
        start.Environment["PHOENIX_COLLECTOR"] = Environment.GetEnvironmentVariable("PHOENIX_TEST_COLLECTOR")
            ?? Path.Combine(AppContext.BaseDirectory, "phoenix-test-collector");
        foreach (var (name, value) in Settings)
            start.Environment[name] = value;
        if (token is not null)
            start.Environment["PHOENIX_ENROLMENT_TOKEN"] = token;
        var agent = Process.Start(start)!;
        agent.ErrorDataReceived += (_, line) =>
        {
            lock (_log)
                _log.AppendLine(line.Data);
        };
        agent.BeginErrorReadLine();
        _agents.Add(agent);
        return agent;
    }

    public static async Task<int> ExitCodeAsync(Process agent)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await agent.WaitForExitAsync(limit.Token);
        return agent.ExitCode;
    }

    public async Task KillAgentAsync()
    {
        Agent.Kill();
        await ExitCodeAsync(Agent);
    }

    public Task<int> TerminateAgentAsync()
    {
        _ = Native.Kill(Agent.Id, Native.SigTerm);
        return ExitCodeAsync(Agent);
    }

    public CollectorState? State(string name) =>
        DurableFile.Read(Path.Combine(StateDirectory, "collectors", name, "state.json"), AgentJson.Default.CollectorState);

    public int Pid(string name) => State(name)?.Process?.Id ?? 0;

    public string Configuration(string name) => File.ReadAllText(Path.Combine(StateDirectory, "collectors", name, "config.yaml"));

    public static bool Runs(int pid) => ProcessIdentity.Of(pid) is not null;

    public static DesiredCollector Production(string configuration) =>
        new("production", CollectorArm.Production, "p", 1, configuration, ConfigurationCheck.HashOf(Encoding.UTF8.GetBytes(configuration)), null);

    public static DesiredCollector Candidate(string configuration, DateTimeOffset? expiresAt = null) =>
        new("candidate-1", CollectorArm.Candidate, "c", 1, configuration, ConfigurationCheck.HashOf(Encoding.UTF8.GetBytes(configuration)),
            expiresAt ?? DateTimeOffset.UtcNow.AddHours(1));

    public static AssignedTask Work(IReadOnlyList<DesiredCollector> collectors, IReadOnlyList<string>? remove = null, MeasurementPlan? plan = null, long lease = 1) =>
        new(Guid.NewGuid(), TaskKind.Apply, lease, DateTimeOffset.UtcNow.AddMinutes(1), 1, new DesiredState(plan?.ExperimentId, collectors, remove ?? [], plan));

    /// <summary>Delivers a task and waits for its result.</summary>
    public async Task<TaskResult> RunAsync(AssignedTask task)
    {
        var before = Api.Outcomes.All.Count(result => result.Task == task.Id);
        Api.Deliver(task);
        await Until.TrueAsync(() => Api.Outcomes.All.Count(result => result.Task == task.Id) > before, "the task ends", () => AgentLog);
        return Api.Outcomes.All.Last(result => result.Task == task.Id).Result;
    }

    public Task<TaskResult> RunAsync(params DesiredCollector[] collectors) => RunAsync(Work(collectors));

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            if (!agent.HasExited)
                agent.Kill();
            agent.WaitForExit();
            agent.Dispose();
        }
        foreach (var folder in Directory.EnumerateDirectories(Path.Combine(StateDirectory, "collectors")))
            State(Path.GetFileName(folder))?.Process?.Signal(Native.SigKill);
        await Api.DisposeAsync();
        Directory.Delete(StateDirectory, recursive: true);
    }
}

internal static class Until
{
    /// <summary>Waits for a condition; fails with what was awaited, and with the details at hand.</summary>
    public static async Task TrueAsync(Func<bool> condition, string what, Func<string>? details = null, int seconds = 30)
    {
        var until = Environment.TickCount64 + (seconds * 1000L);
        while (!condition())
        {
            if (Environment.TickCount64 > until)
                Assert.Fail($"Waited {seconds} s in vain until {what}.\n{details?.Invoke()}");
            await Task.Delay(20);
        }
    }
}
