using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Bench.TaskLog;
using Phoenix.Projections;

namespace Phoenix.Bench.Fleet;

/// <summary>
/// A fleet whose agents die, come back and fail, with loads and experiments on it, while the control plane and the database are killed and stalled and a part of
/// the hosts is cut off. Then everything is given time to end, and the event log and what the hosts saw are checked against each other.
/// </summary>
static class SoakFleet
{
    const double FailRate = 0.08, DieRate = 0.03;
    const int ExperimentHosts = 100, LoadsPerSecond = 20, NewcomersAtOnce = 20;

    static readonly TimeSpan LongestStall = TimeSpan.FromSeconds(5);

    sealed class Scene(ApiProcess api, Simulator near, Simulator? far, Link? link)
    {
        public ApiProcess Api => api;
        public Simulator Near => near;
        public Simulator? Far => far;
        public Link? Link => link;
        public Dictionary<string, long> Faults { get; } = [];
        public List<Guid> Experiments { get; } = [];
        public long LoadsQueued, LoadsFailed, Newcomers;
        public IReadOnlyList<string> LoadHosts { get; init; } = [];

        /// <summary>Null where the control plane is away; it may have been done all the same.</summary>
        public async Task<JsonElement?> TryPost(string path, object body)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            try
            {
                using var answer = await api.Http.PostAsJsonAsync(new Uri(path, UriKind.Relative), body, patience.Token);
                if (!answer.IsSuccessStatusCode) return null;
                var text = await answer.Content.ReadAsStringAsync(patience.Token);
                return text.Length == 0 ? default(JsonElement) : JsonSerializer.Deserialize<JsonElement>(text);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                return null;
            }
        }
    }

    public static async Task<BenchResult> Run(bool quick)
    {
        var (time, agents) = quick ? (TimeSpan.FromMinutes(2), 600) : (TimeSpan.FromMinutes(10), 2000);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(url));
        var databaseFaults = DatabaseFaults.Known();
        if (databaseFaults is null) Console.WriteLine("skipped: killing and stalling the database, which is not ./bench's own");
        await using var link = await Link.TryMake();
        await using var log = new StreamWriter(Path.Combine(Path.GetTempPath(), "phoenix-soak-fleet-api.log")) { AutoFlush = true };
        await using var api = await ApiProcess.Start(url, link is null ? [] : [Link.Address], log);
        await using var near = new Simulator();
        await using var far = link is null ? null : new Simulator(link.Within);

        await near.Enrol(api.Url, api.EnrolmentToken, "near", agents);
        await near.Start(workMs: 300, FailRate, DieRate, heartbeats: true);
        if (far is not null)
        {
            await far.Enrol(api.At(Link.Address), api.EnrolmentToken, "far", agents / 4);
            await far.Start(workMs: 300, FailRate, DieRate, heartbeats: true);
        }
        // The first half of the hosts takes part in experiments, on which no load may be made; the others get loads.
        var scene = new Scene(api, near, far, link)
        {
            LoadHosts = [.. Enumerable.Range(agents / 2, agents / 2).Select(n => $"sim-near-{n}"), .. far is null ? [] : Enumerable.Range(0, agents / 4).Select(n => $"sim-far-{n}")],
        };
        var baseline = (await api.Post("api/v2/pipelines", new { name = $"soak-{Guid.NewGuid():N}", configuration = Storm.Yaml })).GetProperty("id").GetGuid();
        var candidate = (await api.Post("api/v2/pipelines", new { name = $"soak-{Guid.NewGuid():N}", configuration = Storm.Yaml + "\n# candidate\n" })).GetProperty("id").GetGuid();
        Console.WriteLine($"{agents} agents{(far is null ? "" : $" and {agents / 4} behind a link that is cut")}, faults for {time.TotalMinutes:0} min; the API's log: {((FileStream)log.BaseStream).Name}");

        using (var over = new CancellationTokenSource(time))
            await Task.WhenAll(Harm(scene, databaseFaults, over.Token), Loads(scene, over.Token), Experiments(scene, baseline, candidate, agents / 2, over.Token), Newcomers(scene, over.Token));
        var peak = api.Use.PeakMb;
        var drained = await Drain(scene, database);
        return await Check(scene, database, drained, peak);
    }

    /// <summary>One fault after the other, each kind in turn.</summary>
    static async Task Harm(Scene scene, DatabaseFaults? database, CancellationToken over)
    {
        List<(string Name, Func<Task> Do)> kinds = [("apiKilled", async () =>
        {
            await scene.Api.Kill();
            await Task.Delay(Upto(3), CancellationToken.None);
            await scene.Api.Restart();
        })];
        if (database is not null)
            kinds.AddRange([("backendKilled", database.KillBackend), ("databaseStalled", () => database.Stall(Upto(LongestStall.TotalSeconds))), ("databaseKilled", database.KillServer)]);
        if (scene.Link is { } link)
            kinds.AddRange([("partitions", () => link.Cut(Upto(20))), ("lossyTimes", () => link.Lose(TimeSpan.FromSeconds(10)))]);
        for (var n = 0; !over.IsCancellationRequested; n++)
        {
            await Pause(TimeSpan.FromSeconds(2) + Upto(5), over);
            if (over.IsCancellationRequested) return;
            var (name, act) = kinds[n % kinds.Count];
            await act();
            scene.Faults[name] = scene.Faults.GetValueOrDefault(name) + 1;
            var back = Stopwatch.StartNew();
            // Health answers only where the database does; a fault on top of another is not told apart afterwards.
            while (back.Elapsed < TimeSpan.FromMinutes(2) && !await IsReady(scene.Api)) await Task.Delay(100, CancellationToken.None);
            Console.WriteLine($"  {name}: ready {back.Elapsed.TotalSeconds:0.0} s after");
        }
    }

    static async Task Loads(Scene scene, CancellationToken over)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / LoadsPerSecond));
        List<Task> running = [];
        while (await Tick(second, over))
        {
            running.RemoveAll(t => t.IsCompletedSuccessfully);
            if (running.Count < 200) running.Add(One());
        }
        await Task.WhenAll(running);

        async Task One()
        {
            var host = scene.LoadHosts[Random.Shared.Next(scene.LoadHosts.Count)];
            var queued = await scene.TryPost("api/v2/loads", new { hostId = host, profile = "steady", series = 10, intervalSeconds = 1, durationSeconds = 1, reason = "soak" }) is not null;
            Interlocked.Increment(ref queued ? ref scene.LoadsQueued : ref scene.LoadsFailed);
        }
    }

    /// <summary>Each over a hundred hosts: started, and after a while stopped or rolled back, whatever it has come to.</summary>
    static Task Experiments(Scene scene, Guid baseline, Guid candidate, int hosts, CancellationToken over) =>
        Task.WhenAll(Enumerable.Range(0, hosts / ExperimentHosts).Select(async lane =>
        {
            while (!over.IsCancellationRequested)
            {
                var drafted = await scene.TryPost("api/v2/experiments", new
                {
                    name = $"soak {lane}", hypothesis = "none", baseline = new { pipelineId = baseline, version = 1 }, candidate = new { pipelineId = candidate, version = 1 },
                    hosts = Enumerable.Range(lane * ExperimentHosts, ExperimentHosts).Select(n => $"sim-near-{n}").ToArray(),
                    plan = new { warmUpSeconds = 3600, durationSeconds = 3600, windowSeconds = 60 }, criteria = new { claim = "observed" },
                });
                if (drafted is not { } answer)
                {
                    await Pause(TimeSpan.FromSeconds(1), over);
                    continue;
                }
                var id = answer.GetProperty("id").GetGuid();
                lock (scene.Experiments) scene.Experiments.Add(id);
                await scene.TryPost($"api/v2/experiments/{id}/start", new { reason = "soak" });
                await Pause(Upto(15), over);
                await scene.TryPost($"api/v2/experiments/{id}/{(Random.Shared.Next(2) == 0 ? "stop" : "rollback")}", new { reason = "soak" });
                // The hosts are free when it has ended.
                while (!over.IsCancellationRequested && !await HasEnded(scene, id)) await Pause(TimeSpan.FromSeconds(1), over);
            }
        }));

    /// <summary>Hosts that were not there at the beginning.</summary>
    static async Task Newcomers(Scene scene, CancellationToken over)
    {
        for (var n = 0; !over.IsCancellationRequested; n++)
        {
            await Pause(TimeSpan.FromSeconds(15), over);
            if (over.IsCancellationRequested) return;
            scene.Newcomers += await scene.Near.TryEnrol(scene.Api.Url, scene.Api.EnrolmentToken, $"new{n}", NewcomersAtOnce);
            await scene.Near.Start(workMs: 300, FailRate, DieRate, heartbeats: true);
        }
    }

    /// <returns>Seconds until nothing was left to do.</returns>
    static async Task<double> Drain(Scene scene, NpgsqlDataSource database)
    {
        var watch = Stopwatch.StartNew();
        while (!await IsReady(scene.Api)) await Task.Delay(200);
        while (true)
        {
            var open = 0;
            foreach (var id in scene.Experiments)
                if (!await HasEnded(scene, id))
                {
                    open++;
                    await scene.TryPost($"api/v2/experiments/{id}/stop", new { reason = "the soak is over" });
                }
            var queued = await Scalar(database, "select count(*) from phoenix.task_queue where status in (0, 1)");
            if (open + queued == 0) return watch.Elapsed.TotalSeconds;
            if (watch.Elapsed > TimeSpan.FromMinutes(8))
            {
                Console.WriteLine($"After {watch.Elapsed.TotalMinutes:0} min {open} experiments and {queued} tasks have not ended.");
                return watch.Elapsed.TotalSeconds;
            }
            await Task.Delay(TimeSpan.FromSeconds(2));
        }
    }

    static async Task<BenchResult> Check(Scene scene, NpgsqlDataSource database, double drained, double peak)
    {
        var log = await TaskLogReader.Read(database);
        List<Delivery> deliveries = [];
        Dictionary<string, long> seen = [];
        foreach (var fleet in new[] { scene.Near, scene.Far }.OfType<Simulator>())
        {
            deliveries.AddRange((await fleet.Tasks()).Select(t => new Delivery(t.Id, t.Host, t.Lease, t.Succeeded)));
            foreach (var (name, count) in await fleet.Status()) seen[name] = seen.GetValueOrDefault(name) + count;
        }
        // A stalled backend has rows in hand, and its commit stays unseen, for as long as it is stalled.
        var violations = TaskLogCheck.Violations(log, deliveries, new(TaskQueue.Urgent, new HashSet<string>(), 2 * LongestStall, LongestStall + TimeSpan.FromSeconds(1)), settled: true);
        foreach (var violation in violations.Take(20))
        {
            Console.WriteLine($"  {violation.Rule}: task {violation.TaskId}: {violation.Detail}; its events:");
            foreach (var e in log.Where(e => e.TaskId == violation.TaskId)) Console.WriteLine($"    {e.Sequence} at {e.At:O}, committed {e.CommittedAt:O}: {e.Data.GetType().Name} {JsonSerializer.Serialize(e.Data, EventStoreOptions.Json)}");
        }
        var stuck = 0;
        foreach (var id in scene.Experiments)
            if (!await HasEnded(scene, id)) stuck++;
        var tasks = log.Select(e => e.TaskId).Distinct().Count();
        var ended = tasks - violations.Where(v => v.Rule is TaskLogCheck.NoEnd or TaskLogCheck.AfterEnd).Select(v => v.TaskId).Distinct().Count();
        Console.WriteLine(
            $"{tasks} tasks in {log.Count} events, {deliveries.Count} deliveries, {seen["deaths"]} deaths of agents, {seen["reconnects"]} new connections; " +
            $"{string.Join(", ", scene.Faults.Select(f => $"{f.Key} {f.Value}"))}; drained in {drained:0} s; {violations.Count} violations");
        return new("soak-fleet", "every task has one accepted end", "tasks", [ended], [tasks])
        {
            Fields = new Dictionary<string, double>(scene.Faults.Select(f => KeyValuePair.Create(f.Key, (double)f.Value)))
            {
                ["faults"] = scene.Faults.Values.Sum(), ["tasks"] = tasks, ["events"] = log.Count, ["deliveries"] = deliveries.Count, ["deaths"] = seen["deaths"], ["reconnects"] = seen["reconnects"],
                ["newcomers"] = scene.Newcomers, ["experiments"] = scene.Experiments.Count, ["experimentsOpen"] = stuck, ["loadsQueued"] = scene.LoadsQueued, ["loadsUnanswered"] = scene.LoadsFailed,
                ["drainSeconds"] = Math.Round(drained, 1), ["violations"] = violations.Count, ["twice"] = seen["twice"], ["leaseFell"] = seen["leaseFell"], ["foreign"] = seen["foreign"], ["peakRssMb"] = Math.Round(peak),
            },
        };
    }

    static async Task<bool> HasEnded(Scene scene, Guid experiment)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            var state = (await scene.Api.Http.GetFromJsonAsync<JsonElement>(new Uri($"api/v2/experiments/{experiment}", UriKind.Relative), patience.Token)).GetProperty("state").GetString();
            // A draft whose start was lost has never begun.
            return state is "stopped" or "rolledBack" or "draft" or "completed";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return false;
        }
    }

    static async Task<bool> IsReady(ApiProcess api)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            using var answer = await api.Http.GetAsync(new Uri("health/ready", UriKind.Relative), patience.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return false;
        }
    }

    static TimeSpan Upto(double seconds) => TimeSpan.FromSeconds(seconds * (0.2 + 0.8 * Random.Shared.NextDouble()));

    static async Task Pause(TimeSpan time, CancellationToken over) => await Task.WhenAny(Task.Delay(time, over));

    static async Task<bool> Tick(PeriodicTimer timer, CancellationToken over)
    {
        try
        {
            return await timer.WaitForNextTickAsync(over);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    static async Task<long> Scalar(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
