namespace Phoenix.EndToEnd;

/// <summary>Starts the installed agent again whenever it ends badly, as systemd does with <c>Restart=on-failure</c>.</summary>
internal sealed class ServiceManager : IAsyncDisposable
{
    private static readonly TimeSpan BetweenStarts = TimeSpan.FromMilliseconds(100);
    private readonly Stack _stack;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _loop;
    private ChildProcess _agent;

    public ServiceManager(Stack stack)
    {
        _stack = stack;
        _agent = Start();
        _loop = RunAsync();
    }

    /// <summary>The process that it started last, whatever program that has become.</summary>
    public int Pid => _agent.Id;

    public int Starts { get; private set; }

    /// <summary>The program that the process runs now; null while none does.</summary>
    public string? Program => Pid is var pid && Processes.IsAlive(pid) ? new FileInfo($"/proc/{pid}/exe").LinkTarget : null;

    public async Task KillAsync()
    {
        var starts = Starts;
        await _agent.KillAsync();
        await Eventually.TrueAsync(() => Starts > starts, "the agent to be started again", 30);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        await _agent.DisposeAsync();
        _end.Dispose();
    }

    private ChildProcess Start()
    {
        Starts++;
        return ChildProcess.Start(_stack.AgentLog, [Workplace.AgentProgram], new Dictionary<string, string>(_stack.AgentEnvironment));
    }

    private async Task RunAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            if (!_agent.IsAlive && _agent.ExitCode != 0)
            {
                await _agent.DisposeAsync();
                _agent = Start();
            }

            await Task.Delay(BetweenStarts, CancellationToken.None);
        }
    }
}
