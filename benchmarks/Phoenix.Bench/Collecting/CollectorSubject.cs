using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Phoenix.Contracts;

namespace Phoenix.Bench.Collecting;

/// <summary>The real <c>phoenix-collector</c>: the published one where PHOENIX_COLLECTOR_BIN names it, else the one built beside this program.</summary>
sealed partial class CollectorSubject : Subject
{
    readonly HttpClient control;
    readonly DirectoryInfo place;

    CollectorSubject(int core, string arm, DirectoryInfo place, string configuration)
        : base(core, Program, "--config", Write(place, arm, configuration), "--arm", arm, "--control", Path.Combine(place.FullName, arm), "--tee", Path.Combine(place.FullName, "tee"))
    {
        this.place = place;
        var socket = Path.Combine(place.FullName, arm);
        control = new(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
                return new NetworkStream(connection, ownsSocket: true);
            },
        }) { BaseAddress = new("http://collector") };
    }

    public static string Program { get; } =
        Environment.GetEnvironmentVariable("PHOENIX_COLLECTOR_BIN") ?? Path.Combine(AppContext.BaseDirectory, "phoenix-collector");

    /// <summary>Whether it is compiled ahead of time: then no assembly lies beside it.</summary>
    public static bool IsNative => !File.Exists(Program + ".dll");

    public static CollectorSubject Start(string configuration, int core = Cores.OfSubject) =>
        new(core, "production", Directory.CreateTempSubdirectory("phx"), configuration);

    /// <summary>A candidate that is fed by this one's tee.</summary>
    public CollectorSubject StartCandidate(string configuration, int core) => new(core, "candidate", place, configuration);

    /// <summary>Where its receiver listens for HTTP.</summary>
    public Task<Uri> EndpointAsync() => WaitAsync("the receiver", () =>
        Task.FromResult(Listening().Match(Log) is { Success: true } match ? new Uri(match.Groups[1].Value) : null));

    /// <summary>Waits until it runs, whatever its health.</summary>
    public Task<string> RunningAsync() => WaitAsync("the control socket", async () =>
    {
        try { return await control.GetStringAsync(CollectorControl.Metrics); }
        catch (HttpRequestException) { return null; }
    });

    /// <summary>Its own metrics, summed by name.</summary>
    public async Task<OwnMetrics> MetricsAsync() => new(await control.GetStringAsync(CollectorControl.Metrics));

    public override async ValueTask DisposeAsync()
    {
        control.Dispose();
        await base.DisposeAsync();
        if (place.Exists) place.Delete(recursive: true);
    }

    static string Write(DirectoryInfo place, string arm, string configuration)
    {
        var file = Path.Combine(place.FullName, arm + ".yaml");
        File.WriteAllText(file, configuration);
        return file;
    }

    [GeneratedRegex("\"listening\".*\"transport\":\"http\".*\"endpoint\":\"([^\"]+)\"")]
    private static partial Regex Listening();
}

/// <summary>A collector's own metrics at one instant.</summary>
sealed class OwnMetrics(string text)
{
    /// <summary>The sum over all series of a name; zero where there is none.</summary>
    public double this[string name] => text.Split('\n')
        .Where(l => l.StartsWith(name, StringComparison.Ordinal) && l.Length > name.Length && l[name.Length] is ' ' or '{')
        .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>Points that were turned away or lost anywhere.</summary>
    public double Lost => this["phoenix_exporter_dropped_metric_points"] + this["phoenix_processor_dropped_points"] + this["phoenix_processor_late_points"];
}
