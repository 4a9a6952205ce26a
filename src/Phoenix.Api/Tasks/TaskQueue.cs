using System.Text.Json;
using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Tasks;
using Phoenix.Projections;
using Phoenix.Projections.Audit;
using Phoenix.Projections.Tasks;

namespace Phoenix.Api.Tasks;

/// <summary>
/// What the queue does in the database: hand tasks to hosts, and take back what was not answered. Rows are taken with
/// <c>FOR UPDATE SKIP LOCKED</c> and the event that says so is appended in the same transaction, so two nodes (or two
/// rounds) never hand out the same task.
/// </summary>
public sealed class TaskQueue(IDocumentStore store, NpgsqlDataSource database)
{
    /// <summary>How long a host has to answer before the task goes to another attempt.</summary>
    public static readonly TimeSpan LeaseLength = TimeSpan.FromSeconds(60);

    const string Claim =
        $"""
        select t.id, t.host_id, t.experiment_id, t.attempt + 1, nextval('{TaskQueueProjection.LeaseSequence}'), now() + $2, t.desired
        from unnest($1) h(host_id)
        cross join lateral (
            select * from {TaskQueueProjection.TableName} q
            where q.host_id = h.host_id and q.status = 0 and q.not_before <= now()
            order by q.priority desc, q.queued_at limit 4 for update skip locked) t
        order by t.priority desc, t.queued_at
        """;

    const string Unacknowledged =
        $"""
        select id, host_id, experiment_id, attempt, lease, lease_until, desired from {TaskQueueProjection.TableName}
        where host_id = any($1) and status = 1 and not acknowledged and lease_until > now()
        order by priority desc, queued_at
        """;

    /// <summary>
    /// One round for all these hosts: new tasks are assigned, and assignments that were never acknowledged (the answer was
    /// lost) are delivered again under the same lease.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<AssignedTask>>> Take(string[] hosts, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var again = await Read(Unacknowledged, connection, hosts, null, cancellation);
        var claimed = await Read(Claim, connection, hosts, LeaseLength, cancellation);
        await using var session = store.OpenSession(Marten.Services.SessionOptions.ForTransaction(transaction));
        session.LastModifiedBy = EventMetadata.System;
        foreach (var row in claimed)
        {
            var assigned = session.Events.BuildEvent(new TaskAssigned(row.Lease, row.LeaseUntil, row.Attempt));
            if (row.ExperimentId != Guid.Empty) assigned.SetHeader(AuditLogProjection.ExperimentHeader, row.ExperimentId.ToString());
            session.Events.Append(row.Id, assigned);
        }
        if (claimed.Count > 0) await session.SaveChangesAsync(cancellation);
        List<ClaimedTask> taken = [.. again, .. claimed];
        var pipelines = await WireTask.Pipelines(session, taken, cancellation);
        await transaction.CommitAsync(cancellation);
        return taken.GroupBy(r => r.HostId)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<AssignedTask>)[.. g.Select(r => WireTask.From(r, pipelines))]);
    }

    /// <summary>Hosts among these for which something could be taken now.</summary>
    public async Task<IReadOnlyList<string>> WithWork(string[] hosts, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select distinct host_id from {TaskQueueProjection.TableName} where host_id = any($1) and status = 0 and not_before <= now()");
        command.Parameters.Add(new() { Value = hosts });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<string> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add(reader.GetString(0));
        return found;
    }

    /// <summary>Tasks whose lease has ended by the database's clock.</summary>
    public async Task<IReadOnlyList<(Guid Id, long Lease)>> Expired(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select id, lease from {TaskQueueProjection.TableName} where status = 1 and lease_until < now() order by lease_until limit 1000");
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<(Guid, long)> found = [];
        while (await reader.ReadAsync(cancellation)) found.Add((reader.GetGuid(0), reader.GetInt64(1)));
        return found;
    }

    /// <summary>The end of a lease that begins now, by the database's clock.</summary>
    public async Task<DateTimeOffset> LeaseFromNow(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select now() + $1");
        command.Parameters.Add(new() { Value = LeaseLength });
        return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellation))!, TimeSpan.Zero);
    }

    static async Task<List<ClaimedTask>> Read(string sql, NpgsqlConnection connection, string[] hosts, TimeSpan? lease, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new() { Value = hosts });
        if (lease is { } length) command.Parameters.Add(new() { Value = length });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        List<ClaimedTask> rows = [];
        while (await reader.ReadAsync(cancellation))
            rows.Add(new(reader.GetGuid(0), reader.GetString(1), reader.GetGuid(2), reader.GetInt32(3), reader.GetInt64(4),
                await reader.GetFieldValueAsync<DateTimeOffset>(5, cancellation),
                JsonSerializer.Deserialize<DesiredHostState>(reader.GetString(6), EventStoreOptions.Json)!));
        return rows;
    }
}
