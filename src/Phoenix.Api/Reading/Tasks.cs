using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Tasks;
using Wolverine.Http;

namespace Phoenix.Api.Reading;

/// <summary>A task that is open or dead-lettered.</summary>
public sealed record QueuedTaskView(
    Guid Id, string HostId, Guid ExperimentId, string Purpose, string Status, int Priority, DateTimeOffset QueuedAt, DateTimeOffset NotBefore,
    int Attempt, long Lease, DateTimeOffset? LeaseUntil, bool Acknowledged, string? LastError);

/// <param name="Events">Every event of the task, in order.</param>
public sealed record TaskView(AgentTask Task, IReadOnlyList<TimelineEntry> Events);

public static class TaskReads
{
    static readonly string[] Statuses = ["queued", "assigned", "deadLettered"];

    /// <summary>What is in the queue: open tasks in the order in which they would be taken, and dead letters.</summary>
    [WolverineGet("/api/v2/tasks"), Tags("Tasks")]
    public static async Task<Page<QueuedTaskView>> List(NpgsqlDataSource database, string? hostId, int? limit, int? after, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select id, host_id, experiment_id, purpose, status, priority, queued_at, not_before, attempt, lease, lease_until, acknowledged, last_error
            from {TaskQueueProjection.TableName} where $1 is null or host_id = $1 order by rank, id limit $2 offset $3
            """);
        command.Parameters.Add(new() { Value = (object?)hostId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        var (take, skip) = (Paging.Limit(limit), Math.Max(0, after ?? 0));
        command.Parameters.Add(new() { Value = take + 1 });
        command.Parameters.Add(new() { Value = skip });
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<QueuedTaskView> items = [];
        while (await r.ReadAsync(cancellation))
            items.Add(new(r.GetGuid(0), r.GetString(1), r.GetGuid(2), r.GetString(3), Statuses[r.GetInt16(4)], r.GetInt16(5),
                await r.GetFieldValueAsync<DateTimeOffset>(6, cancellation), await r.GetFieldValueAsync<DateTimeOffset>(7, cancellation),
                r.GetInt32(8), r.GetInt64(9), await r.IsDBNullAsync(10, cancellation) ? null : await r.GetFieldValueAsync<DateTimeOffset>(10, cancellation),
                r.GetBoolean(11), await r.IsDBNullAsync(12, cancellation) ? null : r.GetString(12)));
        return new([.. items.Take(take)], items.Count > take ? (skip + take).ToString() : null);
    }

    /// <summary>A task with its whole history, also after its end.</summary>
    [WolverineGet("/api/v2/tasks/{id}"), Tags("Tasks"), ProducesResponseType<TaskView>(200), ProducesResponseType(404)]
    public static async Task<IResult> Get(Guid id, IQuerySession session, CancellationToken cancellation)
    {
        if (await session.Events.AggregateStreamAsync<AgentTask>(id, token: cancellation) is not { } task) return Problems.NotFound("task", id);
        var events = await session.Events.FetchStreamAsync(id, token: cancellation);
        return TypedResults.Ok(new TaskView(task,
            [.. events.Select(e => new TimelineEntry(e.Version, e.Sequence, e.Timestamp, e.EventTypeName, e.UserName, null, e.Data))]));
    }
}
