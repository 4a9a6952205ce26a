using System.Collections.Concurrent;
using System.Diagnostics;
using Marten;
using Npgsql;
using Phoenix.Projections.Tasks;

namespace Phoenix.Bench.Daemon;

/// <summary>How long after its commit an event has reached every async projection, while events come at random, 500 a second.</summary>
sealed record Lag(double PerSecond, double P50Ms, double P99Ms, double WorstMs)
{
    const int EventsPerSecond = 500, EventsPerTransaction = 5;

    public static async Task<Lag> Measure(DocumentStore store, NpgsqlDataSource database, string[] shards, TimeSpan time)
    {
        using var daemon = await store.BuildProjectionDaemonAsync();
        await daemon.StartAllAsync();
        await DaemonBench.Reaches(database, shards, await Head(database), TimeSpan.FromMinutes(20));

        var committed = new ConcurrentDictionary<Guid, long>();
        var head = new TaskCompletionSource<long>();
        var watching = Watch(database, shards, head.Task);
        var from = Stopwatch.GetTimestamp();
        await Append(store, committed, time);
        var took = Stopwatch.GetElapsedTime(from);
        head.SetResult(await Head(database));
        var steps = await watching.WaitAsync(TimeSpan.FromMinutes(2));
        await daemon.StopAllAsync();

        var lags = await Lags(database, committed, steps);
        double At(double quantile) => lags[(int)Math.Min(lags.Count - 1, quantile * lags.Count)];
        return new(committed.Count * EventsPerTransaction / took.TotalSeconds, At(0.5), At(0.99), lags[^1]);
    }

    /// <summary>Transactions begin by the clock, however long those before them take (Poisson).</summary>
    static async Task Append(DocumentStore store, ConcurrentDictionary<Guid, long> committed, TimeSpan time)
    {
        var random = new Random(7);
        var watch = Stopwatch.StartNew();
        var under = new List<Task>();
        for (var at = 0.0; at < time.TotalSeconds; at -= Math.Log(1 - random.NextDouble()) * EventsPerTransaction / EventsPerSecond)
        {
            if (TimeSpan.FromSeconds(at) - watch.Elapsed is { Ticks: > 0 } early) await Task.Delay(early);
            under.Add(Transaction());
        }
        await Task.WhenAll(under);

        async Task Transaction()
        {
            await using var session = store.LightweightSession();
            session.LastModifiedBy = "bench";
            var events = Enumerable.Range(0, EventsPerTransaction).Select(_ => session.TaskEvent(Guid.CreateVersion7(), MadeUpLog.Queued, MadeUpLog.Queued.ExperimentId)).ToList();
            await session.BeginTasks(events, CancellationToken.None);
            await session.SaveChangesAsync();
            committed[events[^1].StreamId] = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>When the slowest projection had come how far, until it has reached the head that becomes known at the end.</summary>
    static async Task<List<(long At, long Sequence)>> Watch(NpgsqlDataSource database, string[] shards, Task<long> head)
    {
        List<(long At, long Sequence)> steps = [];
        while (!head.IsCompletedSuccessfully || steps is [] || steps[^1].Sequence < head.Result)
        {
            var sequence = await DaemonBench.Progress(database, shards);
            if (steps is [] || steps[^1].Sequence < sequence) steps.Add((Stopwatch.GetTimestamp(), sequence));
            await Task.Delay(2);
        }
        return steps;
    }

    /// <summary>Milliseconds of each transaction, in rising order. One that was projected before its commit was answered counts as none.</summary>
    static async Task<List<double>> Lags(NpgsqlDataSource database, ConcurrentDictionary<Guid, long> committed, List<(long At, long Sequence)> steps)
    {
        List<double> lags = [];
        await using var command = database.CreateCommand("select stream_id, seq_id from phoenix.mt_events where stream_id = any($1)");
        command.Parameters.Add(new() { Value = committed.Keys.ToArray() });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var sequence = reader.GetInt64(1);
            var seen = steps.BinarySearch((0, sequence), Comparer<(long At, long Sequence)>.Create((a, b) => a.Sequence.CompareTo(b.Sequence)));
            var at = steps[seen < 0 ? ~seen : seen].At;
            lags.Add(Math.Max(0, Stopwatch.GetElapsedTime(committed[reader.GetGuid(0)], at).TotalMilliseconds));
        }
        if (lags.Count != committed.Count) throw new InvalidOperationException($"of {committed.Count} transactions {lags.Count} are in the event log");
        lags.Sort();
        return lags;
    }

    static async Task<long> Head(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("select coalesce(max(seq_id), 0) from phoenix.mt_events");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
