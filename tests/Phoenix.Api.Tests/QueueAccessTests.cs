using Marten;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tests;

/// <summary>What hand-written SQL can do through the role that claims: whoever injects a statement there has that and nothing more.</summary>
[Collection(nameof(ControlPlane))]
public sealed class QueueAccessTests(ControlPlane plane)
{
    IServiceProvider Services => plane.Host.Services;
    NpgsqlDataSource Claims => Services.GetRequiredService<QueueAccess>().Claims;
    NpgsqlDataSource Owner => Services.GetRequiredService<NpgsqlDataSource>();

    const string Claim = $"select count(*) from {TaskClaim.Claim}($1, $2, $3, interval '60 s', 4, 100)";

    [Theory]
    [InlineData($"select count(*) from {TaskQueueProjection.TableName}")]
    [InlineData($"update {TaskQueueProjection.TableName} set status = 1 where host_id = 'x'")]
    [InlineData($"delete from {TaskQueueProjection.TableName}")]
    [InlineData($"insert into {TaskQueueProjection.TableName} select * from {TaskQueueProjection.TableName}")]
    [InlineData($"select * from {TaskClaim.KeyTableName}")]
    [InlineData($"select * from {TaskClaim.Prove}(array['x'])")]
    [InlineData("select * from phoenix.mt_events")]
    [InlineData("insert into phoenix.mt_events select * from phoenix.mt_events")]
    [InlineData("select * from phoenix.mt_doc_agentcredential")]
    [InlineData("select nextval('phoenix.task_lease_seq')")]
    [InlineData("create table phoenix.mine (x int)")]
    [InlineData("create or replace function phoenix.task_claim() returns int language sql as 'select 1'")]
    [InlineData($"alter table {TaskQueueProjection.TableName} disable row level security")]
    [InlineData($"create policy mine on {TaskQueueProjection.TableName} using (true)")]
    [InlineData($"set row_security = off; select count(*) from {TaskQueueProjection.TableName}")]
    [InlineData($"select set_config('row_security', 'off', false), set_config('role', 'none', false); select count(*) from {TaskQueueProjection.TableName}")]
    [InlineData("reset role; select * from phoenix.mt_events")]
    public async Task nothing_but_the_claim_is_allowed(string sql)
    {
        var refused = await Should.ThrowAsync<PostgresException>(async () => await Claims.CreateCommand(sql).ExecuteNonQueryAsync());
        refused.SqlState.ShouldBeOneOf(PostgresErrorCodes.InsufficientPrivilege, PostgresErrorCodes.InvalidParameterValue);
    }

    [Fact]
    public async Task a_node_that_starts_later_claims_through_the_same_role()
    {
        var secretFile = Path.Combine(Path.GetTempPath(), $"phoenix-second-{Guid.NewGuid():N}");
        await using var second = await ControlPlane.Start(plane.ConnectionString, secretFile);
        var host = $"nobody-{Guid.NewGuid():N}";
        var id = await Queue(host);
        (await second.Services.GetRequiredService<TaskQueue>().Take([host], CancellationToken.None))[host].ShouldHaveSingleItem().Id.ShouldBe(id);
        (await Services.GetRequiredService<TaskQueue>().Take([host], CancellationToken.None))[host].ShouldHaveSingleItem().Id.ShouldBe(id, "the first node's connections still count");
    }

    [Fact]
    public async Task it_cannot_become_the_owner()
    {
        var owner = new NpgsqlConnectionStringBuilder(plane.ConnectionString).Username!;
        (await Should.ThrowAsync<PostgresException>(async () => await Claims.CreateCommand($"set role {owner}").ExecuteNonQueryAsync()))
            .SqlState.ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task without_its_own_proof_a_host_has_no_tasks()
    {
        var (mine, others) = ($"nobody-{Guid.NewGuid():N}", $"nobody-{Guid.NewGuid():N}");
        await Queue(mine);
        await Queue(others);
        var (until, proof) = await Prove(mine);

        // Another host with this proof, with a proof that is made up, with a longer life, with the key's own functions hidden by temporary ones.
        (await Count([others], [until], [proof])).ShouldBe(0);
        (await Count([others], [until], [new byte[32]])).ShouldBe(0);
        (await Count([others], [until], [[]])).ShouldBe(0);
        (await Count([mine], [until.AddSeconds(1)], [proof])).ShouldBe(0);
        (await Count([$"{mine}\n"], [until], [proof])).ShouldBe(0);
        await using (var connection = await Claims.OpenConnectionAsync())
        {
            await using var lure = new NpgsqlCommand(
                "create function pg_temp.sha256(bytea) returns bytea language sql as $$ select '\\x00'::bytea $$; set search_path = pg_temp, pg_catalog, phoenix; " +
                $"select set_config('phoenix.host_id', '{others}', false); select set_config('app.host_id', '{others}', false)", connection);
            await lure.ExecuteNonQueryAsync();
            await using var claim = Parameters(new NpgsqlCommand(Claim, connection), [others], [until], ["\0"u8.ToArray()]);
            (await claim.ExecuteScalarAsync()).ShouldBe(0L);
        }
        (await Statuses(others)).ShouldBe([0]);
        (await Statuses(mine)).ShouldBe([0]);

        // Beside a wrong one the right proof still gets its own, and only that.
        (await Count([others, mine], [until, until], [proof, proof])).ShouldBe(1);
        (await Statuses(others)).ShouldBe([0]);
        (await Statuses(mine)).ShouldBe([1]);
    }

    [Fact]
    public async Task a_proof_ends()
    {
        var host = $"nobody-{Guid.NewGuid():N}";
        await Queue(host);
        var ended = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60);
        // Made by the owner with the right key, but for a time that is over.
        await using var make = Owner.CreateCommand(
            $"select sha256(k.outer_pad || sha256(k.inner_pad || convert_to($1 || E'\\n' || extract(epoch from $2)::bigint, 'UTF8'))) from {TaskClaim.KeyTableName} k");
        make.Parameters.Add(new() { Value = host });
        make.Parameters.Add(new() { Value = ended });
        (await Count([host], [ended], [(byte[])(await make.ExecuteScalarAsync())!])).ShouldBe(0);
    }

    [Fact]
    public async Task row_level_security_is_forced_on_the_queue()
    {
        await using var read = Owner.CreateCommand($"select relrowsecurity and relforcerowsecurity from pg_class where oid = '{TaskQueueProjection.TableName}'::regclass");
        (await read.ExecuteScalarAsync()).ShouldBe(true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task what_is_held_back_stays_in_the_queue(bool decommissioned)
    {
        var host = $"nobody-{Guid.NewGuid():N}";
        var on = await Queue(host, TaskPurpose.ApplyVariants);
        var off = await Queue(host, TaskPurpose.RemoveCandidate);
        await using (var hold = Owner.CreateCommand($"insert into {TaskQueueProjection.HoldTableName}(host_id, decommissioned) values ($1, $2)"))
        {
            hold.Parameters.Add(new() { Value = host });
            hold.Parameters.Add(new() { Value = decommissioned });
            await hold.ExecuteNonQueryAsync();
        }
        var queue = Services.GetRequiredService<TaskQueue>();
        var taken = await queue.Take([host], CancellationToken.None);
        if (decommissioned) taken.ShouldBeEmpty();
        else taken[host].ShouldHaveSingleItem().Id.ShouldBe(off);
        await using (var free = Owner.CreateCommand($"delete from {TaskQueueProjection.HoldTableName} where host_id = $1"))
        {
            free.Parameters.Add(new() { Value = host });
            await free.ExecuteNonQueryAsync();
        }
        (await queue.Take([host], CancellationToken.None))[host].Select(t => t.Id).ShouldBe([on, off], ignoreOrder: true);
    }

    /// <summary>
    /// The statements of the claim go to the tasks of their hosts and no others', also where the table has grown since its statistics were taken and
    /// where these say that hardly any task is assigned.
    /// </summary>
    [Theory]
    [InlineData(TaskClaim.Choose)]
    [InlineData(TaskClaim.Unacknowledged)]
    public async Task the_claim_reads_by_index(string sql)
    {
        await using var connection = await Owner.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var setUp = new NpgsqlCommand(
            $"""
            set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off;
            insert into {TaskQueueProjection.TableName}(id, host_id, experiment_id, purpose, status, priority, rank, queued_at, not_before, attempt, attempts_before, lease, failed_lease, acknowledged, desired)
            select gen_random_uuid(), 'plan-' || n % 1000, gen_random_uuid(), 'Promote', 0, 0, now(), now(), now(), 0, 0, 0, 0, false, '{"{}"}' from generate_series(1, 20000) n;
            analyze {TaskQueueProjection.TableName};
            update {TaskQueueProjection.TableName} set status = 1, lease = 1, lease_until = now() + interval '1 minute' where host_id like 'plan-%5'
            """, connection);
        await setUp.ExecuteNonQueryAsync();
        var text = sql.Replace("$1", "(select array_agg('plan-' || n) from generate_series(1, 500) n)").Replace("$2", "4").Replace("$3", "100");
        await using var explain = new NpgsqlCommand($"explain {text}", connection);
        await using var reader = await explain.ExecuteReaderAsync();
        List<string> plan = [];
        while (await reader.ReadAsync()) plan.Add(reader.GetString(0));
        plan.Where(line => line.Contains("on task_queue")).ShouldAllBe(line => line.Contains("using ix_task_queue_host"), string.Join('\n', plan));
    }

    async Task<Guid> Queue(string host, TaskPurpose purpose = TaskPurpose.RemoveCandidate)
    {
        var id = Guid.CreateVersion7();
        await using var session = Services.GetRequiredService<IDocumentStore>().LightweightSession();
        await Services.GetRequiredService<TaskQueue>().Begin(session, [(id, new TaskQueued(host, purpose, 0, Guid.CreateVersion7(), new([], ["candidate-x"], null)))], CancellationToken.None);
        await session.SaveChangesAsync();
        return id;
    }

    async Task<(DateTimeOffset Until, byte[] Proof)> Prove(string host)
    {
        await using var command = Owner.CreateCommand($"select valid_until, proof from {TaskClaim.Prove}($1)");
        command.Parameters.Add(new() { Value = new[] { host } });
        await using var reader = await command.ExecuteReaderAsync();
        (await reader.ReadAsync()).ShouldBeTrue();
        return (await reader.GetFieldValueAsync<DateTimeOffset>(0), await reader.GetFieldValueAsync<byte[]>(1));
    }

    async Task<long> Count(string[] hosts, DateTimeOffset[] until, byte[][] proofs)
    {
        await using var command = Parameters(Claims.CreateCommand(Claim), hosts, until, proofs);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    static NpgsqlCommand Parameters(NpgsqlCommand command, string[] hosts, DateTimeOffset[] until, byte[][] proofs)
    {
        command.Parameters.Add(new() { Value = hosts });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = proofs });
        return command;
    }

    async Task<IReadOnlyList<int>> Statuses(string host)
    {
        await using var command = Owner.CreateCommand($"select status from {TaskQueueProjection.TableName} where host_id = $1");
        command.Parameters.Add(new() { Value = host });
        await using var reader = await command.ExecuteReaderAsync();
        List<int> found = [];
        while (await reader.ReadAsync()) found.Add(reader.GetInt16(0));
        return found;
    }
}
