using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace Phoenix.Collector.Tests;

/// <summary>A real Prometheus with a database of its own. Tests that need one are skipped where none is installed.</summary>
internal sealed class PrometheusProcess : IAsyncDisposable
{
    private static readonly string? Executable = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(directory => Path.Combine(directory, "prometheus")).FirstOrDefault(File.Exists);

    private readonly Process _process;
    private readonly HttpClient _client;

    private PrometheusProcess(Process process, Uri address)
    {
        (_process, Address) = (process, address);
        _client = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }

    public Uri RemoteWrite => new(Address, "/api/v1/write");

    /// <param name="scrape">Targets to scrape every 200 ms.</param>
    public static async Task<PrometheusProcess> StartAsync(Workspace place, params Uri[] scrape)
    {
        Assert.SkipWhen(Executable is null, "prometheus is not on the PATH (Debian package prometheus)");
        var configuration = place.File("prometheus.yml");
        await File.WriteAllTextAsync(configuration, scrape.Length == 0 ? "{}\n" : $"""
            scrape_configs:
              - job_name: collector
                scrape_interval: 200ms
                scrape_timeout: 200ms
                honor_labels: true
                static_configs: [targets: [{string.Join(", ", scrape.Select(target => $"'{target.Authority}'"))}]]
            """);
        while (true)
        {
            var address = new Uri($"http://127.0.0.1:{FreePort()}");
            var process = Process.Start(new ProcessStartInfo(Executable!, [
                $"--config.file={configuration}", $"--storage.tsdb.path={place.File("tsdb")}", $"--web.listen-address={address.Authority}",
                "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage", "--log.level=error"])
            {
                RedirectStandardError = true,
                Environment = { ["GOMAXPROCS"] = "1" },
            })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var prometheus = new PrometheusProcess(process, address);
            await Wait.UntilAsync("Prometheus to be ready", async () => process.HasExited || await prometheus.IsReadyAsync());
            if (!process.HasExited)
            {
                return prometheus;
            }

            // Another process took the port first.
            await prometheus.DisposeAsync();
        }
    }

    /// <summary>The values of an instant query, by their labels without the name.</summary>
    public async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, string Value)>> QueryAsync(string query)
    {
        var answer = await _client.GetFromJsonAsync<JsonElement>($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        return [.. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => (
            (IReadOnlyDictionary<string, string>)series.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
            series.GetProperty("value")[1].GetString()!))];
    }

    /// <summary>The exemplars of the last minutes.</summary>
    public async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, double Value)>> ExemplarsAsync(string query)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var answer = await _client.GetFromJsonAsync<JsonElement>($"/api/v1/query_exemplars?query={Uri.EscapeDataString(query)}&start={now - 600}&end={now + 60}");
        return [.. answer.GetProperty("data").EnumerateArray().SelectMany(series => series.GetProperty("exemplars").EnumerateArray()).Select(exemplar => (
            (IReadOnlyDictionary<string, string>)exemplar.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
            double.Parse(exemplar.GetProperty("value").GetString()!, System.Globalization.CultureInfo.InvariantCulture)))];
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri("/-/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
