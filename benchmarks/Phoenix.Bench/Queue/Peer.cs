using System.Diagnostics;
using System.Text.Json;

namespace Phoenix.Bench.Queue;

/// <summary>A job queue of the Node world, run as a program of its own.</summary>
sealed record PeerRun(double AddSeconds, double RunSeconds, double CpuSeconds)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Where ./bench has installed them; null where there is no npm.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable("PHOENIX_BENCH_PEERS") is { Length: > 0 } folder ? folder : null;

    public double PerSecond(int jobs) => jobs / (AddSeconds + RunSeconds);

    public static Task<PeerRun> Of(string script, string databaseUrl, int jobs, params string[] arguments) => Run<PeerRun>([script, databaseUrl, $"{jobs}", .. arguments]);

    /// <summary>graphile-worker's own latency: so many jobs one after the other, then at a rate for some seconds.</summary>
    public static Task<PeerLatency> Latency(string databaseUrl, int single, int rate, int seconds) =>
        Run<PeerLatency>(["graphile-latency.js", databaseUrl, $"{single}", $"{rate}", $"{seconds}"]);

    static async Task<T> Run<T>(string[] arguments)
    {
        var start = new ProcessStartInfo("node", arguments) { WorkingDirectory = Folder!, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<T>(output, Json)!
            : throw new InvalidOperationException($"{arguments[0]} ended with exit code {process.ExitCode}");
    }
}

/// <summary>From adding a job to its start.</summary>
sealed record PeerLatency(double IdleP50Ms, double IdleP99Ms, double LoadedP50Ms, double LoadedP99Ms);
