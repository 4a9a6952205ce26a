using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Phoenix.Api.Tests;

/// <summary>A real Prometheus or VictoriaMetrics on a directory and a port of its own. Tests that need one are skipped where none is installed, unless one is required.</summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    readonly Process _process;
    readonly string _folder;

    MetricsServer(Process process, string folder, Uri address) => (_process, _folder, Address) = (process, folder, address);

    public Uri Address { get; }

    /// <summary>Has been started with the port that <paramref name="arguments"/> was given and answers at <paramref name="ready"/>.</summary>
    static async Task<MetricsServer> Start(string program, string scheme, Func<string, int, IEnumerable<string>> arguments, Func<Uri, Task<bool>> ready)
    {
        Require(program);
        while (true)
        {
            var folder = Directory.CreateTempSubdirectory("phoenix-test-").FullName;
            var port = FreePort();
            var process = Process.Start(new ProcessStartInfo(program, arguments(folder, port)) { RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["GOMAXPROCS"] = "1" } })!;
            process.ErrorDataReceived += (_, _) => { };
            process.OutputDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            var server = new MetricsServer(process, folder, new($"{scheme}://127.0.0.1:{port}"));
            await Eventually.Get(async () => process.HasExited || await ready(server.Address), up => up, $"{program} to be ready", 60);
            if (!process.HasExited) return server;
            // Another process took the port first.
            await server.DisposeAsync();
        }
    }

    /// <param name="scrape">A target to scrape every 200 ms, whose own labels count.</param>
    /// <param name="web">The web configuration (TLS, passwords), and with it the handler that reaches the server in spite of them.</param>
    public static async Task<MetricsServer> Prometheus(Uri? scrape = null, (string Text, HttpMessageHandler Reaches)? web = null)
    {
        using var http = new HttpClient(web?.Reaches ?? new HttpClientHandler());
        return await Start("prometheus", web is null ? "http" : "https", (folder, port) =>
        {
            File.WriteAllText(Path.Combine(folder, "prometheus.yml"), scrape is null ? "{}\n" : $"""
                scrape_configs:
                  - job_name: collector
                    scrape_interval: 200ms
                    scrape_timeout: 200ms
                    honor_labels: true
                    static_configs: [targets: ['{scrape.Authority}']]
                """);
            if (web is { } configured) File.WriteAllText(Path.Combine(folder, "web.yml"), configured.Text);
            return
            [
                $"--config.file={Path.Combine(folder, "prometheus.yml")}", $"--storage.tsdb.path={Path.Combine(folder, "tsdb")}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
                .. web is null ? Array.Empty<string>() : [$"--web.config.file={Path.Combine(folder, "web.yml")}"],
            ];
        }, address => Answers(http, new(address, "/-/ready"), web is not null));
    }

    public static async Task<MetricsServer> VictoriaMetrics()
    {
        using var http = new HttpClient();
        return await Start("victoria-metrics", "http", (folder, port) =>
            [$"-storageDataPath={Path.Combine(folder, "data")}", $"-httpListenAddr=127.0.0.1:{port}", "-loggerLevel=ERROR"], address => Answers(http, new(address, "/health"), false));
    }

    /// <param name="anyAnswer">Whether a refusal counts too.</param>
    static async Task<bool> Answers(HttpClient http, Uri address, bool anyAnswer)
    {
        try
        {
            using var answer = await http.GetAsync(address);
            return anyAnswer || answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    static void Require(string program)
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
        var missing = $"{program} is not on the PATH (Debian package {program})";
        if (Environment.GetEnvironmentVariable("PHOENIX_TEST_REQUIRES")?.Split(' ', ',').Contains(program) == true) found.ShouldBeTrue(missing);
        Assert.SkipUnless(found, missing);
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
