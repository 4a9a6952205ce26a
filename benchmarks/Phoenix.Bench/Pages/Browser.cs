using System.Diagnostics;
using System.Text.Json;

namespace Phoenix.Bench.Pages;

/// <summary>Milliseconds from the navigation on.</summary>
/// <param name="Data">The first paint that shows what the page is for.</param>
/// <param name="Complete">The paint after which nothing on the page is waited for; null where that took longer than ten seconds.</param>
/// <param name="Fcp">First contentful paint, which may be a skeleton.</param>
/// <param name="Lcp">Largest contentful paint.</param>
sealed record PageLoad(double Data, double? Complete, double Fcp, double? Lcp);

/// <param name="Loads">By page, with an empty cache.</param>
/// <param name="Again">By page, with what the browser has kept.</param>
/// <param name="Interactions">By what is done, the longest interaction of each time in milliseconds.</param>
sealed record PageTimes(IReadOnlyDictionary<string, PageLoad[]> Loads, IReadOnlyDictionary<string, PageLoad[]> Again, IReadOnlyDictionary<string, double[]> Interactions);

/// <param name="Lost">Audits that cost points.</param>
sealed record LighthouseScores(double Performance, double Accessibility, double BestPractices, IReadOnlyList<string> Lost);

/// <summary>Chromium and Lighthouse, driven by programs of Node that ./bench has installed.</summary>
static class Browser
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static Task<PageTimes> Pages(string url, string token, int rounds, int hosts, string bare) =>
        Run<PageTimes>("pages.js", new { url, token, chromium = Chromium, rounds, hosts, bare });

    /// <summary>By page.</summary>
    public static Task<Dictionary<string, LighthouseScores[]>> Lighthouse(string url, string token, int rounds, IReadOnlyDictionary<string, string> pages) =>
        Run<Dictionary<string, LighthouseScores[]>>("lighthouse.js", new { url, token, chromium = Chromium, rounds, pages });

    static string Chromium => Of("PHOENIX_BENCH_CHROMIUM");

    /// <summary>A token is not for the list of processes: what the program needs comes on its standard input.</summary>
    static async Task<T> Run<T>(string script, object request)
    {
        using var process = Process.Start(new ProcessStartInfo("node", script) { WorkingDirectory = Of("PHOENIX_BENCH_DASHBOARD"), RedirectStandardInput = true, RedirectStandardOutput = true })!;
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(request, Json));
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? JsonSerializer.Deserialize<T>(output.TrimEnd().Split('\n')[^1], Json)!
            : throw new InvalidOperationException($"{script} ended with exit code {process.ExitCode}.");
    }

    static string Of(string variable) =>
        Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set. Run this through ./bench.");
}
