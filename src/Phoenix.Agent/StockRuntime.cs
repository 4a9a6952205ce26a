using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent;

/// <summary>
/// An OpenTelemetry Collector found on the host. It has no control socket: what it says is read from its own metrics on
/// loopback, and which configuration it runs is what its process was started with. It is never reloaded by SIGHUP: that
/// closes its listeners as a restart does, and a configuration that fails then ends the process.
/// </summary>
internal sealed class StockRuntime(AgentSettings settings, LoopbackPorts ports) : ICollectorRuntime, IDisposable
{
    private const string HashVariable = "PHOENIX_CONFIGURATION_HASH";
    private const string ConfigArgument = "--config=file:";

    private readonly ConcurrentDictionary<string, StockWatch> _watches = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
        MaxResponseContentBufferSize = 16 << 20,
    };

    public Launch Launch(Collector collector) => new(
        OtelcolProgram.Find(settings.OtelcolPath, settings.SearchPath), [ConfigArgument + collector.ConfigurationFile],
        Variables(ports.MetricsForStart(collector.Name), collector.State!.ConfigurationHash));

    public async Task<TaskError?> ValidateAsync(string name, string file, string output, CancellationToken cancellation)
    {
        var program = OtelcolProgram.Find(settings.OtelcolPath, settings.SearchPath);
        var variables = Variables(ports.MetricsForCheck(name), "");
        _ = await ChildProcess.RunAsync(new Launch(program, ["--version"], variables), output, ConfigurationCheck.Limit, cancellation);
        if (OtelcolProgram.Problem(program, await File.ReadAllTextAsync(output, cancellation)) is { } problem)
            return new TaskError("collector-missing", problem, Retryable: true, []);

        File.Delete(output);
        var exit = await ChildProcess.RunAsync(new Launch(program, ["validate", ConfigArgument + file], variables), output, ConfigurationCheck.Limit, cancellation);
        return exit switch
        {
            0 => null,
            // Its own words name the key as a::b::c. They are log lines too, and may quote a value.
            1 => new TaskError("configuration-invalid",
                $"{program} would not start with it: {string.Join('\n', LogRedaction.For(settings, null, [], [await File.ReadAllTextAsync(file, cancellation)]).Apply(LogFile.Tail(output)))}", false, []),
            _ => ConfigurationCheck.Failure(name, exit, output),
        };
    }

    public ProcessIdentity? FindStray(Collector collector)
    {
        try
        {
            return StrayCollector.Find(OtelcolProgram.Find(settings.OtelcolPath, settings.SearchPath), ConfigArgument + collector.ConfigurationFile);
        }
        catch (ProgramMissingException e)
        {
            // Without the program nobody can be recognised by it; the start that follows reports it again until it is back.
            Log.Warn("A stock collector cannot be looked for.", ("collector", collector.Name), ("reason", e.Message));
            return null;
        }
    }

    public async Task<CollectorStatus?> StatusAsync(Collector collector, CancellationToken cancellation)
    {
        if (collector.State is not { Process: { } process } state || ports.MetricsOf(collector.Name) is not (> 0 and var port)
            || await ReadAsync(port, cancellation) is not { } exposition || HashOf(process) is not { } hash)
            return null;
        var now = DateTimeOffset.UtcNow;
        var watch = _watches.GetOrAdd(collector.Name, _ => new StockWatch());
        lock (watch)
        {
            watch.Observe(StockMetrics.Parse(exposition), process, now);
            var problem = watch.Unhealthy(now);
            return new CollectorStatus(
                string.Create(CultureInfo.InvariantCulture, $"{process.Id}-{process.StartTicks}"), process.Id, state.Arm, hash, problem is null, problem, now,
                watch.LastInput, watch.LastExport, 0, false, 0, ResidentBytes(process), StockWatch.Patience.TotalSeconds);
        }
    }

    public Task<ReloadAnswer> ReloadAsync(Collector collector, CancellationToken cancellation) =>
        Task.FromResult(new ReloadAnswer(ReloadOutcome.NeedsNewProcess, null));

    /// <summary>Whether what was lost until then is known by now.</summary>
    public bool Covers(string name, DateTimeOffset end)
    {
        var watch = _watches.GetOrAdd(name, _ => new StockWatch());
        lock (watch)
            return watch.Covers(end);
    }

    /// <inheritdoc cref="StockWatch.VoidReason"/>
    public string? VoidReason(string name, DateTimeOffset start, DateTimeOffset end)
    {
        var watch = _watches.GetOrAdd(name, _ => new StockWatch());
        lock (watch)
            return watch.VoidReason(start, end);
    }

    public void Dispose() => _client.Dispose();

    private Dictionary<string, string> Variables(int metricsPort, string hash) => new(ports.LinkVariables())
    {
        [LoopbackPorts.MetricsPortVariable] = metricsPort.ToString(CultureInfo.InvariantCulture),
        [HashVariable] = hash,
    };

    private async Task<string?> ReadAsync(int port, CancellationToken cancellation)
    {
        try
        {
            return await _client.GetStringAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/metrics")), cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The hash that the process was started with; null where it has ended.</summary>
    private static string? HashOf(ProcessIdentity process)
    {
        try
        {
            var environment = Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process.Id}/environ"));
            return environment.Split('\0').FirstOrDefault(entry => entry.StartsWith(HashVariable + "=", StringComparison.Ordinal))?[(HashVariable.Length + 1)..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The line VmRSS, in kibibytes (proc_pid_status(5)).</summary>
    private static long ResidentBytes(ProcessIdentity process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process.Id}/status").FirstOrDefault(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
        }
        catch (IOException)
        {
            // It has ended meanwhile, which the supervision sees for itself.
            return 0;
        }
    }
}
