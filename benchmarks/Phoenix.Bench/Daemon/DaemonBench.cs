using System.Diagnostics;
using JasperFx.Events.Daemon;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Bench.Queue;
using Phoenix.Projections;

namespace Phoenix.Bench.Daemon;

/// <summary>
/// The async projection (the savings ledger) catches up on a long event log, beside batched SQL that fills the same
/// table; then how far they are behind while events come steadily.
/// </summary>
static class DaemonBench
{
    public static async Task<BenchResult> Run(bool quick)
    {
        var (rounds, events, warmUp) = quick ? (2, 100_000, 5_000) : (3, 1_000_000, 50_000);
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(Environment.GetEnvironmentVariable(Database.Variable)));
        using var store = DocumentStore.For(options =>
        {
            options.ConfigurePhoenix();
            options.Connection(database);
            options.Projections.AsyncMode = DaemonMode.Solo;
        });
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        var shards = store.Options.Projections.AllShards().Select(s => s.Name.Identity).ToArray();
        var server = await ClusterCpu.Of(database);

        await MadeUpLog.Write(store, database, warmUp);
        await Measure(database, null, warmUp, () => ByDaemon(store, database, shards, warmUp));
        await Measure(database, null, warmUp, () => BatchedProjection.Run(database, warmUp));

        await MadeUpLog.Write(store, database, events);
        List<Round> ours = [], reference = [];
        Console.WriteLine($"{events} events, projections {string.Join(", ", shards)}; CPU as this process + PostgreSQL");
        Console.WriteLine("round    daemon  batched SQL  ratio  (events/s)    CPU ms an event: daemon           batched SQL");
        for (var round = 1; round <= rounds; round++)
        {
            // Each side goes first in every other round.
            Round? theirs = null;
            if (round % 2 == 0) theirs = await Measure(database, server, events, () => BatchedProjection.Run(database, events));
            var mine = await Measure(database, server, events, () => ByDaemon(store, database, shards, events));
            theirs ??= await Measure(database, server, events, () => BatchedProjection.Run(database, events));
            ours.Add(mine);
            reference.Add(theirs);
            Console.WriteLine($"{round,5} {mine.PerSecond,9:0} {theirs.PerSecond,12:0} {mine.PerSecond / theirs.PerSecond,6:0.00}                     {mine.Cpu,12} {theirs.Cpu,21}");
        }

        var lag = await Lag.Measure(store, database, shards, TimeSpan.FromSeconds(quick ? 10 : 120));
        Console.WriteLine(FormattableString.Invariant(
            $"lag at {lag.PerSecond:0} events/s: p50 {lag.P50Ms:0} ms, p99 {lag.P99Ms:0} ms, worst {lag.WorstMs:0} ms"));
        return new("daemon", "batched SQL, 500 events a transaction", "events/s", [.. ours.Select(r => r.PerSecond)], [.. reference.Select(r => r.PerSecond)])
        {
            Fields = new Dictionary<string, double>
            {
                ["lagP50Ms"] = Math.Round(lag.P50Ms, 1),
                ["lagP99Ms"] = Math.Round(lag.P99Ms, 1),
                ["lagEventsPerSecond"] = Math.Round(lag.PerSecond),
                ["cpuMsPerEvent"] = Math.Round(BenchResult.Median(ours.Select(r => r.OwnCpuMs + r.ServerCpuMs)), 4),
                ["peakRssMb"] = Math.Round(PeakResidentMb()),
            },
        };
    }

    sealed record Round(double PerSecond, double OwnCpuMs, double ServerCpuMs)
    {
        public string Cpu => FormattableString.Invariant($"{OwnCpuMs:0.000} + {ServerCpuMs:0.000}");
    }

    static async Task<Round> Measure(NpgsqlDataSource database, ClusterCpu? server, int events, Func<Task> project)
    {
        await Execute(database, $"truncate {BatchedProjection.Ledger}, phoenix.mt_event_progression");
        var (own, servers) = (Environment.CpuUsage.TotalTime, server?.Seconds ?? 0);
        var watch = Stopwatch.StartNew();
        await project();
        var seconds = watch.Elapsed.TotalSeconds;
        var round = new Round(events / seconds, (Environment.CpuUsage.TotalTime - own).TotalMilliseconds / events, ((server?.Seconds ?? 0) - servers) * 1000 / events);

        var windows = await Scalar(database, $"select coalesce(sum((day ->> 'windows')::bigint), 0)::bigint from {BatchedProjection.Ledger}, jsonb_array_elements(data -> 'days') day");
        return windows == MadeUpLog.Windows(events) ? round : throw new InvalidOperationException(
            $"of {MadeUpLog.Windows(events)} windows in {events} events {windows} are in the savings ledger");
    }

    static async Task ByDaemon(DocumentStore store, NpgsqlDataSource database, string[] shards, long events)
    {
        using var daemon = await store.BuildProjectionDaemonAsync();
        await daemon.StartAllAsync();
        await Reaches(database, shards, events, TimeSpan.FromMinutes(20));
        await daemon.StopAllAsync();
    }

    /// <summary>Waits until every projection has come as far.</summary>
    public static async Task Reaches(NpgsqlDataSource database, string[] shards, long sequence, TimeSpan limit)
    {
        var watch = Stopwatch.StartNew();
        while (await Progress(database, shards) < sequence)
        {
            if (watch.Elapsed > limit) throw new InvalidOperationException($"the projections did not reach event {sequence} within {limit.TotalSeconds:0} s");
            await Task.Delay(10);
        }
    }

    /// <summary>How far the slowest projection is.</summary>
    public static async Task<long> Progress(NpgsqlDataSource database, string[] shards)
    {
        await using var command = database.CreateCommand("select coalesce(min(last_seq_id), 0)::bigint from phoenix.mt_event_progression where name = any($1) having count(*) = cardinality($1)");
        command.Parameters.Add(new() { Value = shards });
        return (long?)await command.ExecuteScalarAsync() ?? 0;
    }

    static double PeakResidentMb()
    {
        using var own = Process.GetCurrentProcess();
        return own.PeakWorkingSet64 / 1e6;
    }

    static async Task Execute(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync();
    }

    static async Task<long> Scalar(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 300;
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
