using System.Diagnostics;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Bench.Queue;

namespace Phoenix.Bench.Fleet;

/// <summary>
/// An experiment over ten thousand hosts is started: a task reaches each of them, and each reports it as done. Then the control plane is killed under its ten thousand
/// agents and started again, and a second time while it hands out the way back: no task may be lost or end twice. Beside it the bare server answers as many parked requests.
/// </summary>
static class Storm
{
    /// <summary>A pipeline that publishes; a comment makes another version of it.</summary>
    internal const string Yaml =
        """
        receivers:
          otlp:
            protocols:
              http:
                endpoint: 127.0.0.1:4318
        exporters:
          debug: {}
        service:
          pipelines:
            metrics:
              receivers: [otlp]
              exporters: [debug]
        """;

    public static async Task<BenchResult> Run(bool quick)
    {
        var (rounds, hosts) = (quick ? 1 : 3, 10_000);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(url));
        var server = await ClusterCpu.Of(database);
        await using var api = await ApiProcess.Start(url);
        await using var fleet = new Simulator();
        var enrolling = await fleet.Enrol(api.Url, api.EnrolmentToken, "storm", hosts);
        Console.WriteLine($"{hosts} agents enrolled in {enrolling:0.0} s");
        var began = Stopwatch.GetTimestamp();
        await fleet.Start();
        await fleet.Until("parked", hosts, began);
        var pipelines = new List<Guid>();
        foreach (var name in (string[])["baseline", "candidate"])
            pipelines.Add((await api.Post("api/v2/pipelines", new { name = $"{name}-{Guid.NewGuid():N}", configuration = Yaml + (name == "candidate" ? "\n# candidate\n" : "") })).GetProperty("id").GetGuid());

        List<double> delivered = [], fanOut = [], parked = [], cpu = [];
        long lost = 0, twice = 0;
        double peak = 0;
        for (var round = 1; round <= rounds; round++)
        {
            var bare = await FanOut(hosts);
            await fleet.Until("parked", hosts, Stopwatch.GetTimestamp());
            var id = (await api.Post("api/v2/experiments", new
            {
                name = $"storm {round}", hypothesis = "none", baseline = new { pipelineId = pipelines[0], version = 1 }, candidate = new { pipelineId = pipelines[1], version = 1 },
                hosts = Enumerable.Range(0, hosts).Select(n => $"sim-storm-{n}").ToArray(), plan = new { warmUpSeconds = 3600, durationSeconds = 3600, windowSeconds = 60 }, criteria = new { claim = "observed" },
            })).GetProperty("id").GetGuid();
            var (own, others, before) = (api.Use.CpuSeconds, server?.Seconds ?? 0, await fleet.Status());
            var start = Stopwatch.GetTimestamp();
            await api.Post($"api/v2/experiments/{id}/start", new { reason = "bench" });
            var all = await fleet.Until("received", before["received"] + hosts, start);
            var done = await fleet.Until("accepted", before["accepted"] + hosts, start);
            cpu.Add((api.Use.CpuSeconds - own + (server?.Seconds ?? 0) - others) * 1000 / hosts);
            peak = Math.Max(peak, api.Use.PeakMb);
            await api.Kill();
            await api.Restart();
            var again = await fleet.Until("parked", hosts, Stopwatch.GetTimestamp());
            Console.WriteLine($"round {round}: all {hosts} tasks delivered after {all:0.00} s and reported after {done:0.00} s (bare fan-out {bare:0.00} s); all parked {again:0.00} s after a restart");
            delivered.Add(all);
            fanOut.Add(bare);
            parked.Add(again);

            // The hosts are free again for the next round; while they are told so, the control plane is killed once more.
            before = await fleet.Status();
            await api.Post($"api/v2/experiments/{id}/stop", new { reason = "bench" });
            await fleet.Until("accepted", before["accepted"] + hosts / 3, Stopwatch.GetTimestamp());
            await api.Kill();
            await api.Restart();
            var stopping = Stopwatch.GetTimestamp();
            while (await Scalar(database, $"select count(*) from phoenix.mt_events where stream_id = '{id}' and type = 'experiment_stopped'") == 0)
            {
                if (Stopwatch.GetElapsedTime(stopping) > TimeSpan.FromMinutes(5)) throw new InvalidOperationException("The experiment has not stopped five minutes after the control plane was killed.");
                await Task.Delay(100);
            }
            lost += await Scalar(database, $"select count(*) from phoenix.mt_events q where type = 'task_queued' and headers->>'experiment' = '{id}' and not exists (select from phoenix.mt_events e where e.stream_id = q.stream_id and e.type in ({EndTypes}))");
            twice += await Scalar(database, Ends(id, "> 1"));
        }
        var status = await fleet.Status();
        return new("storm", "a bare Kestrel fan-out to as many parked requests", "s", delivered, fanOut)
        {
            Fields = new Dictionary<string, double>
            {
                ["deliveredSeconds"] = Math.Round(BenchResult.Median(delivered), 2), ["parkedSeconds"] = Math.Round(BenchResult.Median(parked), 2), ["lost"] = lost,
                ["twice"] = twice + status["twice"], ["leaseFell"] = status["leaseFell"], ["foreign"] = status["foreign"], ["enrolSeconds"] = Math.Round(enrolling, 1),
                ["cpuMsPerTask"] = Math.Round(BenchResult.Median(cpu), 3), ["peakRssMb"] = Math.Round(peak),
            },
        };
    }

    const string EndTypes = "'task_succeeded', 'task_dead_lettered', 'task_cancelled'";

    static string Ends(Guid experiment, string how) =>
        $"""
        select count(*) from (select stream_id from phoenix.mt_events where type in ({EndTypes})
          and headers->>'experiment' = '{experiment}' group by stream_id having count(*) {how}) ended
        """;

    static async Task<double> FanOut(int hosts)
    {
        await using var server = await BareServer.Start();
        await using var fleet = new Simulator();
        await fleet.Enrol(server.Url, "", "bare", hosts);
        var began = Stopwatch.GetTimestamp();
        await fleet.Start();
        await fleet.Until("parked", hosts, began);
        // Some are about to come back, all the time.
        await server.Parked(hosts * 99 / 100);
        began = Stopwatch.GetTimestamp();
        await server.Release();
        return await Delivered();

        // Those that were on their way when the others were answered get theirs with the next release.
        async Task<double> Delivered()
        {
            while ((await fleet.Status())["received"] < hosts)
            {
                if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(2)) throw new InvalidOperationException("The bare server has not reached every host within two minutes.");
                if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(1)) await server.Release();
                await Task.Delay(10);
            }
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
    }

    static async Task<long> Scalar(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
