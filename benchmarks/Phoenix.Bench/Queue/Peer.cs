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

    public static async Task<PeerRun> Of(string script, string databaseUrl, int jobs, params string[] arguments)
    {
        var start = new ProcessStartInfo("node") { WorkingDirectory = Folder!, RedirectStandardOutput = true };
        foreach (var argument in (string[])[script, databaseUrl, $"{jobs}", .. arguments]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<PeerRun>(output, Json)!
            : throw new InvalidOperationException($"{script} ended with exit code {process.ExitCode}");
    }
}
