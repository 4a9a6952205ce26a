using System.Net;
using System.Net.Sockets;

namespace Phoenix.Bench.Collecting;

/// <summary>Debian's <c>vmagent</c>: takes remote write, drops a label or nothing, and writes on. It adds nothing up.</summary>
sealed class VmagentSubject : Subject
{
    readonly int port;
    readonly DirectoryInfo place;

    VmagentSubject(int port, DirectoryInfo place, Uri backend, string? relabel)
        : base(Cores.OfSubject, Program!, [$"-httpListenAddr=127.0.0.1:{port}", $"-remoteWrite.url={backend}", $"-remoteWrite.tmpDataPath={Path.Combine(place.FullName, "data")}",
            "-loggerLevel=WARN", .. relabel is null ? Array.Empty<string>() : [$"-remoteWrite.urlRelabelConfig={relabel}"]]) =>
        (this.port, this.place) = (port, place);

    /// <summary>Where the program is; null where it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin")
        .Select(directory => Path.Combine(directory, "vmagent")).FirstOrDefault(File.Exists);

    public const string HowToInstall = "vmagent is not installed, so that nothing is compared with it. On Debian: apt-get install victoria-metrics";

    public static VmagentSubject Start(Uri backend, string? droppedLabel)
    {
        var place = Directory.CreateTempSubdirectory("phx");
        string? relabel = null;
        if (droppedLabel is not null)
        {
            relabel = Path.Combine(place.FullName, "relabel.yaml");
            File.WriteAllText(relabel, $"- action: labeldrop\n  regex: {droppedLabel}\n");
        }

        return new(FreePort(), place, backend, relabel);
    }

    public Task<Uri> EndpointAsync() => WaitAsync("vmagent", async () =>
    {
        using var client = new HttpClient();
        try
        {
            await client.GetStringAsync($"http://127.0.0.1:{port}/health");
            return new Uri($"http://127.0.0.1:{port}/api/v1/write");
        }
        catch (HttpRequestException) { return null; }
    });

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        place.Delete(recursive: true);
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
