using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Phoenix.Telemetry.Tests;

/// <summary>A real Prometheus on a directory and a port of its own.</summary>
internal sealed class PrometheusServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly HttpClient client = new();

    private PrometheusServer(string folder, string configuration, string[] options)
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        File.WriteAllText(Path.Combine(folder, "prometheus.yml"), configuration);
        process = Process.Start(new ProcessStartInfo("prometheus",
        [
            $"--config.file={Path.Combine(folder, "prometheus.yml")}", $"--storage.tsdb.path={Path.Combine(folder, "data")}",
            $"--web.listen-address=127.0.0.1:{Port}", "--storage.tsdb.retention.time=100y", "--log.level=error", .. options,
        ]))!;
        client.BaseAddress = new Uri($"http://127.0.0.1:{Port}");
    }

    public int Port { get; }

    /// <summary>Skips the test where there is no Prometheus, unless one is required, as where all tests have to run.</summary>
    public static void Require(string program = "prometheus")
    {
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
        var missing = $"{program} is not on the PATH; on Debian it comes with the package prometheus";
        if (Environment.GetEnvironmentVariable("PHOENIX_TEST_REQUIRES")?.Contains("prometheus", StringComparison.Ordinal) == true)
            found.ShouldBeTrue(missing);
        Assert.SkipUnless(found, missing);
    }

    public static async Task<PrometheusServer> StartAsync(string folder, string configuration, params string[] options)
    {
        var server = new PrometheusServer(folder, configuration, options);
        await WaitAsync("Prometheus is ready", async () =>
        {
            server.process.HasExited.ShouldBeFalse("Prometheus ended");
            try
            {
                return (await server.client.GetAsync("/-/ready")).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return server;
    }

    /// <summary>An instant query; labels and value of each series.</summary>
    public async Task<List<(Dictionary<string, string> Labels, double Value)>> QueryAsync(string query, double? at = null)
    {
        var time = at is { } seconds ? "&time=" + seconds.ToString("F3", CultureInfo.InvariantCulture) : "";
        using var answer = JsonDocument.Parse(await client.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(query)}{time}"));
        return [.. answer.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(series => (
            series.GetProperty("metric").EnumerateObject().ToDictionary(l => l.Name, l => l.Value.GetString()!),
            double.Parse(series.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)))];
    }

    /// <summary>Takes a remote write request as a sender writes it.</summary>
    public async Task WriteAsync(byte[] snappyBody)
    {
        using var content = new ByteArrayContent(snappyBody)
        {
            Headers = { { "Content-Type", "application/x-protobuf" }, { "Content-Encoding", "snappy" }, { "X-Prometheus-Remote-Write-Version", "0.1.0" } },
        };
        using var answer = await client.PostAsync("/api/v1/write", content);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>What Prometheus says about its targets, for who waits in vain.</summary>
    public Task<string> TargetsAsync() => client.GetStringAsync("/api/v1/targets");

    /// <summary>The value of a query with one answer; 0 for none.</summary>
    public async Task<double> ValueAsync(string query, double? at = null) => (await QueryAsync(query, at)).Select(s => s.Value).SingleOrDefault();

    /// <summary>One of Prometheus' own metrics without labels.</summary>
    public async Task<double> OwnAsync(string metric)
    {
        var text = await client.GetStringAsync("/metrics");
        var line = text.Split('\n').Single(l => l.StartsWith(metric + " ", StringComparison.Ordinal));
        return double.Parse(line[(metric.Length + 1)..], CultureInfo.InvariantCulture);
    }

    /// <param name="state">What to say of the state in which the wait ended.</param>
    public static async Task WaitAsync(string what, Func<Task<bool>> condition, Func<Task<string>>? state = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed >= Patience)
                Assert.Fail($"waited {Patience.TotalSeconds} s until {what}{(state is null ? "" : $"; now: {await state()}")}");
            await Task.Delay(50);
        }
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        client.Dispose();
    }
}

/// <summary>A directory that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("phoenix-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Serves one text at a time to whoever asks over HTTP.</summary>
internal sealed class ExpositionServer : IDisposable
{
    private readonly HttpListener listener = new();

    public ExpositionServer()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        _ = ServeAsync();
    }

    public int Port { get; }

    public byte[] Text { get; set; } = [];

    public void Dispose() => listener.Close();

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            try
            {
                context.Response.ContentType = "text/plain; version=0.0.4";
                await context.Response.OutputStream.WriteAsync(Text);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
            {
                // A scrape that ran out of time: the next one is served.
                context.Response.Abort();
            }
        }
    }
}
