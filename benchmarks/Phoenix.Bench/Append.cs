using System.Diagnostics;
using System.Text.Json;
using Marten;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Tasks;

namespace Phoenix.Bench;

/// <summary>
/// Queues tasks as the control plane does: one new stream each, 100 a transaction, with the inline queue projection. The
/// reference writes the same rows (streams, events, queue) of the same sizes with three set-based statements a transaction.
/// </summary>
static class Append
{
    const int PerTransaction = 100;

    public static async Task<BenchResult> Run(bool quick)
    {
        var (rounds, tasks) = quick ? (5, 4_000) : (9, 20_000);
        await using var database = NpgsqlDataSource.Create(Database.ConnectionString(Environment.GetEnvironmentVariable(Database.Variable)));
        using var store = DocumentStore.For(options =>
        {
            options.ConfigurePhoenix();
            options.Connection(database);
        });
        await store.Storage.ApplyAllConfiguredChangesToDatabaseAsync();

        List<double> ours = [], reference = [];
        Console.WriteLine("round    Marten      Npgsql     ratio     (events/s)");
        for (var round = 0; round <= rounds; round++)
        {
            // Each side goes first in every other round; both begin on empty tables.
            double marten, npgsql;
            if (round % 2 == 0)
            {
                marten = await Timed(database, tasks, n => ByMarten(store, n));
                npgsql = await Timed(database, tasks, n => ByNpgsql(database, n));
            }
            else
            {
                npgsql = await Timed(database, tasks, n => ByNpgsql(database, n));
                marten = await Timed(database, tasks, n => ByMarten(store, n));
            }
            if (round == 0) continue; // warms up both
            ours.Add(marten);
            reference.Add(npgsql);
            Console.WriteLine($"{round,5} {marten,9:0} {npgsql,11:0} {marten / npgsql,9:0.00}");
        }
        return new("append", "the same rows by Npgsql, unnest", "events/s", ours, reference);
    }

    static async Task<double> Timed(NpgsqlDataSource database, int tasks, Func<int, Task> append)
    {
        await using (var clear = database.CreateCommand($"truncate phoenix.mt_events, phoenix.mt_streams, {TaskQueueProjection.TableName}"))
            await clear.ExecuteNonQueryAsync();
        var watch = Stopwatch.StartNew();
        for (var done = 0; done < tasks; done += PerTransaction) await append(PerTransaction);
        var rate = tasks / watch.Elapsed.TotalSeconds;
        await using var count = database.CreateCommand($"select (select count(*) from phoenix.mt_events) + (select count(*) from {TaskQueueProjection.TableName})");
        var written = (long)(await count.ExecuteScalarAsync())!;
        return written == 2 * tasks ? rate : throw new InvalidOperationException($"{written} rows were written, {2 * tasks} were asked for");
    }

    static TaskQueued NewTask(int n) => new($"host-{n}", TaskPurpose.ApplyVariants, 0, Experiment,
        new([new("production", Arm.Production, Experiment, 1, new string('a', 64), null),
             new("candidate-0123456789ab", Arm.Candidate, Experiment, 1, new string('b', 64), Expires)], [],
            new("production", "candidate-0123456789ab", TimeSpan.FromSeconds(60), ["up"])));

    static readonly Guid Experiment = Guid.CreateVersion7();
    static readonly DateTimeOffset Expires = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    static async Task ByMarten(DocumentStore store, int n)
    {
        await using var session = store.LightweightSession();
        session.LastModifiedBy = "system";
        session.CorrelationId = "bench";
        session.CausationId = "bench";
        for (var i = 0; i < n; i++) session.Events.StartStream<AgentTask>(Guid.CreateVersion7(), NewTask(i));
        await session.SaveChangesAsync();
    }

    static async Task ByNpgsql(NpgsqlDataSource database, int n)
    {
        var ids = new Guid[n];
        var hosts = new string[n];
        var events = new string[n];
        var desired = new string[n];
        for (var i = 0; i < n; i++)
        {
            var task = NewTask(i);
            (ids[i], hosts[i]) = (Guid.CreateVersion7(), task.HostId);
            events[i] = JsonSerializer.Serialize(task, EventStoreOptions.Json);
            desired[i] = JsonSerializer.Serialize(task.Desired, EventStoreOptions.Json);
        }
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection, transaction);
        Add("insert into phoenix.mt_streams(id, type, version, tenant_id) select id, 'agent_task', 1, '*DEFAULT*' from unnest($1) id", ids);
        Add("insert into phoenix.mt_events(seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived, correlation_id, causation_id, user_name) " +
            "select nextval('phoenix.mt_events_sequence'), gen_random_uuid(), id, 1, d, 'task_queued', now(), '*DEFAULT*', $3, false, 'bench', 'bench', 'system' from unnest($1, $2) t(id, d)",
            ids, events, "Phoenix.Domain.Tasks.TaskQueued, Phoenix.Domain");
        Add($"insert into {TaskQueueProjection.TableName}(id, host_id, experiment_id, purpose, status, priority, queued_at, not_before, attempt, lease, acknowledged, desired) " +
            "select id, h, $4, 'ApplyVariants', 0, 0, now(), now(), 0, 0, false, d from unnest($1, $2, $3) t(id, h, d)", ids, hosts, desired, Experiment);
        await batch.ExecuteNonQueryAsync();
        await transaction.CommitAsync();

        void Add(string sql, params object[] values)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values)
                command.Parameters.Add(value == (object)events || value == (object)desired
                    ? new() { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb }
                    : new NpgsqlParameter { Value = value });
            batch.BatchCommands.Add(command);
        }
    }
}
