using System.Diagnostics;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Phoenix.Api.Agents;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Tasks;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;

namespace Phoenix.Bench.Queue;

/// <summary>
/// Tasks queued, claimed and reported as done by the control plane's own classes, every step an event, over ten thousand hosts. Beside it the same number of jobs through
/// graphile-worker and pg-boss, and through bare rows that are taken with SKIP LOCKED and leave no trace; and once more with what no peer has, a host's receipt for each task.
/// </summary>
static class QueueBench
{
    const int Hosts = 10_000, HostsInRound = 500;

    sealed record Phases(double Queue, double Claim, double Receipt, double Report, double CpuSeconds, double ServerCpuSeconds)
    {
        public double Total => Queue + Claim + Receipt + Report;
    }

    public static async Task<BenchResult> Run(bool quick)
    {
        var (rounds, tasks) = quick ? (1, 20_000) : (3, 100_000);
        var url = Environment.GetEnvironmentVariable(Database.Variable)!;
        await using var app = await Start(url);
        var database = app.Services.GetRequiredService<NpgsqlDataSource>();
        var server = await ClusterCpu.Of(database);
        List<double> ours = [], unbatched = [], batched = [], boss = [], raw = [], rawSingle = [], held = [], receipted = [], cpu = [];
        Console.WriteLine($"{tasks} tasks over {Hosts} hosts; tasks a second over all steps (queue / claim / report), and with receipts (queue / claim / receipt / report)");
        for (var round = 0; round <= rounds; round++)
        {
            // Each goes first in every other round: the second finds what the first has left in the caches.
            Phases phases;
            double snapshot;
            if (round % 2 == 0)
            {
                phases = await Ours(app, database, server, tasks, receipts: false);
                snapshot = await UnderSnapshot(app, database, server, tasks);
            }
            else
            {
                snapshot = await UnderSnapshot(app, database, server, tasks);
                phases = await Ours(app, database, server, tasks, receipts: false);
            }
            var full = await Ours(app, database, server, tasks, receipts: true);
            var (rawAt500, rawAt1) = (await Raw(database, tasks, 500), await Raw(database, tasks / 10, 1));
            PeerRun? single = null, many = null, pgBoss = null;
            if (PeerRun.Folder is not null)
            {
                single = await PeerRun.Of("graphile.js", url, quick ? tasks / 4 : tasks / 5, "unbatched");
                many = await PeerRun.Of("graphile.js", url, tasks, "batched");
                pgBoss = await PeerRun.Of("pgboss.js", url, tasks / 2);
            }
            var warmUp = round == 0;
            if (!warmUp)
            {
                ours.Add(tasks / phases.Total);
                held.Add(snapshot);
                receipted.Add(tasks / full.Total);
                raw.Add(rawAt500);
                rawSingle.Add(rawAt1);
                cpu.Add((phases.CpuSeconds + phases.ServerCpuSeconds) * 1000 / tasks);
                if (single is not null)
                {
                    unbatched.Add(single.PerSecond(quick ? tasks / 4 : tasks / 5));
                    batched.Add(many!.PerSecond(tasks));
                    boss.Add(pgBoss!.PerSecond(tasks / 2));
                }
            }
            Console.WriteLine(
                $"{(warmUp ? "warm-up" : $"round {round}"),-8} Phoenix {tasks / phases.Total,6:0} ({tasks / phases.Queue:0} / {tasks / phases.Claim:0} / {tasks / phases.Report:0})" +
                $", CPU {phases.CpuSeconds * 1000 / tasks:0.000} + {phases.ServerCpuSeconds * 1000 / tasks:0.000} ms a task; under a held snapshot {snapshot:0}; " +
                $"with receipts {tasks / full.Total:0} ({tasks / full.Queue:0} / {tasks / full.Claim:0} / {tasks / full.Receipt:0} / {tasks / full.Report:0}); " +
                $"bare rows {rawAt500:0} by 500, {rawAt1:0} singly" +
                (single is null ? "; no npm, no peers" : $"; graphile-worker {unbatched.LastOrDefault():0}, batched {batched.LastOrDefault():0}; pg-boss {boss.LastOrDefault():0}"));
        }
        await app.StopAsync();
        var peers = unbatched.Count > 0;
        return new("queue", peers ? "graphile-worker, one job a transaction" : "bare rows, SKIP LOCKED, one a transaction", "tasks/s", ours, peers ? unbatched : rawSingle)
        {
            Fields = new Dictionary<string, double>
            {
                ["vsBatched"] = peers ? Ratio(ours, batched) : double.NaN,
                ["vsPgBoss"] = peers ? Ratio(ours, boss) : double.NaN,
                ["vsBareRows"] = Ratio(ours, raw),
                ["withReceipts"] = Math.Round(BenchResult.Median(receipted)),
                ["heldSnapshot"] = Ratio(held, ours),
                ["cpuMsPerTask"] = Math.Round(BenchResult.Median(cpu), 3),
                ["peakRssMb"] = Math.Round(Process.GetCurrentProcess().PeakWorkingSet64 / 1048576.0),
            }.Where(f => !double.IsNaN(f.Value)).ToDictionary(),
        };
    }

    static double Ratio(List<double> a, List<double> b) => Math.Round(BenchResult.Median(a) / BenchResult.Median(b), 3);

    static async Task<WebApplication> Start(string url)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration[Database.Variable] = url;
        builder.Configuration["PHOENIX_URLS"] = "http://127.0.0.1:0";
        builder.Configuration["PHOENIX_FIRST_USER_SECRET_FILE"] = Path.Combine(Path.GetTempPath(), $"phoenix-bench-{Environment.ProcessId}");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // The rounds truncate the log under the daemon, which then tells of numbers that it misses.
        builder.Logging.AddFilter("Marten.Events.Daemon", LogLevel.Error);
        builder.AddPhoenixStore();
        builder.AddPhoenixIdentity();
        builder.AddPhoenixHttp();
        builder.AddAdmissionControl();
        builder.AddPhoenixMetrics();
        var app = builder.Build();
        await app.StartAsync();
        File.Delete(builder.Configuration["PHOENIX_FIRST_USER_SECRET_FILE"]!);
        return app;
    }

    static async Task<Phases> Ours(WebApplication app, NpgsqlDataSource database, ClusterCpu? server, int tasks, bool receipts)
    {
        await Execute(database, $"truncate phoenix.mt_events, phoenix.mt_streams, {TaskQueueProjection.TableName}");
        await Execute(database, "checkpoint", tolerate: true);
        var (store, queue, reports) = (app.Services.GetRequiredService<IDocumentStore>(), app.Services.GetRequiredService<TaskQueue>(), app.Services.GetRequiredService<TaskReports>());
        var own = Process.GetCurrentProcess().TotalProcessorTime;
        var servers = server?.Seconds ?? 0;

        var watch = Stopwatch.StartNew();
        foreach (var chunk in Enumerable.Range(0, tasks).Chunk(TaskEvents.PerTransaction))
        {
            await using var session = store.LightweightSession();
            session.LastModifiedBy = "bench";
            await queue.Begin(session, [.. chunk.Select(n => (Guid.CreateVersion7(), NewTask(n % Hosts)))], CancellationToken.None);
            await session.SaveChangesAsync();
        }
        var queued = watch.Elapsed;

        List<(string Host, AssignedTask Task)> taken = new(tasks);
        var (claimed, received, reported) = (TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        while (taken.Count < tasks)
        {
            var before = taken.Count;
            var round = new List<(string Host, AssignedTask Task)>();
            watch.Restart();
            foreach (var hosts in Enumerable.Range(0, Hosts).Select(n => $"host-{n}").Chunk(HostsInRound))
                foreach (var (host, assigned) in await queue.Take(hosts, CancellationToken.None)) round.AddRange(assigned.Select(a => (host, a)));
            claimed += watch.Elapsed;
            if (receipts) received += await Report(reports, round, Receipt);
            reported += await Report(reports, round, Done);
            taken.AddRange(round);
            if (taken.Count == before) throw new InvalidOperationException($"{taken.Count} of {tasks} tasks were handed out");
        }
        var events = await Scalar(database, "select count(*) from phoenix.mt_events");
        var expected = (receipts ? 4L : 3L) * tasks;
        if (events != expected) throw new InvalidOperationException($"{events} events were written, {expected} were expected");
        return new(queued.TotalSeconds, claimed.TotalSeconds, received.TotalSeconds, reported.TotalSeconds,
            (Process.GetCurrentProcess().TotalProcessorTime - own).TotalSeconds, (server?.Seconds ?? 0) - servers);
    }

    static async Task<double> UnderSnapshot(WebApplication app, NpgsqlDataSource database, ClusterCpu? server, int tasks)
    {
        await using (await Hold(database)) return tasks / (await Ours(app, database, server, tasks, receipts: false)).Total;
    }

    /// <summary>All hosts report at the same time; how long until the last is answered.</summary>
    static async Task<TimeSpan> Report(TaskReports reports, List<(string Host, AssignedTask Task)> round, Func<string, AssignedTask, TaskReport> report)
    {
        var watch = Stopwatch.StartNew();
        var answers = await Task.WhenAll(round.Select(r => reports.Add(report(r.Host, r.Task), CancellationToken.None)));
        var elapsed = watch.Elapsed;
        return answers.FirstOrDefault(a => a.Rejection is not null) is { } refused
            ? throw new InvalidOperationException($"a report was refused: {refused.Rejection}")
            : elapsed;
    }

    static TaskReport Receipt(string host, AssignedTask task) => new(task.Id, host, Agent(host),
        (t, now) => AgentTaskDecisions.Progress(t, task.Lease, "accepted", null, now + TaskQueue.LeaseLength));

    static Caller Agent(string host) => new($"agent:{host}", "bench", "bench", "verified");

    static TaskReport Done(string host, AssignedTask task) => new(task.Id, host, Agent(host),
        (t, _) => AgentTaskDecisions.Succeed(t, task.Lease, [.. t.Desired.Collectors.Select(c => new RunningCollector(c.Name, c.Arm, c.PipelineId, c.PipelineVersion, c.ConfigurationHash, true))]));

    static TaskQueued NewTask(int host) => new($"host-{host}", TaskPurpose.RemoveCandidate, 0, Guid.Empty, new([], ["candidate-0123456789ab"], null));

    /// <summary>Bare rows: inserted, taken with SKIP LOCKED, deleted.</summary>
    static async Task<double> Raw(NpgsqlDataSource database, int jobs, int size)
    {
        await Execute(database, "drop table if exists bare_job; create table bare_job (id uuid primary key, host text not null, status smallint not null, at timestamptz not null, data jsonb not null); create index on bare_job (at) where status = 0");
        var watch = Stopwatch.StartNew();
        await using var connection = await database.OpenConnectionAsync();
        for (var done = 0; done < jobs; done += size)
        {
            await using var insert = new NpgsqlCommand("insert into bare_job select gen_random_uuid(), 'host-' || n, 0, now(), '{\"remove\": [\"candidate-0123456789ab\"]}' from generate_series(1, $1) n", connection);
            insert.Parameters.Add(new() { Value = size });
            await insert.ExecuteNonQueryAsync();
        }
        for (var done = 0; done < jobs;)
        {
            await using var take = new NpgsqlCommand("update bare_job set status = 1 where id = any(array(select id from bare_job where status = 0 order by at limit $1 for update skip locked)) returning id", connection);
            take.Parameters.Add(new() { Value = size });
            List<Guid> ids = [];
            await using (var reader = await take.ExecuteReaderAsync())
                while (await reader.ReadAsync()) ids.Add(reader.GetGuid(0));
            await using var delete = new NpgsqlCommand("delete from bare_job where id = any($1)", connection);
            delete.Parameters.Add(new() { Value = ids.ToArray() });
            done += await delete.ExecuteNonQueryAsync();
        }
        return jobs / watch.Elapsed.TotalSeconds;
    }

    /// <summary>A transaction that has read before and goes on seeing the database as it was then.</summary>
    static async Task<NpgsqlConnection> Hold(NpgsqlDataSource database)
    {
        // On a connection apart: the pool's would be given to others, and truncating waits for nobody who only looked at the catalogue.
        var connection = await database.OpenConnectionAsync();
        await using var begin = new NpgsqlCommand("begin isolation level repeatable read; select count(*) from pg_class", connection);
        await begin.ExecuteNonQueryAsync();
        return connection;
    }

    static async Task Execute(NpgsqlDataSource database, string sql, bool tolerate = false)
    {
        try
        {
            await using var command = database.CreateCommand(sql);
            command.CommandTimeout = 300;
            await command.ExecuteNonQueryAsync();
        }
        catch (PostgresException e) when (tolerate && e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            // An ordinary role may not ask for a checkpoint; one may then fall into a round, of either side.
        }
    }

    static async Task<long> Scalar(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
