using System.Diagnostics;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Bench.Queue;

namespace Phoenix.Bench.Fleet;

/// <summary>From the request that queues a task to the moment at which the host's parked poll has it, with ten thousand polls parked: one after the other, and five hundred a second.</summary>
static class Latency
{
    const int Hosts = 10_000, Rate = 500;

    public static async Task<BenchResult> Run(bool quick)
    {
        var (single, seconds, rounds) = quick ? (200, 10, 1) : (500, 20, 3);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(url));
        var server = await ClusterCpu.Of(database);
        await using var api = await ApiProcess.Start(url);
        await using var fleet = new Simulator();
        await fleet.Enrol(api.Url, api.EnrolmentToken, "lat", Hosts);
        var began = Stopwatch.GetTimestamp();
        await fleet.Start();
        await fleet.Until("parked", Hosts, began);
        await fleet.Watch();
        for (var n = 0; n < 100; n++) await Once(api, fleet, n); // warms up

        List<double> ours = [], peers = [], idleP50 = [], idleP99 = [], loadedP50 = [], loadedP99 = [], cpu = [];
        for (var round = 1; round <= rounds; round++)
        {
            var idle = new List<double>();
            for (var n = 0; n < single; n++) idle.Add(await Once(api, fleet, n * 7 % Hosts));
            var (own, others) = (api.Use.CpuSeconds, server?.Seconds ?? 0);
            var loaded = await Poisson(api, fleet, seconds);
            cpu.Add((api.Use.CpuSeconds - own + (server?.Seconds ?? 0) - others) * 1000 / loaded.Count);
            PeerLatency? peer = PeerRun.Folder is null ? null : await PeerRun.Latency(url, single, Rate, seconds);
            idleP50.Add(Percentile(idle, 0.5));
            idleP99.Add(Percentile(idle, 0.99));
            loadedP50.Add(Percentile(loaded, 0.5));
            loadedP99.Add(Percentile(loaded, 0.99));
            ours.Add(loadedP99[^1]);
            // Without npm the figure that was asked for at first stands in.
            peers.Add(peer?.LoadedP99Ms ?? 50);
            Console.WriteLine($"round {round}: one at a time p50 {idleP50[^1]:0.0}, p99 {idleP99[^1]:0.0} ms; {Rate}/s p50 {loadedP50[^1]:0.0}, p99 {loadedP99[^1]:0.0} ms" +
                (peer is null ? "" : $"; graphile-worker {peer.IdleP50Ms:0.0}, {peer.IdleP99Ms:0.0}; {peer.LoadedP50Ms:0.0}, {peer.LoadedP99Ms:0.0}"));
        }
        return new("latency", PeerRun.Folder is null ? "50 ms" : "graphile-worker, from adding a job to its start, p99 at the same rate", "ms p99", ours, peers)
        {
            Fields = new Dictionary<string, double>
            {
                ["idleP50Ms"] = Math.Round(BenchResult.Median(idleP50), 2), ["idleP99Ms"] = Math.Round(BenchResult.Median(idleP99), 2),
                ["loadedP50Ms"] = Math.Round(BenchResult.Median(loadedP50), 2), ["loadedP99Ms"] = Math.Round(BenchResult.Median(loadedP99), 2),
                ["cpuMsPerTask"] = Math.Round(BenchResult.Median(cpu), 3), ["peakRssMb"] = Math.Round(api.Use.PeakMb),
            },
        };
    }

    static async Task<double> Once(ApiProcess api, Simulator fleet, int host)
    {
        var began = UnixUs();
        var load = await api.Post("api/v2/loads", new { hostId = $"sim-lat-{host}", profile = "steady", series = 10, intervalSeconds = 1, durationSeconds = 1 });
        return ((await fleet.Arrival(load.GetProperty("id").GetGuid())).ReceivedUnixUs - began) / 1000.0;
    }

    /// <summary>Requests begin at random moments, whether those before have been answered or not.</summary>
    static async Task<List<double>> Poisson(ApiProcess api, Simulator fleet, int seconds)
    {
        var random = new Random(1);
        List<Task<double>> running = [];
        var began = Stopwatch.GetTimestamp();
        for (double due = 0; due < seconds; due += -Math.Log(1 - random.NextDouble()) / Rate)
        {
            while (Stopwatch.GetElapsedTime(began).TotalSeconds is var now && now < due)
                if (due - now > 0.002) await Task.Delay(1);
                else await Task.Yield();
            running.Add(Once(api, fleet, random.Next(Hosts)));
        }
        return [.. await Task.WhenAll(running)];
    }

    static double Percentile(List<double> values, double share)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(share * sorted.Count) - 1)];
    }

    static readonly (DateTimeOffset At, long Stamp) Anchor = (DateTimeOffset.UtcNow, Stopwatch.GetTimestamp());

    static long UnixUs() => (Anchor.At + Stopwatch.GetElapsedTime(Anchor.Stamp) - DateTimeOffset.UnixEpoch).Ticks / 10;
}
