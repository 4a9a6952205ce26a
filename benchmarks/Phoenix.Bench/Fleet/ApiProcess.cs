using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Phoenix.Bench.Fleet;

/// <summary>The control plane as users run it: a process of its own, spoken to over HTTP.</summary>
sealed class ApiProcess : IAsyncDisposable
{
    readonly string _databaseUrl, _secretFile = Path.Combine(Path.GetTempPath(), $"phoenix-bench-{Environment.ProcessId}-{Guid.NewGuid():N}");
    readonly int _port;
    Process? _process;

    readonly string[] _alsoAt;
    readonly TextWriter _log;

    readonly string? _dashboard;

    ApiProcess(string databaseUrl, string[] alsoAt, TextWriter log, string? dashboard)
    {
        (_databaseUrl, _alsoAt, _log, _dashboard) = (databaseUrl, alsoAt, log, dashboard);
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}/"), Timeout = TimeSpan.FromMinutes(5) };
    }

    public HttpClient Http { get; }
    /// <summary>Of the first user, who is an admin.</summary>
    public string Token => Http.DefaultRequestHeaders.Authorization!.Parameter!;

    public string Url => At("127.0.0.1");

    public string At(string address) => $"http://{address}:{_port}";

    /// <summary>Lets hosts enrol.</summary>
    public string EnrolmentToken { get; private set; } = "";

    /// <summary>Of the running process alone; that of one that was killed is not in it.</summary>
    public ProcessUse Use => new(_process!.Id);

    /// <param name="alsoAt">Addresses of this machine, beside 127.0.0.1, at which it listens on the same port.</param>
    /// <param name="log">Where its output goes; standard error where none is given.</param>
    /// <param name="dashboard">Folder of the built dashboard that it serves; none where it serves none.</param>
    public static async Task<ApiProcess> Start(string databaseUrl, string[]? alsoAt = null, TextWriter? log = null, string? dashboard = null)
    {
        var api = new ApiProcess(databaseUrl, alsoAt ?? [], TextWriter.Synchronized(log ?? Console.Error), dashboard);
        await api.Restart();
        var secret = (await File.ReadAllTextAsync(api._secretFile)).Trim();
        File.Delete(api._secretFile);
        var token = await Answer(await api.Http.PostAsJsonAsync("api/v2/auth/tokens", new { secret }));
        api.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.GetProperty("token").GetString());
        api.EnrolmentToken = (await api.Post("api/v2/enrolment-tokens", new { name = "bench", expiresInHours = 4 })).GetProperty("token").GetString()!;
        return api;
    }

    /// <summary>Starts the process; returns once it answers.</summary>
    public async Task Restart()
    {
        var program = Environment.GetEnvironmentVariable("PHOENIX_API_DLL") ?? throw new InvalidOperationException("PHOENIX_API_DLL does not name the control plane. Run this through ./bench.");
        var start = new ProcessStartInfo("dotnet") { ArgumentList = { program }, WorkingDirectory = Path.GetTempPath(), RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PHOENIX_DATABASE_URL"] = _databaseUrl;
        start.Environment["PHOENIX_URLS"] = string.Join(';', [Url, .. _alsoAt.Select(At)]);
        start.Environment["PHOENIX_FIRST_USER_SECRET_FILE"] = _secretFile;
        start.Environment["PHOENIX_REISSUE_FIRST_SECRET"] = EnrolmentToken.Length == 0 ? "1" : "";
        if (_dashboard is not null) start.Environment[Phoenix.Api.Infrastructure.Dashboard.Variable] = _dashboard;
        // All agents of the simulator come from this machine.
        foreach (var limit in (string[])["PHOENIX_LIMIT_ENROLMENTS_PER_ADDRESS", "PHOENIX_LIMIT_ENROLMENTS_PER_SECOND"]) start.Environment[limit] = "100000";
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => { if (!string.IsNullOrWhiteSpace(line.Data)) _log.WriteLine($"api: {line.Data}"); };
        _process.ErrorDataReceived += (_, line) => { if (!string.IsNullOrWhiteSpace(line.Data)) _log.WriteLine($"api: {line.Data}"); };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if ((await Http.GetAsync("health/live")).IsSuccessStatusCode) return;
            }
            catch (HttpRequestException) when (!_process.HasExited && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(2))
            {
                await Task.Delay(20);
            }
        }
    }

    public async Task Kill()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task<JsonElement> Post(string path, object body) => await Answer(await Http.PostAsJsonAsync(path, body));

    static async Task<JsonElement> Answer(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{answer.RequestMessage!.RequestUri!.AbsolutePath} answered {(int)answer.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) await Kill();
        Http.Dispose();
        File.Delete(_secretFile);
    }
}

/// <summary>What a process uses, by /proc.</summary>
sealed record ProcessUse(int Id)
{
    public double CpuSeconds
    {
        get
        {
            using var process = Process.GetProcessById(Id);
            return process.TotalProcessorTime.TotalSeconds;
        }
    }

    public double ResidentMb => Kilobytes("VmRSS:") / 1024;
    public double PeakMb => Kilobytes("VmHWM:") / 1024;

    double Kilobytes(string key) => double.Parse(File.ReadLines($"/proc/{Id}/status").First(l => l.StartsWith(key, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        System.Globalization.CultureInfo.InvariantCulture);
}
