using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Reading;

namespace Phoenix.Api.Tests;

/// <summary>The queue in numbers. On a database of its own: they are of everything.</summary>
public sealed class TaskFiguresTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    static long Sum(JsonElement throughput, string of) => throughput.GetProperty("buckets").EnumerateArray().Sum(b => b.GetProperty(of).GetInt64());

    [Fact]
    public async Task the_queue_and_what_it_got_through_are_told_in_numbers()
    {
        var empty = await plane.Get("/api/v2/tasks/summary");
        (empty.GetProperty("queued").GetInt64(), empty.GetProperty("hostsWithWork").GetInt64(), empty.GetProperty("oldestQueuedSeconds").ValueKind).ShouldBe((0, 0, JsonValueKind.Null));
        (await plane.Get("/api/v2/tasks/throughput")).GetProperty("waitSeconds").GetProperty("p50").ValueKind.ShouldBe(JsonValueKind.Null);

        var (_, done) = await plane.Running();
        var (waits, works, fails) = (await TestAgent.Enrol(plane), await TestAgent.Enrol(plane), await TestAgent.Enrol(plane));
        foreach (var agent in (TestAgent[])[waits, works, fails])
            await plane.Command(await plane.Experiment(await plane.Pipeline(), await plane.Pipeline(Scenario.ReducingYaml), [agent.HostId]), "start");
        (await works.Poll()).ShouldHaveSingleItem();
        (await fails.Fail((await fails.Poll()).ShouldHaveSingleItem())).StatusCode.ShouldBe(HttpStatusCode.OK);

        var summary = await Eventually.Get(() => plane.Get("/api/v2/tasks/summary"), s => s.GetProperty("waiting").GetInt64() == 1, "the failed attempt to wait");
        (summary.GetProperty("queued").GetInt64(), summary.GetProperty("assigned").GetInt64(), summary.GetProperty("deadLettered").GetInt64(), summary.GetProperty("hostsWithWork").GetInt64()).ShouldBe((2, 1, 0, 3));
        summary.GetProperty("oldestQueuedSeconds").GetDouble().ShouldBeInRange(0, 600);
        var purpose = summary.GetProperty("byPurpose").EnumerateObject().ShouldHaveSingleItem();
        (purpose.Name, purpose.Value.GetProperty("queued").GetInt64(), purpose.Value.GetProperty("assigned").GetInt64()).ShouldBe(("applyVariants", 2, 1));

        var throughput = await plane.Get("/api/v2/tasks/throughput?minutes=60&bucketSeconds=60");
        (Sum(throughput, "queued"), Sum(throughput, "assigned"), Sum(throughput, "succeeded"), Sum(throughput, "failed"), Sum(throughput, "deadLettered"), Sum(throughput, "cancelled")).ShouldBe((4, 3, 1, 1, 0, 0));
        var (wait, run) = (throughput.GetProperty("waitSeconds"), throughput.GetProperty("runSeconds"));
        (wait.GetProperty("of").GetInt64(), run.GetProperty("of").GetInt64()).ShouldBe((3, 2));
        foreach (var measured in (JsonElement[])[wait, run])
        {
            measured.GetProperty("p50").GetDouble().ShouldBeInRange(0, 600);
            measured.GetProperty("p95").GetDouble().ShouldBeGreaterThanOrEqualTo(measured.GetProperty("p50").GetDouble());
        }
        var buckets = throughput.GetProperty("buckets").EnumerateArray().Select(b => b.GetProperty("at").GetDateTimeOffset()).ToList();
        buckets.Count.ShouldBe(60);
        buckets.Zip(buckets.Skip(1)).ShouldAllBe(p => p.Second - p.First == TimeSpan.FromMinutes(1));
        buckets[0].Second.ShouldBe(0);
        await (await plane.User.GetAsync("/api/v2/tasks/throughput?minutes=0")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "minutes-invalid");
        await (await plane.User.GetAsync("/api/v2/tasks/throughput?bucketSeconds=1")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "buckets-invalid");
    }

    [Fact]
    public async Task what_takes_too_long_is_no_database_that_is_away()
    {
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var connection = await database.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            // Stands for a log that is longer than it can be looked through in time.
            await using (var all = new NpgsqlCommand("lock table phoenix.mt_events in access exclusive mode", connection)) await all.ExecuteNonQueryAsync();
            var (figures, detail) = (plane.User.GetAsync("/api/v2/tasks/throughput"), plane.User.GetAsync("/api/v2/audit/1"));
            await (await figures).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "minutes-too-many");
            await (await detail).ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "database-slow");
        }
        await using var slow = new NpgsqlCommand("select pg_sleep(30)", connection) { CommandTimeout = 1 };
        Infrastructure.Problems.TooSlow(await Should.ThrowAsync<Exception>(async () => await slow.ExecuteScalarAsync())).ShouldBeTrue();
        var nobody = new NpgsqlConnectionStringBuilder(plane.ConnectionString) { Host = "127.0.0.1", Port = 1 };
        await using var away = NpgsqlDataSource.Create(nobody.ConnectionString);
        var refused = await Should.ThrowAsync<Exception>(async () => await away.OpenConnectionAsync());
        (Infrastructure.Problems.TooSlow(refused), Infrastructure.Problems.DatabaseAway(refused)).ShouldBe((false, true));
    }

    [Fact]
    public async Task an_hour_of_a_million_events_is_told_without_reading_them()
    {
        await using var connection = await plane.Host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        // A year of two events in every thirty seconds; of the last days one of fifty is a task's, and each task has three.
        await using (var fill = new NpgsqlCommand(
            """
            insert into phoenix.mt_streams (id, type, version) select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'agent_task', 100 from generate_series(0, 9999) n;
            insert into phoenix.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, user_name)
            select 1000000000 + n, gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad((n / 3 % 10000)::text, 12, '0'))::uuid, n / 30000 * 3 + n % 3 + 1, '{}',
              case when n % 150 >= 3 then 'window_measured' else (array['task_queued', 'task_assigned', 'task_succeeded'])[n % 3 + 1] end,
              now() - interval '10 days' + n * interval '864 milliseconds', 'Phoenix.Domain.Tasks.TaskAssigned, Phoenix.Domain', 'agent:plan'
            from generate_series(0, 999999) n;
            analyze phoenix.mt_events;
            """, connection) { CommandTimeout = 600 })
            await fill.ExecuteNonQueryAsync();
        var now = DateTimeOffset.UtcNow;
        foreach (var (sql, limit) in ((string, double)[])[(TaskThroughputEndpoint.BucketSql, 2), (TaskThroughputEndpoint.WaitSql, 3), (TaskThroughputEndpoint.RunSql, 3)])
        {
            await using var explain = TaskThroughputEndpoint.Command(connection, "explain " + sql, now.AddHours(-1), now);
            if (sql.Contains("$3", StringComparison.Ordinal)) explain.Parameters.Add(new() { Value = TimeSpan.FromMinutes(1) });
            List<string> lines = [];
            await using (var r = await explain.ExecuteReaderAsync())
                while (await r.ReadAsync()) lines.Add(r.GetString(0));
            var plan = string.Join('\n', lines);
            plan.ShouldContain("ix_audit_time");
            plan.ShouldNotContain("Seq Scan on mt_events");
            explain.CommandText = sql;
            var since = Stopwatch.GetTimestamp();
            await explain.ExecuteNonQueryAsync();
            Stopwatch.GetElapsedTime(since).TotalSeconds.ShouldBeLessThan(limit);
        }
    }
}
