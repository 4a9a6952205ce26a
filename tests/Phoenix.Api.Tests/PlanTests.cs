using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Reading;
using Phoenix.Domain.Agents;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tests;

/// <summary>What people and sweeps ask of large tables is answered by an index, in a database that is full and has statistics of it.</summary>
[Collection(nameof(ControlPlane))]
public sealed class PlanTests(ControlPlane plane)
{
    static readonly Guid One = Guid.Parse("00000000-0000-4000-8000-000000000001");

    /// <summary>Fifty thousand events of five hundred streams, experiments and actors.</summary>
    const string Log =
        """
        insert into phoenix.mt_streams (id, type, version) select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'agent_task', 100 from generate_series(0, 499) n;
        insert into phoenix.mt_events (seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, headers, user_name, correlation_id)
        select 1000000000 + n, gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad((n % 500)::text, 12, '0'))::uuid, n / 500 + 1, '{}', 'plan_' || n % 500,
          now() - interval '1 year' + n * interval '5 minutes', 'Phoenix.Domain.Tasks.TaskAssigned, Phoenix.Domain',
          jsonb_build_object('experiment', '00000000-0000-4000-8000-' || lpad((n % 500)::text, 12, '0')), 'agent:plan-' || n % 500, 'plan-' || n % 500
        from generate_series(0, 49999) n;
        analyze phoenix.mt_events;
        """;

    [Theory]
    [InlineData("experiment", "ix_audit_experiment")]
    [InlineData("actor", "ix_audit_actor")]
    [InlineData("correlation", "ix_audit_correlation")]
    [InlineData("type", "using idx_mt_events_event_type_seq_id")]
    [InlineData("stream", "pk_mt_events_stream_and_version")]
    [InlineData("after", "pkey_mt_events_seq_id")]
    [InlineData("everything", "pkey_mt_events_seq_id")]
    [InlineData("newest", "Scan Backward using pkey_mt_events_seq_id")]
    [InlineData("time", "ix_audit_time")]
    public async Task the_audit_log_is_read_by_index(string by, string index) =>
        (await Plan(Log, connection => AuditReads.Query(connection, new(
            ExperimentId: by == "experiment" ? One : null, StreamId: by == "stream" ? One : null, Types: by == "type" ? ["plan_1"] : null,
            Actor: by == "actor" ? "agent:plan-1" : null, CorrelationId: by == "correlation" ? "plan-1" : null,
            From: by == "time" ? DateTimeOffset.UtcNow.AddYears(-1).AddDays(100) : null, Until: by == "time" ? DateTimeOffset.UtcNow.AddYears(-1).AddDays(100).AddHours(1) : null),
            descending: by == "newest", after: by == "after" ? 1_000_040_000 : null, limit: 100)))
        .ShouldContain(index);

    [Fact]
    public async Task the_cause_of_an_event_is_found_by_its_id() =>
        (await Plan(Log, connection => AuditDetailRead.Query(connection, AuditDetailRead.Event, 1, One))).ShouldContain("ix_audit_event");

    /// <summary>Events up to the last of <see cref="Log"/> are settled, so that a query that is run finds them.</summary>
    const string SettledLog = Log +
        """
        insert into phoenix.mt_event_progression (name, last_seq_id) values ('HighWaterMark', 1000049999) on conflict (name) do update set last_seq_id = excluded.last_seq_id;
        """;

    static readonly DateTimeOffset LogBegins = DateTimeOffset.UtcNow.AddYears(-1), LogEnds = LogBegins.AddMinutes(5 * 49_999);

    static AuditFilter Last(double days) => new(From: LogEnds.AddDays(-days));

    static AuditFilter First(double days) => new(From: LogBegins, Until: LogBegins.AddDays(days));

    [Theory]
    [InlineData(7)]
    [InlineData(30)]
    public async Task a_span_of_time_is_listed_without_a_look_at_what_lies_outside(double days)
    {
        Thrown(await Run(SettledLog, connection => AuditReads.Query(connection, Last(days), descending: false, after: null, limit: 101))).ShouldBeLessThan(1_000);
        Thrown(await Run(SettledLog, connection => AuditReads.Query(connection, First(days), descending: true, after: null, limit: 101))).ShouldBeLessThan(1_000);
    }

    [Theory]
    [InlineData(7)]
    [InlineData(30)]
    public async Task the_bounds_of_an_export_are_found_by_the_index_on_time(double days)
    {
        foreach (var filter in (AuditFilter[])[Last(days), First(days)])
        {
            var ran = await Run(SettledLog, connection => AuditExport.BoundsOf(connection, filter));
            ran.ShouldContain("ix_audit_time");
            Thrown(ran).ShouldBeLessThan(100);
        }
    }

    [Fact]
    public async Task what_ended_candidates_is_found_among_all_events_by_its_type() =>
        (await Plan(Log, connection =>
        {
            var command = new NpgsqlCommand(Usage.RoiEndpoint.CandidatesSql, connection);
            command.Parameters.Add(new() { Value = DateTimeOffset.UtcNow.AddDays(-30) });
            command.Parameters.Add(new() { Value = DateTimeOffset.UtcNow });
            return command;
        })).ShouldContain("idx_mt_events_event_type_seq_id");

    /// <summary>Rows that were read and did not match.</summary>
    static long Thrown(string ran) => System.Text.RegularExpressions.Regex.Matches(ran, @"Rows Removed by \w+: (\d+)").Sum(m => long.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));

    const string Queue =
        $$"""
        insert into {{TaskQueueProjection.TableName}}(id, host_id, experiment_id, purpose, status, priority, rank, queued_at, not_before, attempt, attempts_before, lease, failed_lease, lease_until, acknowledged, desired)
        select gen_random_uuid(), 'plan-' || n % 500, ('00000000-0000-4000-8000-' || lpad((n % 500)::text, 12, '0'))::uuid, 'Promote', n % 2, 0, now(), now(), now() - n * interval '1 second', 0, 0, 0, 0,
          case when n % 2 = 1 then now() + interval '1 minute' - n * interval '1 second' end, false, '{}' from generate_series(0, 49999) n;
        analyze {{TaskQueueProjection.TableName}};
        """;

    [Theory]
    [InlineData("host", "ix_task_queue_host")]
    [InlineData("experiment", "ix_task_queue_experiment")]
    public async Task the_queue_is_listed_by_index(string by, string index) =>
        (await Plan(Queue, connection => TaskReads.Query(connection, by == "host" ? "plan-1" : null, by == "experiment" ? One : null, null, null, null, 100)))
        .ShouldContain(index);

    [Theory]
    [InlineData(Tasks.TaskQueue.DueSql, "ix_task_queue_due", false)]
    [InlineData(Tasks.TaskQueue.DueSql, "ix_task_queue_due", true)]
    [InlineData(Tasks.TaskQueue.ExpiredSql, "ix_task_queue_lease", false)]
    [InlineData(Tasks.TaskQueue.ExpiredSql, "ix_task_queue_lease", true)]
    public async Task sweeps_look_at_what_has_come_to_its_time_alone(string sql, string index, bool generic) =>
        (await Plan(Queue, connection =>
        {
            var command = new NpgsqlCommand(sql, connection);
            command.Parameters.Add(new() { Value = DateTimeOffset.UtcNow.AddMinutes(-1) });
            command.Parameters.Add(new() { Value = sql == Tasks.TaskQueue.DueSql ? TimeSpan.FromMinutes(1) : 500 });
            return command;
        }, generic)).ShouldContain(index);

    [Fact]
    public async Task hosts_are_found_by_their_labels_through_the_index() =>
        (await Plan(
            $$"""
            insert into {{FleetProjection.TableName}}(host_id, labels, agent_version, operating_system, architecture, verification, enrolled_at)
            select 'plan-' || n, jsonb_build_object('group', 'plan-' || n % 1000), '1', 'linux', 'x64', 'verified', now() from generate_series(0, 49999) n;
            analyze {{FleetProjection.TableName}};
            """, connection =>
            {
                var command = new NpgsqlCommand { Connection = connection };
                command.CommandText = $"select host_id from {FleetProjection.TableName} where {LabelSelector.Parse("group=plan-1").Selector!.Condition("labels", command.Parameters)}";
                return command;
            })).ShouldContain("ix_fleet_host_labels");

    /// <summary>The plan of a query after the statements, which are taken back: as it is planned at first, and as a prepared statement is planned for whatever values.</summary>
    Task<string> Plan(string fill, Func<NpgsqlConnection, NpgsqlCommand> query, bool generic = false) => Explain("explain", fill, query, generic);

    /// <summary>The same, and what each step of it had to look at.</summary>
    Task<string> Run(string fill, Func<NpgsqlConnection, NpgsqlCommand> query) => Explain("explain (analyze, costs off, timing off)", fill, query, false);

    async Task<string> Explain(string how, string fill, Func<NpgsqlConnection, NpgsqlCommand> query, bool generic)
    {
        await using var connection = await plane.Host.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        if (generic) fill += "set local plan_cache_mode = force_generic_plan;";
        await using (var set = new NpgsqlCommand(fill, connection)) await set.ExecuteNonQueryAsync();
        await using var explain = query(connection);
        if (generic)
        {
            // Npgsql would send the statement with its values; prepared by name it is planned without them.
            var values = explain.Parameters.Select(p => p.Value switch { DateTimeOffset at => $"'{at:O}'", TimeSpan span => $"'{span.TotalSeconds} seconds'", var number => $"{number}" }).ToList();
            // A transaction that is taken back leaves it prepared, for whoever gets the connection next.
            var name = $"planned_{Guid.NewGuid():N}";
            await using var prepare = new NpgsqlCommand($"prepare {name} as {explain.CommandText}", connection);
            await prepare.ExecuteNonQueryAsync();
            explain.Parameters.Clear();
            explain.CommandText = $"execute {name}({string.Join(", ", values)})";
        }
        explain.CommandText = $"{how} {explain.CommandText}";
        await using var reader = await explain.ExecuteReaderAsync();
        List<string> plan = [];
        while (await reader.ReadAsync()) plan.Add(reader.GetString(0));
        return string.Join('\n', plan);
    }
}
