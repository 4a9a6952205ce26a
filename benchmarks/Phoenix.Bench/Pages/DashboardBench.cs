using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Bench.Fleet;

namespace Phoenix.Bench.Pages;

/// <summary>
/// The dashboard as it ships, served by the control plane of a fleet that is alive: when its pages show real data, how fast they answer, what they load first,
/// how soon a thousand live clients hear of a change, and what Lighthouse says. Beside a bare page of the same control plane in the same browser, and a bare hub.
/// </summary>
static class DashboardBench
{
    const string BarePage = "/bare.html";

    static readonly Dictionary<string, string> Audited = new() { ["overview"] = "/", ["experiments"] = "/experiments", ["fleet"] = "/fleet" };

    public static async Task<BenchResult> Run(bool quick)
    {
        var (experiments, clients, loads, liveRounds, changes, audits) = quick ? (100, 100, 3, 1, 30, 1) : (1_000, 1_000, 7, 3, 100, 3);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(url));
        await using (var tracked = database.CreateCommand("show track_commit_timestamp"))
            if (await tracked.ExecuteScalarAsync() is not "on")
                throw new InvalidOperationException("Live messages are timed from the commit on, which PostgreSQL tells with track_commit_timestamp=on alone. Set that, or let ./bench start its own server.");
        var built = Environment.GetEnvironmentVariable("PHOENIX_BENCH_PAGES") ?? throw new InvalidOperationException("PHOENIX_BENCH_PAGES does not name the built dashboard. Run this through ./bench.");
        var bundle = MainBundle.Of(built);
        var pages = Directory.CreateTempSubdirectory("phoenix-bench-pages").FullName;
        try
        {
            Copy(built, pages);
            await File.WriteAllTextAsync(pages + BarePage, "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Bare</title><p>Nothing but this line.</p></html>");
            await using var api = await ApiProcess.Start(url, dashboard: pages);
            await using var fleet = new Simulator();
            var seeded = new SeededFleet(api, fleet);
            await seeded.Make(experiments);

            var times = await Browser.Pages(api.Url, api.Token, loads, seeded.Hosts.Count, BarePage);
            var scores = await Browser.Lighthouse(api.Url, api.Token, audits, Audited);
            var live = await LiveLatency.Run(api, database, seeded.Hosts, clients, liveRounds, changes);
            Print(times, scores, live, bundle);
            return Result(times, scores, live, bundle, seeded.Hosts.Count, experiments, api.Use.PeakMb);
        }
        finally
        {
            Directory.Delete(pages, recursive: true);
        }
    }

    static BenchResult Result(
        PageTimes times, Dictionary<string, LighthouseScores[]> scores, LiveRounds live, MainBundle bundle, int hosts, int experiments, double peakMb) =>
        new("dashboard", "a bare page of the same control plane in the same browser, to its first contentful paint", "ms to the first paint with real data of the overview",
            [.. times.Loads["overview"].Select(l => l.Data)], [.. times.Loads["bare"].Select(l => l.Fcp)])
        {
            Fields = new Dictionary<string, double>
            {
                ["usefulPaintMs"] = Round(times.Loads["overview"], l => l.Data), ["fleetUsefulPaintMs"] = Round(times.Loads["fleet"], l => l.Data),
                ["experimentsUsefulPaintMs"] = Round(times.Loads["experiments"], l => l.Data), ["usefulPaintAgainMs"] = Round(times.Again["overview"], l => l.Data),
                ["firstContentfulPaintMs"] = Round(times.Loads["overview"], l => l.Fcp), ["largestContentfulPaintMs"] = Round(times.Loads["overview"], l => l.Lcp ?? l.Data),
                ["interactionMs"] = times.Interactions.Values.Max(BenchResult.Median), ["mainBundleKb"] = Kilobytes(bundle.ScriptGzipped), ["stylesKb"] = Kilobytes(bundle.StylesGzipped),
                ["liveP50Ms"] = Math.Round(BenchResult.Median(live.P50), 1), ["liveP99Ms"] = Math.Round(BenchResult.Median(live.P99), 1), ["liveClients"] = live.Clients, ["liveLost"] = live.Lost,
                ["liveBareP50Ms"] = Math.Round(BenchResult.Median(live.BareP50), 1), ["liveBareP99Ms"] = Math.Round(BenchResult.Median(live.BareP99), 1),
                ["hosts"] = hosts, ["experiments"] = experiments, ["peakRssMb"] = Math.Round(peakMb),
            },
            Details = new JsonObject
            {
                ["lighthouse"] = new JsonObject(scores.Select(s => KeyValuePair.Create<string, JsonNode?>(s.Key, new JsonObject
                {
                    ["performance"] = Of(s.Value, v => v.Performance), ["accessibility"] = Of(s.Value, v => v.Accessibility), ["bestPractices"] = Of(s.Value, v => v.BestPractices),
                }))),
            },
        };

    static void Print(PageTimes times, Dictionary<string, LighthouseScores[]> scores, LiveRounds live, MainBundle bundle)
    {
        Row("page, ms", "first paint", "data", "complete", "largest", "data again");
        foreach (var (page, loads) in times.Loads)
            Row(page, Text(loads, l => l.Fcp), Text(loads, l => l.Data), Text(loads, l => l.Complete), Text(loads, l => l.Lcp), Text(times.Again[page], l => l.Data));
        Row("interaction, ms", "median", "worst");
        foreach (var (what, ms) in times.Interactions) Row(what, Number(BenchResult.Median(ms)), Number(ms.Max()));
        Row("bundle, kB", "as built", "gzipped");
        Row($"{bundle.Scripts.Count} scripts", Number(Kilobytes(bundle.Script)), Number(Kilobytes(bundle.ScriptGzipped)));
        Row("styles", "", Number(Kilobytes(bundle.StylesGzipped)));
        Row("live, ms", "p50", "p99", "worst", "lost");
        Row($"{live.Clients} clients", Number(BenchResult.Median(live.P50)), Number(BenchResult.Median(live.P99)), Number(live.WorstMs), Number(live.Lost));
        Row("bare hub", Number(BenchResult.Median(live.BareP50)), Number(BenchResult.Median(live.BareP99)));
        Row("lighthouse", "performance", "accessib.", "practices");
        foreach (var (page, runs) in scores)
        {
            Row(page, Number(Of(runs, r => r.Performance)), Number(Of(runs, r => r.Accessibility)), Number(Of(runs, r => r.BestPractices)));
            foreach (var audit in runs.SelectMany(r => r.Lost).GroupBy(a => a.Split(' ')[0])) Console.WriteLine($"    {audit.First()}");
        }
    }

    static void Row(string what, params string[] values) => Console.WriteLine($"{what,-24}{string.Concat(values.Select(v => $"{v,13}"))}");

    static string Text(PageLoad[] loads, Func<PageLoad, double?> of) => loads.Select(of).OfType<double>().ToList() is { Count: > 0 } known ? Number(BenchResult.Median(known)) : "-";

    static string Number(double value) => Math.Round(value, 1).ToString(CultureInfo.InvariantCulture);

    static double Round(PageLoad[] loads, Func<PageLoad, double> of) => Math.Round(BenchResult.Median(loads.Select(of)), 1);

    static double Of(LighthouseScores[] runs, Func<LighthouseScores, double> of) => BenchResult.Median(runs.Select(of));

    static double Kilobytes(long bytes) => Math.Round(bytes / 1000.0, 1);

    static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
