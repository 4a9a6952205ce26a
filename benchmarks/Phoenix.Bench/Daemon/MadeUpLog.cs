using System.Collections.Immutable;
using System.Text.Json;
using Marten;
using Npgsql;
using NpgsqlTypes;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Audit;

namespace Phoenix.Bench.Daemon;

/// <summary>
/// An event log as a busy fleet leaves it: tasks that are queued, assigned, acknowledged and done, and every tenth event a
/// window of one of a few experiments, which is what the savings ledger lives on. The events are real ones, written by SQL.
/// </summary>
static class MadeUpLog
{
    const int Experiments = 20, WindowEvery = 10;

    /// <summary>Windows in a log of so many events.</summary>
    public static int Windows(int events) => events / WindowEvery - Experiments / WindowEvery;

    /// <summary>Replaces what the event store holds.</summary>
    public static async Task Write(DocumentStore store, NpgsqlDataSource database, int events)
    {
        await using var session = store.LightweightSession();
        await using var connection = await database.OpenConnectionAsync();
        await Execute(connection, "truncate phoenix.mt_events, phoenix.mt_streams");
        await Execute(connection, """
            insert into phoenix.mt_streams (id, type, version, tenant_id)
            select md5('experiment' || n)::uuid, 'experiment', 1, '*DEFAULT*' from generate_series(0, $1 - 1) n
            union all select md5('task' || n)::uuid, 'agent_task', 4, '*DEFAULT*' from generate_series(0, $2 / 4) n
            """, Experiments, events);

        object[] kinds = [Queued, Assigned, Progressed, Succeeded, Window, Drafted];
        var built = kinds.Select(k => session.Events.BuildEvent(k)).ToList();
        // Task events come four by four; windows take their turn between them.
        await Execute(connection, $$"""
            insert into phoenix.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived, correlation_id, causation_id, headers, user_name)
            select n, gen_random_uuid(),
                   case kind when 6 then md5('experiment' || (n - 1))::uuid
                             when 5 then md5('experiment' || (n / {{WindowEvery}} % {{Experiments}}))::uuid
                             else md5('task' || (nth / 4))::uuid end,
                   case kind when 6 then 1 when 5 then 2 + n / {{WindowEvery}} / {{Experiments}} else kind end,
                   ($2::jsonb[])[kind], ($3::text[])[kind], now(), '*DEFAULT*', ($4::text[])[kind], false, 'bench', 'bench',
                   case when kind < 5 then jsonb_build_object('{{AuditLog.ExperimentHeader}}', md5('experiment' || (nth / 4 % {{Experiments}}))::uuid) end,
                   'bench'
            from (select n, n - {{Experiments}} - 1 - n / {{WindowEvery}} + {{Experiments / WindowEvery}} as nth from generate_series(1, $1) n) made,
                 lateral (select case when n <= {{Experiments}} then 6 when n % {{WindowEvery}} = 0 then 5 else 1 + nth % 4 end as kind) as k
            order by n
            """, events,
            new NpgsqlParameter { Value = kinds.Select(k => JsonSerializer.Serialize(k, k.GetType(), EventStoreOptions.Json)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb },
            built.Select(e => e.EventTypeName).ToArray(), built.Select(e => e.DotNetTypeName).ToArray());
        await Execute(connection, "select setval('phoenix.mt_events_sequence', $1)", (long)events);
        await Execute(connection, "analyze phoenix.mt_events");
    }

    static readonly Guid Pipeline = Guid.CreateVersion7();

    public static TaskQueued Queued { get; } = new("host-1234", TaskPurpose.ApplyVariants, 0, Pipeline,
        new([new("production", Arm.Production, Pipeline, 1, new string('a', 64), null),
             new("candidate-0123456789ab", Arm.Candidate, Pipeline, 1, new string('b', 64), Until)], [],
            new("production", "candidate-0123456789ab", TimeSpan.FromSeconds(60), ["up"])));

    static TaskAssigned Assigned { get; } = new(1234, Until, 1);

    static TaskProgressed Progressed { get; } = new(1234, "accepted", null, Until);

    static TaskSucceeded Succeeded { get; } = new(1234, "host-1234", TaskPurpose.ApplyVariants,
        [new("production", Arm.Production, Pipeline, 1, new string('a', 64), false), new("candidate-0123456789ab", Arm.Candidate, Pipeline, 1, new string('b', 64), true)], []);

    static WindowMeasured Window { get; } = new(7, 100, 60, new(120_000, 180_000, 181_000, 480_000, 720_000, 9_000_000, 800, 90 << 20, 0),
        new(30_000, 45_000, 45_200, 120_000, 180_000, 2_400_000, 950, 110 << 20, 0),
        new(4_000, ImmutableSortedDictionary<string, long>.Empty.Add("http_requests_total", 123_456), 0, null, 0), new(900, 900, []));

    static ExperimentDrafted Drafted { get; } = new("Fold the instance label", "Nobody reads it", new(Pipeline, 1, "baseline", new string('a', 64)), new(Pipeline, 2, "candidate", new string('b', 64)),
        ["host-1", "host-2"], new(TimeSpan.FromMinutes(5), TimeSpan.FromHours(1), TimeSpan.FromMinutes(1)), SuccessCriteria.Default, ["up"], "list");

    static DateTimeOffset Until => new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    static async Task Execute(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        foreach (var value in values) command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        await command.ExecuteNonQueryAsync();
    }
}
