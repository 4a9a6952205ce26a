using System.Globalization;
using Marten;
using Npgsql;
using NpgsqlTypes;
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
    /// <param name="status"><c>queued</c>, <c>assigned</c> or <c>deadLettered</c>.</param>
    [WolverineGet("/api/v2/tasks"), Tags("Tasks"), ProducesResponseType<Page<QueuedTaskView>>(200)]
    public static async Task<IResult> List(
        NpgsqlDataSource database, string? hostId, Guid? experimentId, TaskPurpose? purpose, string? status, int? limit, string? after, CancellationToken cancellation)
    {
        if (status is not null && !Statuses.Contains(status))
            return Problems.Of(422, "status-invalid", $"A status is one of {string.Join(", ", Statuses)}.", "status");
        if (Cursor(after) is not { } cursor)
            return Problems.Of(422, "cursor-invalid", "'after' is what 'next' of an earlier page said.", "after");
        var take = Paging.Limit(limit);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var command = Query(connection, hostId, experimentId, purpose, status, cursor, take + 1);
        await using var r = await command.ExecuteReaderAsync(cancellation);
        List<(QueuedTaskView View, DateTimeOffset Rank)> items = [];
        while (await r.ReadAsync(cancellation))
            items.Add((new(r.GetGuid(0), r.GetString(1), r.GetGuid(2), r.GetString(3), Statuses[r.GetInt16(4)], r.GetInt16(5),
                await r.GetFieldValueAsync<DateTimeOffset>(6, cancellation), await r.GetFieldValueAsync<DateTimeOffset>(7, cancellation),
                r.GetInt32(8), r.GetInt64(9), await r.IsDBNullAsync(10, cancellation) ? null : await r.GetFieldValueAsync<DateTimeOffset>(10, cancellation),
                r.GetBoolean(11), await r.IsDBNullAsync(12, cancellation) ? null : r.GetString(12)), await r.GetFieldValueAsync<DateTimeOffset>(13, cancellation)));
        var page = Paging.Of(items, take, i => $"{i.Rank.UtcTicks:x}-{i.View.Id:N}");
        return TypedResults.Ok(new Page<QueuedTaskView>([.. page.Items.Select(i => i.View)], page.Next));
    }

    public static NpgsqlCommand Query(
        NpgsqlConnection connection, string? hostId, Guid? experimentId, TaskPurpose? purpose, string? status, (DateTimeOffset Rank, Guid Id)? after, int limit)
    {
        var command = new NpgsqlCommand { Connection = connection };
        var filter = new Filter(command.Parameters, "true");
        filter.And("host_id =", hostId, NpgsqlDbType.Text);
        filter.And("experiment_id =", experimentId, NpgsqlDbType.Uuid);
        filter.And("purpose =", purpose?.ToString(), NpgsqlDbType.Text);
        filter.And("status =", status is null ? null : (short)Array.IndexOf(Statuses, status), NpgsqlDbType.Smallint);
        var where = filter.Where;
        if (after is var (rank, id))
        {
            command.Parameters.Add(new() { Value = rank });
            command.Parameters.Add(new() { Value = id });
            where += $" and (rank, id) > (${command.Parameters.Count - 1}, ${command.Parameters.Count})";
        }
        command.CommandText =
            $"""
            select id, host_id, experiment_id, purpose, status, priority, queued_at, not_before, attempt, lease, lease_until, acknowledged, last_error, rank
            from {TaskQueueProjection.TableName} where {where} order by rank, id limit {limit}
            """;
        return command;
    }

    static (DateTimeOffset Rank, Guid Id)? Cursor(string? after)
    {
        if (string.IsNullOrEmpty(after)) return (DateTimeOffset.MinValue, Guid.Empty);
        var dash = after.IndexOf('-');
        return dash > 0 && long.TryParse(after[..dash], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var ticks)
            && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks && Guid.TryParseExact(after[(dash + 1)..], "N", out var id)
            ? (new DateTimeOffset(ticks, TimeSpan.Zero), id) : null;
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
