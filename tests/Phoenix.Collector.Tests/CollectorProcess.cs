using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Phoenix.Contracts;

namespace Phoenix.Collector.Tests;

/// <summary>The real executable as a process: the published one where PHOENIX_COLLECTOR_BIN names it, else the built one.</summary>
internal sealed partial class CollectorProcess : IAsyncDisposable
{
    public static readonly string Executable =
        Environment.GetEnvironmentVariable("PHOENIX_COLLECTOR_BIN") ?? Path.Combine(AppContext.BaseDirectory, "phoenix-collector");

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly HttpClient _control;

    private CollectorProcess(Process process, string controlSocket)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _control = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(controlSocket), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://collector"),
            Timeout = TimeSpan.FromSeconds(20),
        };
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public static CollectorProcess Start(Workspace place, string arm, string configuration, string? name = null, string tee = "tee")
    {
        var control = place.Socket(name ?? arm);
        var config = place.Configuration(name ?? arm);
        File.WriteAllText(config, configuration);
        return new(Run("--config", config, "--arm", arm, "--control", control, "--tee", place.Socket(tee)), control);
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunToEndAsync(params string[] arguments)
    {
        using var process = Run(arguments);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }

    public async Task<CollectorStatus?> StatusAsync()
    {
        _process.HasExited.ShouldBeFalse(Log);
        try
        {
            return await _control.GetFromJsonAsync(CollectorControl.Status, WireJson.Default.CollectorStatus);
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public Task<CollectorStatus> HealthyAsync() =>
        Wait.ForAsync($"a healthy collector; last log: {Log}", async () => await StatusAsync() is { Healthy: true } status ? status : null);

    public async Task<IReadOnlyList<ArmWindow>> WindowsAsync() =>
        (await _control.GetFromJsonAsync($"{CollectorControl.Windows}?after=0", WireJson.Default.CollectorWindows))!.Windows;

    /// <summary>The first closed window that meets the condition.</summary>
    public Task<ArmWindow> WindowAsync(string what, Func<ArmWindow, bool> meets) =>
        Wait.ForAsync(what, async () => await StatusAsync() is null ? null : (await WindowsAsync()).FirstOrDefault(meets));

    public Task MeasureAsync(Guid experiment, double windowSeconds, params string[] protectedMetrics) =>
        MeasureAsync(new MeasurementSettings(experiment, windowSeconds, protectedMetrics));

    public async Task MeasureAsync(MeasurementSettings settings)
    {
        using var response = await _control.PutAsync(CollectorControl.Measurement, new StringContent(JsonSerializer.Serialize(settings, WireJson.Default.MeasurementSettings)));
        ((int)response.StatusCode).ShouldBe(204);
    }

    public Task<HttpResponseMessage> DeclareIncidentAsync(string command) => _control.PostAsync(CollectorControl.Incident, new StringContent(command));

    public async Task<CollectorDecisions> DecisionsAsync(long after = 0) =>
        (await _control.GetFromJsonAsync($"{CollectorControl.Decisions}?after={after}", WireJson.Default.CollectorDecisions))!;

    public Task<HttpResponseMessage> ReloadAsync() => _control.PostAsync(CollectorControl.Reload, null);

    public async Task<FlowWindow> FlowAsync() =>
        JsonSerializer.Deserialize(await _control.GetByteArrayAsync(CollectorControl.Flow), WireJson.Default.FlowWindow)!;

    public Task<string> MetricsAsync() => _control.GetStringAsync(CollectorControl.Metrics);

    /// <summary>Where the OTLP receiver really listens.</summary>
    public Task<Uri> OtlpAsync() => Wait.ForAsync("the OTLP receiver", () =>
        Task.FromResult(OtlpEndpoint().Match(Log) is { Success: true } match ? new Uri(match.Groups[1].Value) : null));

    /// <summary>Where the OTLP receiver really listens for gRPC.</summary>
    public Task<Uri> GrpcAsync() => Wait.ForAsync("the OTLP receiver for gRPC", () =>
        Task.FromResult(GrpcEndpoint().Match(Log) is { Success: true } match ? new Uri(match.Groups[1].Value) : null));

    /// <summary>Where something else than a receiver really listens.</summary>
    /// <param name="what">Its key in the configuration.</param>
    public Task<Uri> ServingAsync(string what) => Wait.ForAsync(what, () =>
        Task.FromResult(Regex.Match(Log, $"\"serving\",\"what\":\"{Regex.Escape(what)}\",\"endpoint\":\"([^\"]+)\"") is { Success: true } match ? new Uri(match.Groups[1].Value) : null));

    public void Signal(int signal) => Kill(_process.Id, signal).ShouldBe(0);

    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        if (!_process.HasExited)
        {
            // Also a stopped process ends on SIGKILL.
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static Process Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Executable, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    private void Append(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }

    [GeneratedRegex("\"listening\".*\"transport\":\"http\".*\"endpoint\":\"([^\"]+)\"")]
    private static partial Regex OtlpEndpoint();

    [GeneratedRegex("\"listening\".*\"transport\":\"grpc\".*\"endpoint\":\"([^\"]+)\"")]
    private static partial Regex GrpcEndpoint();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>Signal numbers on Linux.</summary>
internal static class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;
}

/// <summary>A directory of its own for one test's sockets and files.</summary>
internal sealed class Workspace : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("phx");

    public string Socket(string name) => Path.Combine(_directory.FullName, name + ".sock");

    public string File(string name) => Path.Combine(_directory.FullName, name);

    public string Configuration(string name) => Path.Combine(_directory.FullName, name + ".yaml");

    public void Dispose() => _directory.Delete(recursive: true);
}
