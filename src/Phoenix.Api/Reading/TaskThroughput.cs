using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Projections;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <param name="Buckets">Every one of the time asked for, also where nothing happened; the last one is not over.</param>
/// <param name="WaitSeconds">From when a task could be taken (queued, revived, or the time of its next attempt) to its assignment.</param>
/// <param name="RunSeconds">From its assignment to the host's answer, good or bad. An attempt of which nothing was heard again has none.</param>
public sealed record TaskThroughput(
    DateTimeOffset From, DateTimeOffset Until, double BucketSeconds, IReadOnlyList<ThroughputBucket> Buckets, Percentiles WaitSeconds, Percentiles RunSeconds);

/// <param name="At">Where it begins.</param>
/// <param name="Assigned">Attempts; a task may have several.</param>
/// <param name="Failed">Attempts that failed on the host.</param>
public sealed record ThroughputBucket(DateTimeOffset At, long Queued, long Assigned, long Succeeded, long Failed, long DeadLettered, long Cancelled);

/// <param name="P50">Null where nothing was measured.</param>
/// <param name="Of">Attempts that they are of: the newest, at most ten thousand.</param>
public sealed record Percentiles(double? P50, double? P95, long Of);

public static class TaskThroughputEndpoint
{
    const int MaxMinutes = 7 * 24 * 60, MaxBuckets = 2_000, MostMeasured = 10_000;

    const string Events = EventStoreOptions.Schema + ".mt_events";

    /// <summary>Events of some types from a moment on, by the index on type and number: the other events of an hour, which are many more, are not read.</summary>
    static string Since(string types) =>
        $"""
        type in ({types}) and "timestamp" >= $1 and "timestamp" < $2 and seq_id >= {SequenceOfTime.First("$1")}
        """;

    public static readonly string BucketSql =
        $"""
        select date_bin($3, "timestamp", $1), count(*) filter (where type = 'task_queued'), count(*) filter (where type = 'task_assigned'), count(*) filter (where type = 'task_succeeded'),
            count(*) filter (where type = 'task_failed'), count(*) filter (where type = 'task_dead_lettered'), count(*) filter (where type = 'task_cancelled')
        from {Events} where {Since("'task_queued', 'task_assigned', 'task_succeeded', 'task_failed', 'task_dead_lettered', 'task_cancelled'")} group by 1
        """;

    public static readonly string WaitSql = Percentile("'task_assigned'", "'task_queued', 'task_requeued', 'task_revived'",
        "case when before.type = 'task_requeued' then greatest(before.at, (before.data->>'notBefore')::timestamptz) else before.at end");

    public static readonly string RunSql = Percentile("'task_succeeded', 'task_failed'", "'task_assigned'", "before.at");

    static string Percentile(string ends, string begins, string begin) =>
        $"""
        select percentile_cont(array[0.5, 0.95]) within group (order by greatest(0, extract(epoch from ended.at - {begin}))::float8), count(*)
        from (select stream_id, version, "timestamp" as at from {Events} where {Since(ends)} order by seq_id desc limit {MostMeasured}) ended
        cross join lateral (
            select b.type, b."timestamp" as at, b.data from {Events} b where b.stream_id = ended.stream_id and b.version < ended.version and b.type in ({begins})
            order by b.version desc limit 1) before
        """;

    /// <summary>What the queue got through, from the tasks' own events.</summary>
    /// <param name="minutes">Until now; 60 where left out.</param>
    /// <param name="bucketSeconds">60 where left out.</param>
    [WolverineGet("/api/v2/tasks/throughput"), Tags("Tasks"), ProducesResponseType<TaskThroughput>(200), ProducesResponseType(422)]
    public static async Task<IResult> Get(NpgsqlDataSource database, TimeProvider clock, int? minutes, int? bucketSeconds, CancellationToken cancellation)
    {
        var (time, bucket) = (minutes ?? 60, bucketSeconds ?? 60);
        if (time is < 1 or > MaxMinutes) return Problems.Of(422, "minutes-invalid", $"The throughput is told of 1 to {MaxMinutes} minutes.", "minutes");
        if (bucket < 1 || time * 60 / bucket is < 1 or > MaxBuckets)
            return Problems.Of(422, "buckets-invalid", $"{time} minutes are divided into 1 to {MaxBuckets} buckets: give 'bucketSeconds' from {Math.Max(1, (time * 60 + MaxBuckets - 1) / MaxBuckets)} to {time * 60}.", "bucketSeconds");
        var length = TimeSpan.FromSeconds(bucket);
        // Buckets lie on whole multiples of their length, so that one that is over says the same each time it is asked.
        var now = clock.GetUtcNow();
        var until = new DateTimeOffset((now.UtcTicks / length.Ticks + 1) * length.Ticks, TimeSpan.Zero);
        var count = (int)Math.Ceiling(TimeSpan.FromMinutes(time) / length);
        var from = until - count * length;
        return await Patience.Run(database, "minutes-too-many", "Give fewer 'minutes'.", async connection =>
        {
            Dictionary<DateTimeOffset, ThroughputBucket> found = [];
            await using (var command = Command(connection, BucketSql, from, until))
            {
                command.Parameters.Add(new() { Value = length });
                await using var r = await command.ExecuteReaderAsync(cancellation);
                while (await r.ReadAsync(cancellation))
                    found[r.GetFieldValue<DateTimeOffset>(0)] = new(r.GetFieldValue<DateTimeOffset>(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6));
            }
            var (wait, run) = (await Measured(connection, WaitSql, from, until, cancellation), await Measured(connection, RunSql, from, until, cancellation));
            return TypedResults.Ok(new TaskThroughput(from, until, bucket,
                [.. Enumerable.Range(0, count).Select(i => from + i * length).Select(at => found.GetValueOrDefault(at) ?? new(at, 0, 0, 0, 0, 0, 0))], wait, run));
        }, cancellation);
    }

    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, DateTimeOffset from, DateTimeOffset until)
    {
        NpgsqlCommand command = new(sql, connection);
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        return command;
    }

    static async Task<Percentiles> Measured(NpgsqlConnection connection, string sql, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var command = Command(connection, sql, from, until);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        await r.ReadAsync(cancellation);
        var at = r.IsDBNull(0) ? null : r.GetFieldValue<double[]>(0);
        return new(at?[0], at?[1], r.GetInt64(1));
    }
}
