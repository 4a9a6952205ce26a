using System.Diagnostics;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Bench.Queue;

namespace Phoenix.Bench.Fleet;

/// <summary>What it costs to keep polls waiting: memory of a parked poll beside that of the bare server, garbage collected both times, and the cores that idle agents use as they come back every half minute.</summary>
static class Polls
{
    public static async Task<BenchResult> Run(bool quick)
    {
        // Thirty thousand where a node may take as many connections; another five hundred have warmed it up, and a few hundred are opened anew all the time.
        var most = (int)Math.Min(30_000, ((OpenFiles.ForConnections().Requests ?? 40_000) - 1_000) / 1000 * 1000);
        var watch = TimeSpan.FromSeconds(quick ? 30 : 60);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(url));
        var server = await ClusterCpu.Of(database);
        double bare;
        await using (var limit = await BareServer.Start())
        await using (var fleet = new Simulator())
            bare = await Held(limit.Url, "", "bare", 10_000, limit.Use, fleet);

        double phoenix, cores, serverCores, peak, held, heldCores;
        await using (var api = await ApiProcess.Start(url))
        await using (var fleet = new Simulator())
        {
            phoenix = await Held(api.Url, api.EnrolmentToken, "p", 10_000, api.Use, fleet);
            (cores, serverCores) = await Cores(api, server, watch);
            // And as many as this machine lets a process hold.
            await using var rest = new Simulator();
            await rest.Enrol(api.Url, api.EnrolmentToken, "q", most - 10_000);
            var began = Stopwatch.GetTimestamp();
            await rest.Start();
            await rest.Until("parked", most - 10_000, began);
            (heldCores, _) = await Cores(api, server, watch);
            held = (await fleet.Status())["parked"] + (await rest.Status())["parked"];
            peak = api.Use.PeakMb;
        }
        Console.WriteLine($"bytes a parked poll: Phoenix {phoenix:0}, bare server {bare:0}");
        Console.WriteLine($"10,000 idle agents: {cores:0.000} cores of the control plane, {serverCores:0.000} of PostgreSQL; {held:0} held at the end with {heldCores:0.000} cores, peak {peak:0} MB");
        return new("polls", "a bare Kestrel endpoint that parks requests", "bytes/poll", [phoenix], [bare])
        {
            Fields = new Dictionary<string, double>
            {
                ["bytesPerPoll"] = Math.Round(phoenix), ["cores10k"] = Math.Round(cores, 3), ["postgresCores10k"] = Math.Round(serverCores, 3), ["held"] = held,
                ["coresHeld"] = Math.Round(heldCores, 3), ["peakRssMb"] = Math.Round(peak),
            },
        };
    }

    static async Task<double> Held(string url, string token, string prefix, int count, ProcessUse use, Simulator fleet)
    {
        // A few first, so that what the process loads and compiles once is not counted as theirs.
        await fleet.Enrol(url, token, prefix + "w", 500);
        await fleet.Enrol(url, token, prefix, count);
        // Both times without garbage, of which a connection leaves more than it keeps.
        await ForcedCollection.Of(use.Id);
        var before = use.ResidentMb;
        var began = Stopwatch.GetTimestamp();
        await fleet.Start();
        await fleet.Until("parked", count + 500, began);
        // Sent is not yet parked.
        await Task.Delay(TimeSpan.FromSeconds(5));
        await ForcedCollection.Of(use.Id);
        return (use.ResidentMb - before) * 1048576 / (count + 500);
    }

    static async Task<(double Api, double Server)> Cores(ApiProcess api, ClusterCpu? server, TimeSpan time)
    {
        var (began, own, others) = (Stopwatch.GetTimestamp(), api.Use.CpuSeconds, server?.Seconds ?? 0);
        await Task.Delay(time);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return ((api.Use.CpuSeconds - own) / seconds, ((server?.Seconds ?? 0) - others) / seconds);
    }
}
